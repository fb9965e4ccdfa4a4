import { Writable } from "node:stream";
import { setTimeout } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { writeChunks } from "../../../query/io/write-chunks.ts";

function createSource() {
  const state = { made: 0, isReleased: false };
  async function* chunks(): AsyncGenerator<string, void, undefined> {
    try {
      for (let i = 0; i < 1000; i++) {
        await setTimeout(1);
        state.made++;
        yield `${i}\n`;
      }
    } finally {
      await setTimeout(20);
      state.isReleased = true;
    }
  }
  return { state, chunks: chunks() };
}

function createTarget(onWrite: (done: (error?: Error) => void) => void): Writable {
  return new Writable({ highWaterMark: 1, write: (_chunk, _encoding, done) => onWrite(done) });
}

describe("writeChunks", () => {
  it("makes no more than the reader takes", async () => {
    const { state, chunks } = createSource();
    const stop = new AbortController();
    const writing = writeChunks(
      chunks,
      createTarget(() => {}),
      stop.signal,
    );
    await setTimeout(50);
    expect(state.made).toBeLessThan(5);
    stop.abort();
    await expect(writing).rejects.toThrow("aborted");
  });

  it("has the source release what it holds before it ends, when it is stopped", async () => {
    const { state, chunks } = createSource();
    const stop = new AbortController();
    const target = createTarget((done) => {
      stop.abort();
      done();
    });
    await expect(writeChunks(chunks, target, stop.signal)).rejects.toThrow("aborted");
    expect(state.isReleased).toBe(true);
  });

  it("ends quietly when the reader is gone, with the source released", async () => {
    const { state, chunks } = createSource();
    const target = createTarget((done) => done(Object.assign(new Error("write EPIPE"), { code: "EPIPE" })));
    expect(await writeChunks(chunks, target, new AbortController().signal)).toBe("closed");
    expect(state.isReleased).toBe(true);
  });

  it("throws what else goes wrong with the target", async () => {
    const { chunks } = createSource();
    const target = createTarget((done) => done(Object.assign(new Error("disk full"), { code: "ENOSPC" })));
    await expect(writeChunks(chunks, target, new AbortController().signal)).rejects.toThrow("disk full");
  });
});

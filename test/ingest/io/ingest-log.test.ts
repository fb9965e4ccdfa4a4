import { truncateSync } from "node:fs";
import { appendFile, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createBatchBuilder, takeBatch } from "../../../ingest/batch/batch-builder.ts";
import { eventBounds } from "../../../ingest/batch/event-bounds.ts";
import type { IntakePolicy } from "../../../ingest/batch/line-intake.ts";
import { compileApache } from "../../../ingest/format/compile-apache.ts";
import { ingestLog, type LogJob, type LogOutcome } from "../../../ingest/io/ingest-log.ts";
import { CHUNK_BYTES, openLog } from "../../../ingest/io/open-log.ts";
import { addManifest, createStreamIndex } from "../../../ingest/source/stream-index.ts";
import { coverStream, type StreamCoverage } from "../../../src/ledger/coverage.ts";
import type { ManifestSource } from "../../../src/ledger/manifest.ts";
import { sha256Hex } from "../../../src/sha256.ts";
import { TERM_MAX } from "../../../src/term.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const secret = Buffer.alloc(32, 7);

const nowMs = Date.parse("2026-11-22T12:00:00Z");
const format = compileApache("%{sec}t %U");

/** Lines of which each is another. */
function lines(count: number, word = "line"): string {
  return Array.from({ length: count }, (_, i) => `${nowMs / 1000 - 100} /${word}/${i}\n`).join("");
}

/** A node: what it has committed, batch by batch. */
interface World {
  readonly committed: ManifestSource[];
  read(path: string, job?: Partial<LogJob>): Promise<LogOutcome>;
  coverage(): readonly StreamCoverage[];
}

/** With batches of few rows, so that each file is cut often. */
function createWorld(batchRows = 500): World {
  const classes = [{ name: "standard", raw: TERM_MAX, analytics: TERM_MAX }];
  const policy: IntakePolicy = {
    bounds: eventBounds(nowMs, classes),
    quarantineTerm: { count: 90, unit: "d" },
    rawTerms: [TERM_MAX],
    classOf: () => 0,
  };
  const committed: ManifestSource[] = [];
  return {
    committed,
    async read(path, job) {
      // Each file is read by a process of its own, which knows what the ledger says.
      const streams = createStreamIndex("web01", secret);
      addManifest(streams, { version: 1, node: "web01", batch: "", sources: committed });
      const builder = createBatchBuilder({ rows: batchRows, bytes: 1e9 }, CHUNK_BYTES, policy.classOf);
      const flush = async (): Promise<void> =>
        void committed.push(...(takeBatch(builder)?.manifestSources ?? []));
      const log = await openLog(path);
      try {
        const outcome = await ingestLog(
          {
            log,
            domain: "shop.example.org",
            isDomainGiven: true,
            isNew: false,
            chooseFormat: () => ({ format, sampledLines: 0 }),
            lineBytesMax: 1024 * 1024,
            isFinished: false,
            signal: new AbortController().signal,
            ...job,
          },
          streams,
          builder,
          policy,
          flush,
        );
        await flush();
        return outcome;
      } finally {
        await log.close();
      }
    },
    coverage() {
      const ids = [...new Set(committed.map(({ stream }) => stream))];
      return ids.map((id) => coverStream(committed.filter(({ stream }) => stream === id)));
    },
  };
}

async function fileOf(content: string | Uint8Array, name = "access.log"): Promise<string> {
  const path = join(await temporaryFolder(), name);
  await writeFile(path, content);
  return path;
}

const whole = { gaps: [], overlaps: [], quarantined: {}, refused: 0 };

describe("ingestLog", () => {
  it("reads each line once, in as many batches as it takes", async () => {
    const world = createWorld();
    const text = lines(30_000);
    const outcome = await world.read(await fileOf(text));
    expect(outcome).toMatchObject({
      kind: "read",
      knownBytes: 0,
      report: { readBytes: text.length, unfinishedBytes: 0, damage: undefined },
    });
    expect(world.coverage()).toMatchObject([
      { ...whole, lines: 30_000, stored: 30_000, toByte: text.length },
    ]);
    expect(world.committed.length).toBeGreaterThan(3);
  });

  it("records pieces that fill each range, end with lines, and have the hashes of their bytes", async () => {
    const world = createWorld();
    const bytes = Buffer.from(lines(60_000));
    await world.read(await fileOf(bytes));
    let at = 0;
    for (const { from, to, pieces } of world.committed) {
      expect(from).toBe(at);
      for (const [end, sha256] of pieces) {
        expect(sha256).toBe(sha256Hex(secret, bytes.subarray(at, end)));
        expect(bytes[end - 1]).toBe(0x0a);
        expect(end - at).toBeLessThanOrEqual(CHUNK_BYTES + 40);
        at = end;
      }
      expect(at).toBe(to);
    }
    expect(at).toBe(bytes.length);
    // The first pieces are small, so that a short copy can be told from another log.
    expect(world.committed[0]?.pieces[0]?.[0]).toBeLessThanOrEqual(4096);
  });

  it.each([
    ["again", (text: string) => text, "access.log"],
    ["under another name", (text: string) => text, "access.log.1"],
    ["compressed", (text: string) => gzipSync(text), "access.log.1.gz"],
    ["as a shorter copy", (text: string) => text.slice(0, text.indexOf("\n", 90_000) + 1), "copy.log"],
  ])("takes nothing of a log that it sees %s", async (_name, change, name) => {
    const world = createWorld();
    const text = lines(10_000);
    await world.read(await fileOf(text));
    const before = structuredClone(world.committed);
    const outcome = await world.read(await fileOf(change(text), name), { isFinished: true });
    expect(outcome).toMatchObject({ kind: "read", report: { readBytes: 0, unfinishedBytes: 0 } });
    expect(world.committed).toEqual(before);
  });

  it("takes only what is new of a log that has grown, also when it was compressed meanwhile", async () => {
    const world = createWorld();
    const path = await fileOf(lines(2000));
    await world.read(path);
    await appendFile(path, lines(1000, "more"));
    expect(await world.read(path)).toMatchObject({
      knownBytes: lines(2000).length,
      report: { readBytes: lines(1000, "more").length },
    });
    const grown = lines(2000) + lines(1000, "more") + lines(500, "last");
    await world.read(await fileOf(gzipSync(grown), "access.log.gz"), { isFinished: true });
    expect(world.coverage()).toMatchObject([{ ...whole, lines: 3500, toByte: grown.length }]);
  });

  it("takes all of another log that begins with the same line, or with many", async () => {
    const world = createWorld();
    const first = lines(5000);
    for (const common of [1, 300, 4000]) {
      const other = lines(common) + lines(5000, `other-${common}`);
      await world.read(await fileOf(first));
      await world.read(await fileOf(other));
    }
    expect(world.coverage().map((cover) => cover.lines)).toEqual([5000, 5001, 5300, 9000]);
    expect(world.coverage().every(({ gaps, overlaps }) => gaps.length + overlaps.length === 0)).toBe(true);
  });

  it("takes the same lines in another site's file for other requests", async () => {
    const world = createWorld();
    for (const domain of ["shop.example.org", "blog.example.org"])
      await world.read(await fileOf(lines(100)), { domain });
    expect(world.coverage().map((cover) => cover.lines)).toEqual([100, 100]);
  });

  it("fills the gaps that are left when a batch in the middle was never committed", async () => {
    const world = createWorld();
    const path = await fileOf(lines(20_000));
    await world.read(path);
    const lost = world.committed.splice(2, 1);
    expect(world.coverage()[0]?.gaps).toEqual([{ from: lost[0]?.from, to: lost[0]?.to }]);
    expect(await world.read(path, { isFinished: true })).toMatchObject({ report: { unfinishedBytes: 0 } });
    expect(world.coverage()).toMatchObject([{ ...whole, lines: 20_000 }]);
  });

  it("leaves a last line without newline for later, while somebody may be writing it", async () => {
    const world = createWorld();
    const text = lines(10);
    const path = await fileOf(text.slice(0, -4));
    expect(await world.read(path)).toMatchObject({ report: { unfinishedBytes: text.length / 10 - 4 } });
    expect(world.coverage()).toMatchObject([{ lines: 9 }]);
    await appendFile(path, text.slice(-4));
    await world.read(path);
    expect(world.coverage()).toMatchObject([{ ...whole, lines: 10, toByte: text.length }]);
  });

  it("takes it for a line, where nobody is", async () => {
    const world = createWorld();
    await world.read(await fileOf(lines(10).slice(0, -1)), { isFinished: true });
    expect(world.coverage()).toMatchObject([{ ...whole, lines: 10 }]);
    expect(world.committed.at(-1)?.endsUnterminated).toBe(true);
  });

  it("never takes half a line for a whole one where a file was cut off, by damage or while it was read", async () => {
    const world = createWorld();
    const text = lines(20_000);
    const file = gzipSync(text);
    const cutOff = await world.read(await fileOf(file.subarray(0, file.length / 2)), { isFinished: true });
    expect(cutOff).toMatchObject({ kind: "read", report: { damage: expect.stringContaining("cut off") } });
    const path = await fileOf(lines(20_000, "other"));
    const shortened = await world.read(path, {
      isFinished: true,
      onProgress: () => truncateSync(path, 300_010),
    });
    expect(shortened).toMatchObject({ kind: "read", report: { damage: expect.stringContaining("shorter") } });
    for (const cover of world.coverage()) expect(cover).toMatchObject({ ...whole, lines: cover.stored });
    // Once the log is whole again, the rest of it is taken.
    await world.read(await fileOf(gzipSync(text)), { isFinished: true });
    expect(world.coverage()[0]).toMatchObject({ ...whole, lines: 20_000, toByte: text.length });
  });

  it("says of an empty log, and of one that holds the beginning of a line, that there is nothing yet", async () => {
    const world = createWorld();
    expect(await world.read(await fileOf(""))).toEqual({
      kind: "empty",
      unfinishedBytes: 0,
      damage: undefined,
    });
    expect(await world.read(await fileOf("begin"))).toEqual({
      kind: "empty",
      unfinishedBytes: 5,
      damage: undefined,
    });
    expect(await world.read(await fileOf(gzipSync("begin").subarray(0, 12)))).toMatchObject({
      kind: "empty",
      damage: expect.any(String),
    });
    expect(world.committed).toEqual([]);
  });

  it("reads nothing of a log that no format fits", async () => {
    const world = createWorld();
    const chooseFormat = (): { format: undefined; sampledLines: number } => ({
      format: undefined,
      sampledLines: 7,
    });
    expect(await world.read(await fileOf(lines(9)), { chooseFormat })).toEqual({
      kind: "unknown-format",
      sampledLines: 7,
    });
    expect(world.committed).toEqual([]);
  });

  it("shows the beginning of the log to whoever chooses the format", async () => {
    const world = createWorld();
    const samples: number[] = [];
    const chooseFormat = (sample: Uint8Array): { format: typeof format; sampledLines: number } => {
      samples.push(sample.length);
      return { format, sampledLines: 0 };
    };
    await world.read(await fileOf(lines(40_000)), { chooseFormat });
    await world.read(await fileOf(gzipSync(lines(40_000))), { chooseFormat });
    expect(samples.every((length) => length >= 256 * 1024 && length < 1024 * 1024)).toBe(true);
  });

  it("stops behind whole lines when it is interrupted, and goes on there", async () => {
    const world = createWorld();
    const path = await fileOf(lines(60_000));
    const abort = new AbortController();
    await world.read(path, { signal: abort.signal, onProgress: () => abort.abort() });
    const [cover] = world.coverage();
    expect(cover?.lines).toBeLessThan(60_000);
    expect(cover).toMatchObject({ gaps: [], lines: cover?.stored });
    await world.read(path);
    expect(world.coverage()).toMatchObject([{ ...whole, lines: 60_000 }]);
  });

  it("stores each line once, however a log grows, is renamed, compressed or read in between", async () => {
    const anyStep = fc.oneof(
      fc.integer({ min: 1, max: 60 }).map((count) => ({ kind: "grow", count }) as const),
      fc.constantFrom(
        { kind: "read" } as const,
        { kind: "read compressed" } as const,
        { kind: "lose a batch" } as const,
      ),
      fc.integer({ min: 1, max: 20 }).map((count) => ({ kind: "half a line", count }) as const),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(anyStep, { maxLength: 12 }), async (steps) => {
        const world = createWorld(20);
        const folder = await temporaryFolder();
        let text = "";
        let count = 0;
        const addLines = (more: number): void => {
          if (text !== "" && !text.endsWith("\n")) text += "\n";
          for (let i = 0; i < more; i++) text += `${nowMs / 1000 - 100} /${count++}/${"x".repeat(200)}\n`;
        };
        const readAs = async (compressed: boolean): Promise<void> => {
          const path = join(folder, compressed ? "access.log.gz" : `access.log.${count}`);
          await writeFile(path, compressed ? gzipSync(text) : text);
          await world.read(path);
        };
        addLines(30);
        for (const step of steps) {
          if (step.kind === "grow") addLines(step.count);
          if (step.kind === "half a line" && text.endsWith("\n"))
            text += `${nowMs / 1000 - 100} /${count++}`.slice(0, 12 + step.count);
          if (step.kind === "read") await readAs(false);
          if (step.kind === "read compressed") await readAs(true);
          if (step.kind === "lose a batch")
            world.committed.splice(Math.max(1, world.committed.length - 1), 1);
        }
        addLines(1);
        await readAs(false);
        expect(world.coverage()).toMatchObject([
          { gaps: [], overlaps: [], toByte: text.length, lines: text.split("\n").length - 1 },
        ]);
      }),
      { numRuns: 40 },
    );
  });

  it("takes an unreadable line to be of the day on which its file was written, if nothing else is known", async () => {
    const world = createWorld();
    const path = await fileOf("unreadable\n");
    await utimes(path, 1000, Date.parse("2020-01-01T00:00:00Z") / 1000);
    await world.read(path);
    expect(world.coverage()).toMatchObject([{ lines: 1, refused: 1 }]);
  });
});

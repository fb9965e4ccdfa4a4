import { randomBytes } from "node:crypto";
import { open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type * as unsealer from "../../../query/io/unsealer.ts";
import type { SealedRun } from "../../../query/sealed-run.ts";
import { openHeader, splitHeader } from "../../../src/seal/age-header.ts";
import { sealBytes } from "../../../src/seal/seal-bytes.ts";
import { generateIdentity } from "../../../src/seal/x25519.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

// Threads run what was built.
const built = new URL("../../../dist/query/io/unsealer.js", import.meta.url).href;
const { createUnsealer } = (await import(built)) as typeof unsealer;

const plain = randomBytes(6 * 1024 * 1024 + 5);
const sealed = sealedPlain();

function sealedPlain(): Omit<SealedRun, "firstChunk"> {
  const { identity, recipient } = generateIdentity();
  const bytes = sealBytes(plain, [recipient]);
  const header = splitHeader(bytes);
  const fileKey = header === undefined ? undefined : openHeader(header, identity);
  if (header === undefined || fileKey === undefined) throw new Error("what was sealed does not open");
  const nonce = bytes.slice(header.length, header.length + 16);
  return { sealedSizeBytes: bytes.length, headerSizeBytes: header.length, fileKey, nonce, bytes };
}

/** Runs of so many chunks that together are the object. */
function runsOf(chunks: number): readonly SealedRun[] {
  const start = sealed.headerSizeBytes + 16;
  const count = Math.ceil(plain.length / 65_536 / chunks);
  return Array.from({ length: count }, (_, index) => {
    const from = start + index * chunks * 65_552;
    const bytes = sealed.bytes.slice(from, from + chunks * 65_552);
    return { ...sealed, fileKey: sealed.fileKey.slice(), firstChunk: index * chunks, bytes };
  });
}

describe("createUnsealer", () => {
  it.each([
    ["in the caller's thread", 0, 32],
    ["on one thread", 1, 32],
    ["on two threads, in any order", 2, 20],
    ["without a thread where runs are small", 2, 8],
  ])("opens the runs of an object into its file: %s", async (_what, threads, chunks) => {
    const path = join(await temporaryFolder(), "opened");
    const file = await open(path, "wx", 0o600);
    const opener = createUnsealer(threads);
    await Promise.all(runsOf(chunks).map((run) => opener.write(run, file.fd)));
    await opener.close();
    await file.close();
    expect(Buffer.compare(await readFile(path), plain)).toBe(0);
  });

  it("says which run does not open, and goes on with the next", async () => {
    const file = await open(join(await temporaryFolder(), "opened"), "wx", 0o600);
    const opener = createUnsealer(1);
    const [first, second, third] = runsOf(32);
    if (first === undefined || second === undefined || third === undefined) throw new Error("three runs");
    first.bytes[100] = (first.bytes[100] ?? 0) ^ 1;
    const outcomes = await Promise.allSettled(
      [first, second, { ...third, firstChunk: 1 }].map((run) => opener.write(run, file.fd)),
    );
    expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "fulfilled", "rejected"]);
    expect(outcomes[0]).toMatchObject({ reason: { name: "SealBrokenError" } });
    expect(outcomes[2]).toMatchObject({ reason: { name: "SealBrokenError" } });
    await opener.close();
    await file.close();
  });

  it("hands on what the system says, with its code", async () => {
    const path = join(await temporaryFolder(), "opened");
    await (await open(path, "wx", 0o600)).close();
    const file = await open(path, "r");
    const opener = createUnsealer(1);
    const [run] = runsOf(32);
    if (run === undefined) throw new Error("a run");
    await expect(opener.write(run, file.fd)).rejects.toMatchObject({ code: "EBADF" });
    await opener.close();
    await file.close();
  });
});

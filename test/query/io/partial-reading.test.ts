import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { compileQuery } from "../../../query/compile-query.ts";
import { openEngine } from "../../../query/io/open-engine.ts";
import { openSealed } from "../../../query/io/open-sealed.ts";
import { createUnsealer } from "../../../query/io/unsealer.ts";
import type { Question } from "../../../query/question.ts";
import type { Row } from "../../../query/row.ts";
import { dayOfMs } from "../../../src/day.ts";
import { exitCode } from "../../../src/exit-code.ts";
import { footerRange } from "../../../src/parquet/read-footer.ts";
import { rawSchema } from "../../../src/schema/raw-schema.ts";
import { splitHeader } from "../../../src/seal/age-header.ts";
import { sha256Hex } from "../../../src/sha256.ts";
import { createMemoryStore } from "../../support/memory-store.ts";
import { parquetOf } from "../../support/parquet-rows.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { largeRawObject } from "../support/large-object.ts";
import { questionOf, testKey } from "../support/query-world.ts";
import { createSealedWorld } from "../support/sealed-world.ts";

const HOLE = 0xa5;

const dayMs = Date.parse("2026-11-21T00:00:00Z");
const nowMs = dayMs + 86_400_000;
const ours = largeRawObject(dayMs);

interface Opened {
  readonly bytes: Uint8Array;
  readonly bytesRead: number;
  readonly reads: number;
}

/** Opens one object as a look-up does. */
async function opened(
  plain: Uint8Array,
  question: Question,
  change: (sealed: Uint8Array) => Uint8Array = (sealed) => sealed,
): Promise<Opened> {
  const world = await createSealedWorld();
  const store = createMemoryStore("memory://raw");
  const key = testKey(dayMs, true);
  const body = change(world.seal(plain));
  await store.create(key, body);
  let reads = 0;
  const [brought] = await openSealed(
    {
      view: "raw",
      store: {
        url: store.url,
        read(asked, range) {
          reads++;
          return store.read(asked, range);
        },
      },
      custodian: await world.place.custodian(),
      lookup: "0".repeat(32),
      purpose: { purpose: "query" },
      unsealer: createUnsealer(0),
      question,
      partsAboveBytes: 1024 * 1024,
      rowsGiven: 0,
      signal: new AbortController().signal,
    },
    [{ key, day: dayOfMs(dayMs), sizeBytes: body.length }],
    world.folder,
  );
  if (brought?.kind !== "file") throw new Error("the object was not opened");
  return { bytes: await readFile(brought.path), bytesRead: brought.bytesRead, reads };
}

/** What the engine answers from a file with these bytes. */
async function answer(bytes: Uint8Array, question: Question): Promise<readonly Row[]> {
  const path = join(await temporaryFolder(), "rows.parquet");
  await writeFile(path, bytes);
  const engine = await openEngine([path], new AbortController().signal);
  const rows: Row[] = [];
  try {
    for await (const block of engine.rows(compileQuery(question, { files: [path], clientTexts: [] }))) {
      rows.push(...block);
    }
  } finally {
    engine.close();
  }
  return rows;
}

/** So that thousands of rows are compared in a moment, and a difference is told in a line. */
function summaryOf(rows: readonly Row[]): { readonly rows: number; readonly sha256: string } {
  return { rows: rows.length, sha256: sha256Hex(JSON.stringify(rows)) };
}

const few = "time,client,path,status";
const every = Object.keys(rawSchema.columns).join(",");
const questions: readonly (readonly [string, Parameters<typeof questionOf>[0]])[] = [
  ["a site", { domain: ["site-101.example.org"], columns: few }],
  ["a site, every column", { domain: ["site-118.example.org"], columns: every }],
  ["two sites", { domain: ["site-100.example.org", "site-119.example.org"], columns: "time,path" }],
  ["a site that is not there", { domain: ["site-7.example.net"], columns: few }],
  ["a site's path", { domain: ["site-103.example.org"], path: ["/shop/77*"], columns: "time,user_agent" }],
  [
    "a site and a network",
    { domain: ["site-103.example.org"], address: ["192.0.2.0/28"], columns: "time,client" },
  ],
  [
    "a site's errors, by method and agent",
    {
      domain: ["site-119.example.org"],
      status: ["4xx", "5xx"],
      method: ["GET"],
      agent: "CURL",
      columns: "target",
    },
  ],
  [
    "a site's two hours",
    { domain: ["site-102.example.org"], from: "yesterday 10:00", until: "yesterday 12:00", columns: few },
  ],
];

describe("a large sealed object", () => {
  it.each(questions)("gives the same answer in part as whole: %s", async (_what, asked) => {
    const question = questionOf({ from: "yesterday", ...asked }, nowMs);
    const part = await opened(ours, question);
    expect(part.bytesRead).toBeLessThan(ours.length * 0.7);
    const expected = summaryOf(await answer(ours, question));
    expect(expected.rows > 0).toBe(!question.domains.some(({ name }) => name.endsWith(".net")));
    expect(summaryOf(await answer(part.bytes, question))).toEqual(expected);
    // What was not opened is zero in the file. Were it ever read as something, this would change the answer.
    const pages = footerRange(part.bytes.subarray(-8), part.bytes.length)?.start ?? 0;
    const filled = part.bytes.map((byte, at) => (at < pages && byte === 0 && ours[at] !== 0 ? HOLE : byte));
    expect(filled.filter((byte) => byte === HOLE).length).toBeGreaterThan(ours.length / 8);
    expect(summaryOf(await answer(filled, question))).toEqual(expected);
  });

  it("names in its footer what was opened and nothing else", async () => {
    const part = await opened(ours, questionOf({ since: "1d", ...questions[0]?.[1] }, nowMs));
    const others = questionOf({ since: "1d", columns: "domain,referrer" }, nowMs);
    const rows = await answer(part.bytes, others);
    expect(rows.length).toBe(65_536);
    expect(new Set(rows.map(([, referrer]) => referrer))).toEqual(new Set([null]));
  });

  it("is read whole, and in as few reads, when no site is named", async () => {
    const whole = await opened(ours, questionOf({ since: "1d", path: ["/*"], columns: few }, nowMs));
    expect(Buffer.compare(whole.bytes, ours)).toBe(0);
    expect(whole.reads).toBe(2);
  });

  it("is not pruned by the bounds of another writer, which may mean something else", async () => {
    const theirs = await parquetOf(
      `SELECT make_timestamptz(${dayMs} * 1000 + range * 1000000) AS time, 'site-' || (100 + range // 20000) || '.example.org' AS domain, md5(range::VARCHAR) AS path, md5((range + 1)::VARCHAR) AS user_agent, md5((range + 2)::VARCHAR) AS referrer, 'web1' AS node, 's' AS source, range AS source_offset FROM range(60000)`,
    );
    const question = questionOf({ since: "1d", domain: ["site-101.example.org"], columns: "path" }, nowMs);
    const part = await opened(theirs, question);
    const expected = summaryOf(await answer(theirs, question));
    expect(expected.rows).toBe(20_000);
    expect(summaryOf(await answer(part.bytes, question))).toEqual(expected);
  });

  it.each<[string, (sealed: Uint8Array) => Uint8Array]>([
    ["its end was cut off at a chunk", (sealed) => sealed.subarray(0, chunkEnd(sealed, 20))],
    ["its last byte is gone", (sealed) => sealed.subarray(0, -1)],
    ["its last chunk was changed", (sealed) => flipped(sealed, sealed.length - 20)],
    ["a chunk that is needed was changed", (sealed) => flipped(sealed, chunkEnd(sealed, 1) - 100)],
    ["two of its chunks changed places", (sealed) => swapped(sealed)],
  ])("is named and gives nothing when %s", async (_what, change) => {
    const question = questionOf({ since: "1d", domain: ["site-101.example.org"], columns: few }, nowMs);
    expect((await opened(ours, question)).bytesRead).toBeLessThan(ours.length * 0.75);
    await expect(opened(ours, question, change)).rejects.toMatchObject({
      name: "UserError",
      exitCode: exitCode.integrity,
      message: expect.stringMatching(/the object dt=\S+ of memory:\/\/raw is damaged.*No rows were given/),
    });
  });
});

/** Where a number of whole chunks end. Source: C2SP age.md, "Payload". */
function chunkEnd(sealed: Uint8Array, chunks: number): number {
  return (splitHeader(sealed)?.length ?? 0) + 16 + chunks * (65_536 + 16);
}

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}

/** The first two chunks in the other order. */
function swapped(sealed: Uint8Array): Uint8Array {
  const [start, middle, end] = [chunkEnd(sealed, 0), chunkEnd(sealed, 1), chunkEnd(sealed, 2)];
  const parts = [sealed.subarray(0, start), sealed.subarray(middle, end), sealed.subarray(start, middle)];
  return Buffer.concat([...parts, sealed.subarray(end)]);
}

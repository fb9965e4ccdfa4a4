import { describe, expect, it } from "vitest";
import {
  type BatchBuilder,
  createBatchBuilder,
  isFull,
  noteQuarantined,
  noteRefused,
  openRange,
  takeBatch,
} from "../../../ingest/batch/batch-builder.ts";
import { domainIndex, loggedDomainIndex } from "../../../ingest/batch/domain-table.ts";
import { appendLine, appendUnreadLine, buffersOf } from "../../../ingest/batch/line-batch.ts";
import { createParsedLine, field } from "../../../ingest/format/line-format.ts";
import { entryOf } from "../../../src/columns/column.ts";
import { escapeRule } from "../../../src/text.ts";

const stream = { id: "5".repeat(32), head: "a".repeat(32), pieces: [] };
const names = { name: "access.log", format: "combined" };

function builderOf(limits = { rows: 1000, bytes: 1_000_000 }): BatchBuilder {
  return createBatchBuilder(limits, 1024, (domain) => domain.length);
}

function addLine(builder: BatchBuilder, path: string, query?: string): void {
  const bytes = Buffer.from(`${path}${query ?? ""}`);
  const line = createParsedLine();
  line.timeMs = 1000 + builder.batch.rows;
  line.status = 200;
  line.spans.set([0, path.length], field.path * 2);
  if (query !== undefined) line.spans.set([path.length, bytes.length], field.query * 2);
  appendLine(
    builder.batch,
    bytes,
    line,
    0,
    domainIndex(builder.domains, "shop.example.org"),
    7,
    escapeRule.nginx,
  );
}

function addUnread(builder: BatchBuilder, text: string): void {
  const line = {
    reason: 1,
    estimatedDay: 20_000,
    partitionDay: 19_999,
    source: 0,
    offset: 5,
    lineBytes: text.length,
  };
  appendUnreadLine(builder.batch, Buffer.from(text), 0, text.length, {
    ...line,
    sha256: text === "hashed" ? "f00" : undefined,
  });
}

describe("noteQuarantined and noteRefused", () => {
  it("make one run of neighbours of one kind, and another behind a gap or of another reason", () => {
    const range = openRange(builderOf(), stream, names, 0);
    noteQuarantined(range, 0, 10, "shape");
    noteQuarantined(range, 10, 15, "shape");
    noteQuarantined(range, 15, 20, "time");
    noteQuarantined(range, 30, 40, "time");
    noteRefused(range, 40, 50);
    noteRefused(range, 50, 60);
    noteRefused(range, 70, 80);
    expect(range).toMatchObject({
      quarantined: [
        [0, 15, "shape", 2],
        [15, 20, "time", 1],
        [30, 40, "time", 1],
      ],
      refused: [
        [40, 60, 2],
        [70, 80, 1],
      ],
      quarantinedLines: 4,
      refusedLines: 3,
    });
  });
});

describe("isFull", () => {
  it("counts rows, unreadable ones too", () => {
    const builder = builderOf({ rows: 2, bytes: 1000 });
    addLine(builder, "/");
    expect(isFull(builder)).toBe(false);
    addUnread(builder, "x");
    expect(isFull(builder)).toBe(true);
  });

  it("counts bytes", () => {
    const builder = builderOf({ rows: 1000, bytes: 100 });
    builder.batch.lineBytes = 99;
    expect(isFull(builder)).toBe(false);
    builder.batch.lineBytes = 100;
    expect(isFull(builder)).toBe(true);
  });
});

describe("takeBatch", () => {
  it("takes nothing where no line was read", () => {
    const builder = builderOf();
    openRange(builder, stream, names, 100);
    expect(takeBatch(builder)).toBeUndefined();
    expect(takeBatch(builder)).toBeUndefined();
  });

  it("takes what was read, and leaves out ranges of which nothing was", () => {
    const builder = builderOf();
    openRange(builder, { ...stream, id: "6".repeat(32) }, names, 0);
    const range = openRange(builder, stream, names, 100);
    addLine(builder, "/");
    Object.assign(range, { to: 150, lines: 1, stored: 1 });
    range.pieces.push([150, "f00"]);
    const filled = takeBatch(builder);
    // The codes of sources count every range.
    expect(filled?.sources).toEqual(["6".repeat(32), stream.id]);
    expect(filled?.manifestSources).toEqual([
      {
        stream: stream.id,
        head: stream.head,
        ...names,
        from: 100,
        to: 150,
        pieces: [[150, "f00"]],
        lines: 1,
        stored: 1,
        quarantined: [],
        refused: [],
        endsUnterminated: false,
      },
    ]);
    expect(filled).toMatchObject({ domains: ["shop.example.org"], classes: Uint8Array.of(16) });
  });

  it("leaves the builder empty, so that the next batch holds nothing of this one", () => {
    const builder = builderOf();
    for (const round of [1, 2, 3]) {
      const range = openRange(builder, stream, names, 0);
      for (let i = 0; i < 600; i++) addLine(builder, `/${round}/${i % 10}`, `?${i}`);
      for (let i = 0; i < 100; i++) addUnread(builder, i === round ? "hashed" : `bad ${round}`);
      range.to = 100;
      const packed = takeBatch(builder)?.packed;
      const path = packed?.fields[field.path];
      const query = packed?.fields[field.query];
      expect([packed?.rows, path?.values.size, query?.values.size, packed?.quarantine.rows]).toEqual([
        600, 10, 600, 100,
      ]);
      expect(Buffer.from(entryOf(path?.values ?? builder.batch.quarantine.line, 9)).toString()).toBe(
        `/${round}/9`,
      );
      expect(Buffer.from(entryOf(query?.values ?? builder.batch.quarantine.line, 599)).toString()).toBe(
        "?599",
      );
      expect(query?.rules.every((rule) => rule === escapeRule.nginx)).toBe(true);
      expect([...(packed?.quarantine.sha256 ?? [])]).toEqual([[round, "f00"]]);
      expect(
        builder.batch.rows + builder.batch.lineBytes + builder.batch.quarantine.rows + builder.ranges.length,
      ).toBe(0);
    }
  });

  it("gives arrays of exactly the used length, each with a buffer of its own, fit for another thread", () => {
    const builder = builderOf();
    const range = openRange(builder, stream, names, 0);
    addLine(builder, "/a");
    addUnread(builder, "x");
    range.to = 10;
    const filled = takeBatch(builder);
    if (filled === undefined) throw new Error("a batch");
    const buffers = buffersOf(filled.packed);
    expect(new Set(buffers).size).toBe(buffers.length);
    expect(buffers.reduce((sum, { byteLength }) => sum + byteLength, 0)).toBeLessThan(1000);
    structuredClone(filled.packed, { transfer: buffers });
    expect(filled.packed.timeMs).toHaveLength(0);
    // The builder has lost nothing by it.
    addLine(builder, "/b");
    expect(builder.batch.timeMs[0]).toBe(1000);
  });
});

describe("loggedDomainIndex", () => {
  it("finds the site that a line names, however it is spelt or escaped, with its class", () => {
    const { domains } = builderOf();
    const indexOf = (text: string): number => {
      const bytes = Buffer.from(`<${text}>`);
      return loggedDomainIndex(domains, bytes, 1, bytes.length - 1, escapeRule.apache);
    };
    const spellings = [
      "shop.example.org",
      "SHOP.example.org",
      "shop.example.org.",
      "shop.example.org:443",
      "shop.example.org",
    ];
    expect(spellings.map(indexOf)).toEqual([0, 0, 0, 0, 0]);
    expect(indexOf(String.raw`b\xc3\xbccher.example`)).toBe(1);
    expect(indexOf("no host")).toBe(indexOf(".."));
    expect(domains.names).toEqual(["shop.example.org", "xn--bcher-kva.example", "unknown"]);
    expect(domains.classes).toEqual(domains.names.map(({ length }) => length));
    expect(domainIndex(domains, "unknown")).toBe(2);
  });
});

import { describe, expect, it } from "vitest";
import {
  type BatchBuilder,
  createBatchBuilder,
  openRange,
  takeBatch,
} from "../../../ingest/batch/batch-builder.ts";
import { domainIndex } from "../../../ingest/batch/domain-table.ts";
import { appendLine, appendUnreadLine, type PackedBatch } from "../../../ingest/batch/line-batch.ts";
import { createRawOrder } from "../../../ingest/batch/order-raw.ts";
import { quarantineColumns } from "../../../ingest/batch/quarantine-columns.ts";
import { rawColumns } from "../../../ingest/batch/raw-columns.ts";
import { createParsedLine, field } from "../../../ingest/format/line-format.ts";
import { type Column, entryOf } from "../../../src/columns/column.ts";
import { epochDay, parseDay } from "../../../src/day.ts";
import { reasonCode } from "../../../src/reason.ts";
import { type EscapeRule, escapeRule } from "../../../src/text.ts";

interface Line {
  readonly ms?: number;
  readonly domain?: string;
  readonly rule?: EscapeRule;
  readonly fields?: Partial<Record<keyof typeof field, string>>;
}

function add(
  builder: BatchBuilder,
  { ms = 0, domain = "shop.example.org", rule = escapeRule.nginx, fields = {} }: Line,
): void {
  const line = createParsedLine();
  let text = "";
  for (const [name, value] of Object.entries(fields)) {
    const number = field[name as keyof typeof field];
    line.spans.set([text.length, text.length + value.length], number * 2);
    text += value;
  }
  line.timeMs = ms;
  appendLine(
    builder.batch,
    Buffer.from(text, "latin1"),
    line,
    0,
    domainIndex(builder.domains, domain),
    42,
    rule,
  );
}

function fill(act: (builder: BatchBuilder) => void): {
  readonly packed: PackedBatch;
  readonly domains: readonly string[];
} {
  const builder = createBatchBuilder({ rows: 100, bytes: 1000 }, 100, () => 0);
  const range = openRange(
    builder,
    { id: "5".repeat(32), head: "a", pieces: [] },
    { name: "x", format: "f" },
    0,
  );
  range.to = 1;
  act(builder);
  const filled = takeBatch(builder);
  if (filled === undefined) throw new Error("a batch");
  return filled;
}

function origin(domains: readonly string[]) {
  return { node: "web01", receivedAtMs: 5000, sources: ["5".repeat(32)], domains };
}

/** What a reader of the table sees in each row. */
function valuesOf(column: Column): (string | number | null)[] {
  if (column.kind !== "bytes") return Array.from(column.values);
  return Array.from(column.codes, (code) =>
    code === 0 ? null : Buffer.from(entryOf(column.values, code - 1)).toString(),
  );
}

function rawOf(...lines: readonly Line[]) {
  const { packed, domains } = fill((builder) => {
    for (const line of lines) add(builder, line);
  });
  return rawColumns(packed, origin(domains));
}

describe("rawColumns", () => {
  it("hold each line's fields, its escapes undone, and nothing where the line says nothing", () => {
    const columns = rawOf(
      { ms: 1, fields: { path: "/a", query: "", referrer: String.raw`\x22` } },
      { ms: 2, fields: { path: "/a", query: "q=1", userAgent: "é" } },
    );
    expect(valuesOf(columns.path)).toEqual(["/a", "/a"]);
    expect(valuesOf(columns.query)).toEqual(["", "q=1"]);
    expect(valuesOf(columns.referrer)).toEqual(['"', null]);
    expect(valuesOf(columns.user_agent)).toEqual([null, String.raw`\xE9`]);
    expect(valuesOf(columns.time)).toEqual([1, 2]);
    expect(valuesOf(columns.source_offset)).toEqual([42, 42]);
    expect(valuesOf(columns.status)).toEqual([Number.NaN, Number.NaN]);
    expect([columns.node, columns.source, columns.received_at].map((column) => valuesOf(column)[1])).toEqual([
      "web01",
      "5".repeat(32),
      5000,
    ]);
  });

  it("undo each value's escapes by the rule of its own line", () => {
    const columns = rawOf(
      { rule: escapeRule.nginx, fields: { path: String.raw`\u0041\t` } },
      { rule: escapeRule.apache, fields: { path: String.raw`\u0041\t` } },
      { rule: escapeRule.json, fields: { path: String.raw`\u0041\t` } },
      { rule: escapeRule.none, fields: { path: String.raw`\u0041\t` } },
    );
    expect(valuesOf(columns.path)).toEqual([
      String.raw`\x5Cu0041\x5Ct`,
      String.raw`\x5Cu0041\x09`,
      String.raw`A\x09`,
      String.raw`\x5Cu0041\x5Ct`,
    ]);
  });

  it("hold an address as text and as a key, and whatever else stood in its place as it stood", () => {
    const { client_ip, client_ip_key, client_text } = rawOf(
      { fields: { client: "192.0.2.1" } },
      { fields: { client: "::ffff:192.0.2.1" } },
      { fields: { client: "2001:DB8:0:0::1" } },
      { fields: { client: "unix:" } },
      { fields: { client: "192.0.2.1, 198.51.100.1" } },
      {},
    );
    expect(valuesOf(client_ip)).toEqual(["192.0.2.1", "192.0.2.1", "2001:db8::1", null, null, null]);
    expect(valuesOf(client_text)).toEqual([null, null, null, "unix:", "192.0.2.1, 198.51.100.1", null]);
    const keys = Array.from(client_ip_key.codes, (code) =>
      code === 0 ? null : Buffer.from(entryOf(client_ip_key.values, code - 1)).toString("hex"),
    );
    const v4 = "00000000000000000000ffffc0000201";
    expect(keys).toEqual([v4, v4, "20010db8000000000000000000000001", null, null, null]);
  });

  it("hold the host that was asked for only where it is another than the site", () => {
    const { request_host } = rawOf(
      { fields: { requestHost: "shop.example.org" } },
      { fields: { requestHost: "SHOP.example.org:443" } },
      { fields: { requestHost: "192.0.2.1" } },
      { domain: "other.example.org", fields: { requestHost: "shop.example.org" } },
      { fields: { requestHost: "no host" } },
      {},
    );
    expect(valuesOf(request_host)).toEqual([null, null, "192.0.2.1", "shop.example.org", "no host", null]);
  });
});

describe("createRawOrder", () => {
  it("puts rows in the order of site, then time, then as they were", () => {
    const day = Date.parse("2026-11-22T00:00:00Z");
    const columns = rawOf(
      { ms: day + 86_399_999, domain: "b.example.org" },
      { ms: day, domain: "b.example.org" },
      { ms: day + 7, domain: "a.example.org" },
      { ms: day, domain: "b.example.org" },
      { ms: day + 7, domain: "ab.example.org" },
    );
    expect([...createRawOrder(columns)(Uint32Array.of(0, 1, 2, 3, 4))]).toEqual([2, 4, 1, 3, 0]);
    expect([...createRawOrder(columns)(Uint32Array.of(3, 0, 1))]).toEqual([3, 1, 0]);
  });
});

describe("quarantineColumns", () => {
  it("hold each line as it stood in the file, why it is here, and the day it is taken to be of", () => {
    const day = parseDay("2026-11-20");
    if (day === undefined) throw new Error("a day");
    const about = { partitionDay: 0, source: 0, offset: 9, lineBytes: 7 };
    const { packed } = fill(({ batch }) => {
      const bytes = Buffer.from('"\\x41\xff" empty', "latin1");
      const line = { ...about, estimatedDay: epochDay(day), reason: reasonCode.shape, sha256: undefined };
      appendUnreadLine(batch, bytes, 0, 7, line);
      appendUnreadLine(batch, bytes, 7, 7, {
        ...line,
        reason: reasonCode.empty,
        estimatedDay: epochDay(day) + 1,
      });
      appendUnreadLine(batch, bytes, 8, 13, { ...line, reason: reasonCode["too-long"], sha256: "f00" });
    });
    const columns = quarantineColumns(packed, origin([]));
    expect(valuesOf(columns.line)).toEqual([String.raw`"\x5Cx41\xFF"`, "", "empty"]);
    expect(valuesOf(columns.reason)).toEqual(["shape", "empty", "too-long"]);
    expect(valuesOf(columns.estimated_day)).toEqual(["2026-11-20", "2026-11-21", "2026-11-20"]);
    expect(valuesOf(columns.line_sha256)).toEqual([null, null, "f00"]);
    expect(valuesOf(columns.line_bytes)).toEqual([7, 7, 7]);
    expect(valuesOf(columns.source)).toEqual(Array.from({ length: 3 }, () => "5".repeat(32)));
  });
});

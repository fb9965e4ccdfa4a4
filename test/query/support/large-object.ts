import {
  appendBytes,
  type BytesColumn,
  createByteList,
  type NumberColumn,
} from "../../../src/columns/column.ts";
import { encodeParquet } from "../../../src/parquet/encode-parquet.ts";
import { rawSchema } from "../../../src/schema/raw-schema.ts";

const ROWS = 140_000;
const SITES = 20;

/**
 * A raw object of three row groups and some 2.5 MB, sorted by site (`site-100.example.org` to `site-119.example.org`, 7,000
 * requests each) and time, over the day that begins at `dayMs`. The same each time.
 */
export function largeRawObject(dayMs: number): Uint8Array {
  const perSite = ROWS / SITES;
  const columns = {
    time: numbers((row) => dayMs + Math.floor(((row % perSite) / perSite) * 86_400_000)),
    received_at: numbers(() => dayMs),
    domain: texts(
      SITES,
      (row) => Math.floor(row / perSite),
      (code) => `site-${100 + code}.example.org`,
    ),
    client_ip: texts(
      256,
      (row) => spread(row, 256),
      (code) => `192.0.2.${code}`,
    ),
    client_ip_key: bytes(256, (row) => spread(row, 256), addressKey),
    client_text: nothing(),
    remote_user: nothing(),
    method: texts(
      2,
      (row) => (row % 10 === 0 ? 1 : 0),
      (code) => (code === 0 ? "GET" : "POST"),
    ),
    path: texts(
      20_011,
      (row) => spread(row, 20_000),
      (code) => `/shop/${code}.html`,
    ),
    query: nothing(),
    protocol: texts(
      1,
      () => 0,
      () => "HTTP/1.1",
    ),
    request_raw: nothing(),
    status: numbers((row) => [200, 200, 304, 404, 500][spread(row, 5)] ?? 200),
    bytes_sent: numbers((row) => spread(row, 1_000_000)),
    referrer: texts(
      5003,
      (row) => spread(row, 5000),
      (code) => `https://example.net/${code}`,
    ),
    user_agent: texts(
      97,
      (row) => spread(row, 97),
      (code) => (code % 3 === 0 ? `curl/8.${code}` : `Mozilla/5.${code}`),
    ),
    request_host: nothing(),
    duration_ms: numbers(() => Number.NaN),
    node: texts(
      1,
      () => 0,
      () => "web1",
    ),
    source: texts(
      1,
      () => 0,
      () => "0".repeat(32),
    ),
    source_offset: numbers((row) => spread(row, 10_000_000)),
  };
  const rows = Uint32Array.from({ length: ROWS }, (_, row) => row);
  return encodeParquet({ schema: rawSchema, columns, rows, metadata: {} });
}

function numbers(valueOf: (row: number) => number): NumberColumn {
  return { kind: "number", values: Float64Array.from({ length: ROWS }, (_, row) => valueOf(row)) };
}

function texts(
  count: number,
  codeOf: (row: number) => number,
  textOf: (code: number) => string,
): BytesColumn {
  return bytes(count, codeOf, (code) => Buffer.from(textOf(code)));
}

function nothing(): BytesColumn {
  return { kind: "bytes", codes: new Uint32Array(ROWS), values: createByteList() };
}

/** Code 0 stands for no value. */
function bytes(
  count: number,
  codeOf: (row: number) => number,
  bytesOf: (code: number) => Uint8Array,
): BytesColumn {
  const values = createByteList();
  for (let code = 0; code < count; code++) {
    const value = bytesOf(code);
    appendBytes(values, value, 0, value.length);
  }
  return { kind: "bytes", codes: Uint32Array.from({ length: ROWS }, (_, row) => codeOf(row) + 1), values };
}

function addressKey(code: number): Uint8Array {
  return Uint8Array.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 192, 0, 2, code]);
}

/** Below `count`, the same each time, and without a pattern that could be compressed. Source: Knuth, TAOCP 6.4. */
function spread(row: number, count: number): number {
  const mixed = Math.imul(row ^ (row >>> 7) ^ count, 2_654_435_761);
  return (Math.imul(mixed ^ (mixed >>> 15), 2_246_822_519) >>> 8) % count;
}

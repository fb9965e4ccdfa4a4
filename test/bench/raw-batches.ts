import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { readClient } from "../../src/address.ts";
import { createByteDictionary, intern } from "../../src/columns/byte-dictionary.ts";
import {
  appendBytes,
  type BytesColumn,
  createByteList,
  type NumberColumn,
} from "../../src/columns/column.ts";
import type { RawColumns } from "../../src/schema/table-columns.ts";

/** A batch as ingest hands it over: columns in the order of arrival, rows sorted by (domain, time). */
export interface RawBatch {
  readonly columns: RawColumns;
  readonly rows: Uint32Array;
}

const linePattern =
  /^(?<domain>[^ :]+)(?::\d+)? (?<client>\S+) \S+ (?<user>\S+) \[(?<time>[^\]]+)\] "(?:(?<method>[A-Z]+) (?<path>[^ ?"]*)(?:\?(?<query>[^ "]*))? (?<protocol>[A-Z]+\/[\d.]+)|(?<request>[^"]*))" (?<status>\d{3}) (?<bytes>\d+|-) "(?<referrer>[^"]*)" "(?<agent>[^"]*)"/;

/**
 * Reads a log in the vhost_combined format into batches of `batchRows`. It makes strings of each line and is slow,
 * on purpose simple and apart from ingest: the benchmarks that use it do not count its time.
 */
export async function* readRawBatches(path: string, batchRows: number): AsyncGenerator<RawBatch> {
  const lines = createInterface({ input: createReadStream(path, "latin1") });
  let offset = 0;
  let batch = createBatch(batchRows);
  for await (const line of lines) {
    const fields = linePattern.exec(line)?.groups;
    if (fields !== undefined) putLine(batch, fields, offset);
    offset += line.length + 1;
    if (batch.size < batchRows) continue;
    yield finishBatch(batch);
    batch = createBatch(batchRows);
  }
  if (batch.size > 0) yield finishBatch(batch);
}

type Batch = ReturnType<typeof createBatch>;

function createBatch(rows: number) {
  const number = (): NumberColumn => ({ kind: "number", values: new Float64Array(rows).fill(Number.NaN) });
  const columns = {
    time: number(),
    received_at: number(),
    domain: internedColumn(rows),
    client_ip: internedColumn(rows),
    client_ip_key: internedColumn(rows),
    client_text: internedColumn(rows),
    remote_user: internedColumn(rows),
    method: internedColumn(rows),
    path: internedColumn(rows),
    query: appendedColumn(rows),
    protocol: internedColumn(rows),
    request_raw: appendedColumn(rows),
    status: number(),
    bytes_sent: number(),
    referrer: internedColumn(rows),
    user_agent: internedColumn(rows),
    request_host: internedColumn(rows),
    duration_ms: number(),
    node: internedColumn(rows),
    source: internedColumn(rows),
    source_offset: number(),
  } satisfies RawColumns;
  return { columns, size: 0 };
}

interface PutColumn extends BytesColumn {
  put(row: number, value: string | Uint8Array | undefined): void;
}

function internedColumn(rows: number): PutColumn {
  const dictionary = createByteDictionary();
  return columnOf(rows, dictionary.values, (bytes) => intern(dictionary, bytes, 0, bytes.length, 0));
}

/** A column whose values hardly repeat is not interned: each row has an entry of its own. */
function appendedColumn(rows: number): PutColumn {
  const values = createByteList();
  return columnOf(rows, values, (bytes) => appendBytes(values, bytes, 0, bytes.length) + 1);
}

function columnOf(
  rows: number,
  values: BytesColumn["values"],
  codeOf: (bytes: Uint8Array) => number,
): PutColumn {
  const codes = new Uint32Array(rows);
  return {
    kind: "bytes",
    codes,
    values,
    put: (row, value) => {
      if (value === undefined || value === "-") return;
      codes[row] = codeOf(typeof value === "string" ? Buffer.from(value, "latin1") : value);
    },
  };
}

function putLine(batch: Batch, fields: Readonly<Record<string, string | undefined>>, offset: number): void {
  const row = batch.size++;
  const { columns } = batch;
  const client = readClient(fields["client"] ?? "");
  columns.time.values[row] = timeMs(fields["time"] ?? "");
  columns.received_at.values[row] = Date.UTC(2026, 10, 22);
  columns.domain.put(row, fields["domain"]);
  columns.client_ip.put(row, client?.text);
  columns.client_ip_key.put(row, client?.key);
  if (client === undefined) columns.client_text.put(row, fields["client"]);
  columns.remote_user.put(row, fields["user"]);
  columns.method.put(row, fields["method"]);
  columns.path.put(row, fields["path"]);
  columns.query.put(row, fields["query"]);
  columns.protocol.put(row, fields["protocol"]);
  columns.request_raw.put(row, fields["request"]);
  columns.status.values[row] = Number(fields["status"]);
  columns.bytes_sent.values[row] = Number(fields["bytes"]);
  columns.referrer.put(row, fields["referrer"]);
  columns.user_agent.put(row, fields["agent"]);
  columns.node.put(row, "web-07.hosting.example");
  columns.source.put(row, "5e884898da28047151d0e56f8dc62927");
  columns.source_offset.values[row] = offset;
}

function finishBatch({ columns, size }: Batch): RawBatch {
  const { bytes, offsets, size: domains } = columns.domain.values;
  const names = Array.from({ length: domains }, (_, index) => ({
    code: index + 1,
    name: Buffer.from(bytes.subarray(offsets[index], offsets[index + 1])).toString(),
  }));
  const rank = new Uint32Array(domains + 1);
  for (const [position, { code }] of names.sort((a, b) => (a.name < b.name ? -1 : 1)).entries())
    rank[code] = position;
  const rankOf = (row: number): number => rank[columns.domain.codes[row] as number] as number;
  const timeOf = (row: number): number => columns.time.values[row] as number;
  const rows = Uint32Array.from({ length: size }, (_, row) => row);
  return { columns, rows: rows.sort((a, b) => rankOf(a) - rankOf(b) || timeOf(a) - timeOf(b)) };
}

const months = "JanFebMarAprMayJunJulAugSepOctNovDec";

/** `10/Mar/2025:00:00:00 +0000`; the offset is taken to be zero. */
function timeMs(text: string): number {
  const [day, month, year, hour, minute, second] = text.split(/[/: ]/);
  return Date.UTC(
    Number(year),
    months.indexOf(month ?? "") / 3,
    Number(day),
    Number(hour),
    Number(minute),
    Number(second),
  );
}

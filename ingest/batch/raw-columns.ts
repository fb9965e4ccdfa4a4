import { readClient } from "../../src/address.ts";
import {
  appendBytes,
  type ByteList,
  type BytesColumn,
  createByteList,
  entryOf,
} from "../../src/columns/column.ts";
import { canonicalHost } from "../../src/host-name.ts";
import type { RawColumns } from "../../src/schema/table-columns.ts";
import { appendText, type EscapeRule } from "../../src/text.ts";
import { field } from "../format/line-format.ts";
import type { PackedBatch, PackedField } from "./line-batch.ts";

/** What a batch has in common: where it was written, when it was received, and the names behind its codes. */
export interface BatchOrigin {
  readonly node: string;
  readonly receivedAtMs: number;
  /** Stream ids, by the batch's source codes. */
  readonly sources: readonly string[];
  /** Canonical host names, by the batch's domain codes. */
  readonly domains: readonly string[];
}

/** The raw table of a batch. Work that depends on a value alone is done once for each distinct value. */
export function rawColumns(batch: PackedBatch, origin: BatchOrigin): RawColumns {
  const text = (number: number): BytesColumn => textColumn(batch.fields[number] as PackedField);
  return {
    time: { kind: "number", values: batch.timeMs },
    received_at: { kind: "number", values: new Float64Array(batch.rows).fill(origin.receivedAtMs) },
    domain: namesColumn(batch.domain, origin.domains),
    ...clientColumns(text(field.client)),
    remote_user: text(field.remoteUser),
    method: text(field.method),
    path: text(field.path),
    query: text(field.query),
    protocol: text(field.protocol),
    request_raw: text(field.requestRaw),
    status: { kind: "number", values: batch.status },
    bytes_sent: { kind: "number", values: batch.bytesSent },
    referrer: text(field.referrer),
    user_agent: text(field.userAgent),
    request_host: withoutDomain(text(field.requestHost), batch.domain, origin.domains),
    duration_ms: { kind: "number", values: batch.durationMs },
    node: namesColumn(new Uint32Array(batch.rows), [origin.node]),
    source: namesColumn(batch.source, origin.sources),
    source_offset: { kind: "number", values: batch.sourceOffset },
  };
}

/** Undoes the server's escapes and writes stored text: see `appendText`. */
function textColumn({ codes, values, rules }: PackedField): BytesColumn {
  const text = createByteList(values.bytes.length + 64, values.size + 1);
  for (let index = 0; index < values.size; index++) {
    const start = values.offsets[index] as number;
    appendText(text, values.bytes, start, values.offsets[index + 1] as number, rules[index] as EscapeRule);
  }
  return { kind: "bytes", codes, values: text };
}

/** A column from indexes into a list of names. */
export function namesColumn(indexes: Uint32Array, names: readonly string[]): BytesColumn {
  const values = createByteList(1024, names.length + 1);
  for (const name of names) appendString(values, name);
  return { kind: "bytes", codes: indexes.map((index) => index + 1), values };
}

function clientColumns(client: BytesColumn): Pick<RawColumns, "client_ip" | "client_ip_key" | "client_text"> {
  const { codes, values } = client;
  const address = createByteList(values.bytes.length + 64, values.size + 1);
  const key = createByteList(values.size * 16 + 64, values.size + 1);
  const addressCodes = new Uint32Array(values.size + 1);
  const textCodes = new Uint32Array(values.size + 1);
  for (let index = 0; index < values.size; index++) {
    const read = readClient(stringOf(values, index));
    if (read === undefined) {
      textCodes[index + 1] = index + 1;
      continue;
    }
    appendBytes(key, read.key, 0, 16);
    addressCodes[index + 1] = appendString(address, read.text) + 1;
  }
  const mappedCodes = mapCodes(codes, addressCodes);
  return {
    client_ip: { kind: "bytes", codes: mappedCodes, values: address },
    client_ip_key: { kind: "bytes", codes: mappedCodes, values: key },
    client_text: { kind: "bytes", codes: mapCodes(codes, textCodes), values },
  };
}

/** The host that was asked for, only where it differs from the site: equal ones say nothing. */
function withoutDomain(host: BytesColumn, domain: Uint32Array, domains: readonly string[]): BytesColumn {
  const indexOfDomain = new Map(domains.map((name, index) => [name, index]));
  const domainOfHost = new Int32Array(host.values.size + 1).fill(-1);
  for (let index = 0; index < host.values.size; index++) {
    const name = canonicalHost(stringOf(host.values, index));
    if (name !== undefined) domainOfHost[index + 1] = indexOfDomain.get(name) ?? -1;
  }
  const codes = host.codes.map((code, row) => (domainOfHost[code] === domain[row] ? 0 : code));
  return { kind: "bytes", codes, values: host.values };
}

function mapCodes(codes: Uint32Array, table: Uint32Array): Uint32Array {
  const mapped = new Uint32Array(codes.length);
  for (let row = 0; row < codes.length; row++) mapped[row] = table[codes[row] as number] as number;
  return mapped;
}

function stringOf(values: ByteList, index: number): string {
  return Buffer.from(entryOf(values, index)).toString("utf8");
}

function appendString(values: ByteList, text: string): number {
  const bytes = Buffer.from(text);
  return appendBytes(values, bytes, 0, bytes.length);
}

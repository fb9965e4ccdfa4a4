import type { FooterChunk, FooterGroup, ParquetFooter } from "../src/parquet/read-footer.ts";
import type { Question } from "./question.ts";

/**
 * False for a row group of a file that this program wrote in which no row can match, by the bounds of its columns.
 * What bounds do not tell, such as a pattern, may match.
 */
export function groupCanMatch(question: Question, { columns }: ParquetFooter, group: FooterGroup): boolean {
  const chunkOf = (name: string): FooterChunk | undefined => group.chunks[columns.indexOf(name)];
  return (
    timesMeet(question, chunkOf("time")) &&
    domainsMeet(question, chunkOf("domain")) &&
    networksMeet(question, chunkOf("client_ip_key"), chunkOf("client_text"))
  );
}

function timesMeet({ fromMs, toMs }: Question, time: FooterChunk | undefined): boolean {
  if (time?.bounds === undefined) return true;
  const { min, max } = time.bounds;
  return min.length !== 8 || max.length !== 8 || (int64Of(min) < toMs && int64Of(max) >= fromMs);
}

function domainsMeet({ domains }: Question, domain: FooterChunk | undefined): boolean {
  const bounds = domain?.bounds;
  if (domains.length === 0 || bounds === undefined) return true;
  return domains.some(({ kind, name }) => kind !== "site" || isBetween(Buffer.from(name), bounds));
}

/** An address also stands in lists, which are texts without bounds of any use. */
function networksMeet(
  { networks }: Question,
  key: FooterChunk | undefined,
  text: FooterChunk | undefined,
): boolean {
  if (networks.length === 0 || text?.isAllNull !== true) return true;
  if (key?.isAllNull === true) return false;
  const bounds = key?.bounds;
  if (bounds === undefined) return true;
  return networks.some(
    ({ first, last }) => Buffer.compare(first, bounds.max) <= 0 && Buffer.compare(last, bounds.min) >= 0,
  );
}

function isBetween(
  value: Uint8Array,
  { min, max }: { readonly min: Uint8Array; readonly max: Uint8Array },
): boolean {
  return Buffer.compare(value, min) >= 0 && Buffer.compare(value, max) <= 0;
}

/** A time of ours is 53 bits at most. */
function int64Of(bytes: Uint8Array): number {
  return Number(new DataView(bytes.buffer, bytes.byteOffset, 8).getBigInt64(0, true));
}

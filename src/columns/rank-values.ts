import type { ByteList } from "./column.ts";

/**
 * The rank of each entry among all entries, by their bytes: entries that are equal have equal ranks, ranks
 * begin at 0 and leave none out. So codes, which are numbered in the order of appearance, become keys that
 * sort as the text would.
 */
export function rankValues({ bytes, offsets, size }: ByteList): Uint32Array {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  // As latin1 a string has the order of its bytes, and comparing strings is quicker than calling out.
  const entries = Array.from({ length: size }, (_, index) =>
    buffer.toString("latin1", offsets[index], offsets[index + 1]),
  );
  const rankOf = new Map([...new Set(entries)].sort().map((entry, rank) => [entry, rank]));
  return Uint32Array.from(entries, (entry) => rankOf.get(entry) ?? 0);
}

import type { ByteList } from "./column.ts";

/**
 * The rank of each entry among all entries, by their bytes: entries that are equal have equal ranks. So codes,
 * which are numbered in the order of appearance, become keys that sort as the text would.
 */
export function rankValues({ bytes, offsets, size }: ByteList): Uint32Array {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const compare = (a: number, b: number): number =>
    buffer.compare(buffer, offsets[b], offsets[b + 1], offsets[a], offsets[a + 1]);
  const order = Uint32Array.from({ length: size }, (_, index) => index).sort(compare);
  const ranks = new Uint32Array(size);
  let rank = 0;
  for (let i = 0; i < size; i++) {
    const index = order[i] as number;
    if (i > 0 && compare(order[i - 1] as number, index) !== 0) rank++;
    ranks[index] = rank;
  }
  return ranks;
}

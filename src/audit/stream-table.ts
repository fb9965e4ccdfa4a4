import { hash } from "node:crypto";
import type { ByteSpan } from "../ledger/coverage.ts";

/**
 * How far each stream of each node was taken, in 20 bytes for each that was taken without a gap, which nearly all are:
 * ranges come in their order, or fill a gap that is remembered until then.
 */
export interface StreamTable {
  readonly size: number;
  /** Notes that a batch took these bytes. Returns those of them that an earlier one took too. */
  take(node: string, stream: string, range: ByteSpan): ByteSpan | undefined;
  /** Bytes that no batch took, though later ones of the stream were. */
  gaps(): Iterable<StreamGap>;
  save(): SavedStreams;
}

export interface StreamGap extends ByteSpan {
  readonly node: string;
  readonly stream: string;
}

export interface SavedStreams {
  readonly size: number;
  readonly parts: readonly Uint8Array[];
  readonly gaps: readonly StreamGap[];
}

const NAME_WORDS = 3;
const FIRST_CAPACITY = 256;

/** Throws when what was saved does not fit together. */
export function createStreamTable(saved?: SavedStreams): StreamTable {
  let size = saved?.size ?? 0;
  let names = new Uint32Array(Math.max(FIRST_CAPACITY, size) * NAME_WORDS);
  let ends = new Float64Array(Math.max(FIRST_CAPACITY, size));
  if (saved !== undefined) restore(names, ends, saved);
  let slots = slotsOf(names, size);
  const gapsOf = new Map<string, StreamGap[]>();
  for (const gap of saved?.gaps ?? []) remember(gapsOf, gap);

  const search = (name: Uint32Array): number => {
    const mask = slots.length - 1;
    for (let slot = (name[0] as number) & mask; ; slot = (slot + 1) & mask) {
      const index = (slots[slot] as number) - 1;
      if (index === -1) return -1 - slot;
      const at = index * NAME_WORDS;
      if (names[at] === name[0] && names[at + 1] === name[1] && names[at + 2] === name[2]) return index;
    }
  };

  const ensure = (name: Uint32Array): number => {
    const found = search(name);
    if (found >= 0) return found;
    if (size === ends.length) [names, ends] = [grown(names), grown(ends)];
    names.set(name, size * NAME_WORDS);
    slots[-1 - found] = size + 1;
    size++;
    if (size * 2 > slots.length) slots = slotsOf(names, size);
    return size - 1;
  };

  return {
    get size() {
      return size;
    },
    take(node, stream, { from, to }) {
      const digest = hash("sha256", `${node}\0${stream}`, "buffer");
      const index = ensure(
        Uint32Array.of(digest.readUInt32LE(0), digest.readUInt32LE(4), digest.readUInt32LE(8)),
      );
      const end = ends[index] as number;
      if (from > end) remember(gapsOf, { node, stream, from: end, to: from });
      ends[index] = Math.max(end, to);
      return from < end ? takeFromGaps(gapsOf, { node, stream, from, to: Math.min(to, end) }) : undefined;
    },
    *gaps() {
      for (const gaps of gapsOf.values()) yield* gaps;
    },
    save: () => ({
      size,
      parts: [bytesOf(names.subarray(0, size * NAME_WORDS)), bytesOf(ends.subarray(0, size))],
      gaps: [...gapsOf.values()].flat(),
    }),
  };
}

function remember(gapsOf: Map<string, StreamGap[]>, gap: StreamGap): void {
  const name = `${gap.node}\0${gap.stream}`;
  const known = gapsOf.get(name);
  if (known === undefined) gapsOf.set(name, [gap]);
  else known.push(gap);
}

/** Takes a range out of the stream's gaps; what is left of it was taken before. The first such span is returned. */
function takeFromGaps(gapsOf: Map<string, StreamGap[]>, range: StreamGap): ByteSpan | undefined {
  const name = `${range.node}\0${range.stream}`;
  const gaps = gapsOf.get(name) ?? [];
  const left: StreamGap[] = [];
  let at = range.from;
  let overlap: ByteSpan | undefined;
  for (const gap of [...gaps].sort((a, b) => a.from - b.from)) {
    const from = Math.max(gap.from, at);
    const to = Math.min(gap.to, range.to);
    if (from >= to) {
      left.push(gap);
      continue;
    }
    if (from > at) overlap ??= { from: at, to: from };
    if (gap.from < from) left.push({ ...gap, to: from });
    if (to < gap.to) left.push({ ...gap, from: to });
    at = to;
  }
  if (at < range.to) overlap ??= { from: at, to: range.to };
  if (left.length === 0) gapsOf.delete(name);
  else gapsOf.set(name, left);
  return overlap;
}

function slotsOf(names: Uint32Array, size: number): Uint32Array {
  let length = FIRST_CAPACITY * 2;
  while (length < size * 4) length *= 2;
  const slots = new Uint32Array(length);
  for (let index = 0; index < size; index++) {
    let slot = (names[index * NAME_WORDS] as number) & (length - 1);
    while (slots[slot] !== 0) slot = (slot + 1) & (length - 1);
    slots[slot] = index + 1;
  }
  return slots;
}

function grown<Column extends Uint32Array | Float64Array>(column: Column): Column {
  const larger = new (column.constructor as new (length: number) => Column)(column.length * 2);
  larger.set(column);
  return larger;
}

function bytesOf({ buffer, byteOffset, byteLength }: Uint32Array | Float64Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function restore(names: Uint32Array, ends: Float64Array, { size, parts }: SavedStreams): void {
  const [savedNames, savedEnds] = parts;
  if (savedNames?.length !== size * NAME_WORDS * 4 || savedEnds?.length !== size * 8) {
    throw new Error("columns of another size");
  }
  bytesOf(names).set(savedNames);
  bytesOf(ends).set(savedEnds);
}

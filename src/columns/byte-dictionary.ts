import { randomInt } from "node:crypto";
import { appendBytes, type ByteList, createByteList } from "./column.ts";

/**
 * Interns byte strings, so that work which depends on a value alone (parsing an agent, truncating an
 * address) runs once for each distinct value of a batch. Open addressing over the bytes themselves: no
 * string is made. `tag` (0 to 255) is part of an entry's identity: the same bytes under two escape rules
 * are two values.
 */
export interface ByteDictionary {
  readonly values: ByteList;
  tags: Uint8Array;
  hashes: Uint32Array;
  /** Entry index + 1, or 0 for a free slot; the length is a power of two. */
  slots: Uint32Array;
  seed: number;
}

/**
 * Visitors choose the values, so they can choose them to collide: a random seed makes that harder, and no more,
 * for a hash as quick as this one. After so many probes a value is simply stored again, and the worst case
 * stays linear.
 */
const PROBES_MAX = 32;

export function createByteDictionary(): ByteDictionary {
  return {
    values: createByteList(16 * 1024, 512),
    tags: new Uint8Array(512),
    hashes: new Uint32Array(512),
    slots: new Uint32Array(2048),
    seed: randomInt(0x7fff_ffff),
  };
}

/** Forgets all entries and keeps the memory. */
export function clearByteDictionary(dictionary: ByteDictionary): void {
  dictionary.values.size = 0;
  dictionary.values.offsets[0] = 0;
  dictionary.slots.fill(0);
}

/** The code (entry index + 1) of `source[start .. end]`; a new entry is made for a value not seen yet. */
export function intern(
  dictionary: ByteDictionary,
  source: Uint8Array,
  start: number,
  end: number,
  tag: number,
): number {
  const hash = hashBytes(source, start, end, dictionary.seed + tag);
  const { slots } = dictionary;
  const mask = slots.length - 1;
  let slot = hash & mask;
  for (let probe = 0; probe < PROBES_MAX; probe++) {
    const code = slots[slot] as number;
    if (code === 0) break;
    if (dictionary.hashes[code - 1] === hash && isEntry(dictionary, code - 1, source, start, end, tag))
      return code;
    slot = (slot + 1) & mask;
  }
  const code = appendEntry(dictionary, source, start, end, tag);
  dictionary.hashes[code - 1] = hash;
  if (slots[slot] === 0) slots[slot] = code;
  if (code * 2 > slots.length) rebuildSlots(dictionary);
  return code;
}

/**
 * The code of a new entry, without a look at what is there already: for values that hardly repeat. A dictionary
 * is filled by this or by {@link intern}, not by both.
 */
export function appendEntry(
  dictionary: ByteDictionary,
  source: Uint8Array,
  start: number,
  end: number,
  tag: number,
): number {
  const index = appendBytes(dictionary.values, source, start, end);
  if (index >= dictionary.tags.length) growEntries(dictionary);
  dictionary.tags[index] = tag;
  return index + 1;
}

function growEntries(dictionary: ByteDictionary): void {
  const hashes = new Uint32Array(dictionary.hashes.length * 2);
  hashes.set(dictionary.hashes);
  dictionary.hashes = hashes;
  const tags = new Uint8Array(hashes.length);
  tags.set(dictionary.tags);
  dictionary.tags = tags;
}

function rebuildSlots(dictionary: ByteDictionary): void {
  const slots = new Uint32Array(dictionary.slots.length * 4);
  const mask = slots.length - 1;
  for (let index = 0; index < dictionary.values.size; index++) {
    let slot = (dictionary.hashes[index] as number) & mask;
    let probe = 0;
    while (slots[slot] !== 0 && probe < PROBES_MAX) {
      slot = (slot + 1) & mask;
      probe++;
    }
    if (slots[slot] === 0) slots[slot] = index + 1;
  }
  dictionary.slots = slots;
}

function isEntry(
  dictionary: ByteDictionary,
  index: number,
  source: Uint8Array,
  start: number,
  end: number,
  tag: number,
): boolean {
  const { bytes, offsets } = dictionary.values;
  const at = offsets[index] as number;
  if ((offsets[index + 1] as number) - at !== end - start || dictionary.tags[index] !== tag) return false;
  for (let i = start, j = at; i < end; i++, j++) if (source[i] !== bytes[j]) return false;
  return true;
}

/** Multiply-and-shift over four bytes at a time; quick in JavaScript. Who knows it can make values collide. */
function hashBytes(source: Uint8Array, start: number, end: number, seed: number): number {
  let hash = seed ^ (end - start);
  let i = start;
  for (; i + 4 <= end; i += 4) {
    const word =
      (source[i] as number) |
      ((source[i + 1] as number) << 8) |
      ((source[i + 2] as number) << 16) |
      ((source[i + 3] as number) << 24);
    hash = Math.imul(hash ^ word, 0x9e37_79b1);
    hash ^= hash >>> 15;
  }
  for (; i < end; i++) hash = Math.imul(hash ^ (source[i] as number), 0x85eb_ca6b);
  hash ^= hash >>> 16;
  hash = Math.imul(hash, 0xc2b2_ae35);
  return (hash ^ (hash >>> 13)) >>> 0;
}

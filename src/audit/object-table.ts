import { hash } from "node:crypto";
import { type View, views } from "../view.ts";

/**
 * What is known of objects, by view and key, without their keys: some 50 bytes each, so that millions fit in memory. An
 * object is known by 96 bits of the SHA-256 of its name; of its content's SHA-256 half is kept, which nobody can match
 * with other bytes.
 */
export interface ObjectTable {
  readonly size: number;
  /** The object's number, from 0; -1 for one that was never added. */
  find(view: View, key: string): number;
  /** As `find`, and the object is added if it is not there. */
  ensure(view: View, key: string): number;
  readonly columns: ObjectColumns;
  /** All columns as they are saved, the first `size` entries of each. */
  save(): readonly Uint8Array[];
}

/** One entry for each object. Larger arrays take their place when they are full: read them anew after each `ensure`. */
export interface ObjectColumns {
  readonly name: Uint32Array;
  readonly sizeBytes: Float64Array;
  /** Four for each object: the first half of the SHA-256 of its bytes. */
  readonly sha256: Uint32Array;
  /** Two for each object: the first half of the MD5, zeros where it was not recorded. */
  readonly md5: Uint32Array;
  /** Which record named it: the chain's number in the list of chains, and its sequence. */
  readonly chain: Uint16Array;
  readonly sequence: Uint32Array;
  readonly flags: Uint8Array;
}

export const flag = {
  /** A batch or a rewrite named it as stored. */
  recorded: 1,
  /** A certificate or a rewrite took it. */
  consumed: 2,
  /** The listing of this audit showed it. */
  listed: 4,
  /** Recorded while this audit was listing, so that it need not be in the listing. */
  fresh: 8,
  /** A purge has begun to remove it. */
  leaving: 64,
} as const;

/** Marks that hold for one audit alone. */
export const passingFlags = flag.listed | flag.fresh | flag.leaving;

/** Where in `flags` the view's number stands. */
const VIEW_SHIFT = 4;

const NAME_WORDS = 3;
const FIRST_CAPACITY = 1024;

interface MutableColumns {
  name: Uint32Array;
  sizeBytes: Float64Array;
  sha256: Uint32Array;
  md5: Uint32Array;
  chain: Uint16Array;
  sequence: Uint32Array;
  flags: Uint8Array;
}

/** `saved`: what an earlier table's `save` returned, and its size. Throws when these do not fit each other. */
export function createObjectTable(saved?: {
  readonly size: number;
  readonly parts: readonly Uint8Array[];
}): ObjectTable {
  let size = saved?.size ?? 0;
  let capacity = Math.max(FIRST_CAPACITY, size);
  const columns = emptyColumns(capacity);
  if (saved !== undefined) restore(columns, saved.size, saved.parts);
  let slots = fillSlots(columns, size, capacity);

  const search = (name: Uint32Array): number => {
    const mask = slots.length - 1;
    let slot = (name[0] as number) & mask;
    for (;;) {
      const index = (slots[slot] as number) - 1;
      if (index === -1) return -1 - slot;
      if (isNamed(columns, index, name)) return index;
      slot = (slot + 1) & mask;
    }
  };

  return {
    get size() {
      return size;
    },
    columns,
    find(view, key) {
      return Math.max(search(nameOf(view, key)), -1);
    },
    ensure(view, key) {
      const name = nameOf(view, key);
      const found = search(name);
      if (found >= 0) return found;
      if (size === capacity) {
        capacity *= 2;
        grow(columns, capacity);
      }
      columns.name.set(name, size * NAME_WORDS);
      columns.flags[size] = views.indexOf(view) << VIEW_SHIFT;
      slots[-1 - found] = size + 1;
      size++;
      // At most half full, so that a search is short.
      if (size * 2 > slots.length) slots = fillSlots(columns, size, slots.length);
      return size - 1;
    },
    save() {
      return partsOf(columns).map(({ array, words }) => {
        const { buffer, byteOffset, BYTES_PER_ELEMENT } = array;
        return new Uint8Array(buffer, byteOffset, size * words * BYTES_PER_ELEMENT);
      });
    },
  };
}

/** The view of an object, from its flags. */
export function viewOfFlags(flags: number): View {
  const view = views[(flags >> VIEW_SHIFT) & 3];
  if (view === undefined) throw new Error("no such view");
  return view;
}

/** The first `words` times 4 bytes of a hash in hex. */
export function wordsOfHex(hex: string, words: number): Uint32Array {
  const out = new Uint32Array(words);
  for (let word = 0; word < words; word++) out[word] = Number.parseInt(hex.slice(word * 8, word * 8 + 8), 16);
  return out;
}

/** What is kept of the SHA-256 of an object's bytes: its first 32 hex digits. */
export function sha256StartOf({ sha256 }: ObjectColumns, index: number): string {
  const words = [...sha256.subarray(index * 4, index * 4 + 4)];
  return words.map((word) => word.toString(16).padStart(8, "0")).join("");
}

function nameOf(view: View, key: string): Uint32Array {
  const digest = hash("sha256", `${view}/${key}`, "buffer");
  return Uint32Array.of(digest.readUInt32LE(0), digest.readUInt32LE(4), digest.readUInt32LE(8));
}

function isNamed({ name: names }: ObjectColumns, index: number, name: Uint32Array): boolean {
  const at = index * NAME_WORDS;
  return names[at] === name[0] && names[at + 1] === name[1] && names[at + 2] === name[2];
}

function fillSlots({ name }: ObjectColumns, size: number, atLeast: number): Uint32Array {
  let length = FIRST_CAPACITY * 2;
  while (length < size * 2 + 2 || length < atLeast) length *= 2;
  if (length < size * 4) length *= 2;
  const slots = new Uint32Array(length);
  for (let index = 0; index < size; index++) {
    let slot = (name[index * NAME_WORDS] as number) & (length - 1);
    while (slots[slot] !== 0) slot = (slot + 1) & (length - 1);
    slots[slot] = index + 1;
  }
  return slots;
}

function emptyColumns(capacity: number): MutableColumns {
  return {
    name: new Uint32Array(capacity * NAME_WORDS),
    sizeBytes: new Float64Array(capacity),
    sha256: new Uint32Array(capacity * 4),
    md5: new Uint32Array(capacity * 2),
    chain: new Uint16Array(capacity),
    sequence: new Uint32Array(capacity),
    flags: new Uint8Array(capacity),
  };
}

function partsOf(columns: ObjectColumns): readonly { readonly array: TypedColumn; readonly words: number }[] {
  return [
    { array: columns.name, words: NAME_WORDS },
    { array: columns.sizeBytes, words: 1 },
    { array: columns.sha256, words: 4 },
    { array: columns.md5, words: 2 },
    { array: columns.chain, words: 1 },
    { array: columns.sequence, words: 1 },
    { array: columns.flags, words: 1 },
  ];
}

type TypedColumn = Uint32Array | Float64Array | Uint16Array | Uint8Array;

function grow(columns: MutableColumns, capacity: number): void {
  const larger = emptyColumns(capacity);
  for (const key of Object.keys(larger) as (keyof MutableColumns)[]) larger[key].set(columns[key]);
  Object.assign(columns, larger);
}

function restore(columns: MutableColumns, size: number, parts: readonly Uint8Array[]): void {
  for (const [index, { array, words }] of partsOf(columns).entries()) {
    const part = parts[index];
    if (part?.length !== size * words * array.BYTES_PER_ELEMENT) throw new Error("columns of another size");
    new Uint8Array(array.buffer, array.byteOffset, part.length).set(part);
  }
}

/**
 * A list of byte strings, end to end: entry `i` is `bytes[offsets[i] .. offsets[i + 1]]`.
 * `offsets` holds at least `size + 1` numbers; both arrays may be longer than what is used.
 */
export interface ByteList {
  bytes: Uint8Array;
  offsets: Uint32Array;
  size: number;
}

/**
 * Text or fixed-length bytes by code: row `i` holds entry `codes[i] - 1` of `values`, or nothing where
 * the code is 0. Entries may repeat: interning saves work, it is no promise of uniqueness.
 */
export interface BytesColumn {
  readonly kind: "bytes";
  readonly codes: Uint32Array;
  readonly values: ByteList;
}

/** Instants in ms since 1970, integers up to 2^53 or fractions; NaN where there is no value. */
export interface NumberColumn {
  readonly kind: "number";
  readonly values: Float64Array;
}

/** 0 is false, 1 is true. */
export interface BooleanColumn {
  readonly kind: "boolean";
  readonly values: Uint8Array;
}

export type Column = BytesColumn | NumberColumn | BooleanColumn;

export function createByteList(capacityBytes = 1024, capacity = 64): ByteList {
  return { bytes: new Uint8Array(capacityBytes), offsets: new Uint32Array(capacity + 1), size: 0 };
}

/** Where the bytes of the last entry end. */
export function usedBytes(list: ByteList): number {
  return list.offsets[list.size] ?? 0;
}

/** Makes room for `count` more bytes in one more entry; the arrays double, so appending stays linear. */
export function reserve(list: ByteList, count: number): void {
  const needed = usedBytes(list) + count;
  if (needed > list.bytes.length) {
    const bytes = new Uint8Array(Math.max(needed, list.bytes.length * 2));
    bytes.set(list.bytes.subarray(0, usedBytes(list)));
    list.bytes = bytes;
  }
  if (list.size + 2 > list.offsets.length) {
    const offsets = new Uint32Array(list.offsets.length * 2);
    offsets.set(list.offsets);
    list.offsets = offsets;
  }
}

/** Appends `source[start .. end]` and returns the new entry's index. */
export function appendBytes(list: ByteList, source: Uint8Array, start: number, end: number): number {
  const length = end - start;
  reserve(list, length);
  const at = usedBytes(list);
  const { bytes } = list;
  // A call into native code costs more than it saves below some tens of bytes.
  if (length < 48) for (let i = 0; i < length; i++) bytes[at + i] = source[start + i] as number;
  else bytes.set(source.subarray(start, end), at);
  list.offsets[list.size + 1] = at + length;
  return list.size++;
}

/** The bytes of entry `index`, as a view that is valid until the list grows. */
export function entryOf(list: ByteList, index: number): Uint8Array {
  return list.bytes.subarray(list.offsets[index], list.offsets[index + 1]);
}

/** A copy with arrays of exactly the used length, fit to be transferred to another thread. */
export function trimmed(list: ByteList): ByteList {
  return {
    bytes: list.bytes.slice(0, usedBytes(list)),
    offsets: list.offsets.slice(0, list.size + 1),
    size: list.size,
  };
}

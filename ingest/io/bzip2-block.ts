/** Bits of bytes, the most significant first: what `bytes[at .. end]` holds behind the `count` bits in `held`. */
export interface BitReader {
  bytes: Uint8Array;
  at: number;
  end: number;
  held: number;
  heldBits: number;
}

/** A block before its runs are undone: `links[i]` is a byte in its low 8 bits, and above them the place of the next. */
export interface Bzip2Block {
  readonly links: Uint32Array;
  readonly size: number;
  /** Where the first byte stands. */
  readonly first: number;
}

/** The bits are no bzip2 block, or end within one. */
export class Bzip2Error extends Error {
  override readonly name = "Bzip2Error";
}

const RUN_A = 0;
const RUN_B = 1;
const GROUP_SYMBOLS = 50;
const CODE_BITS_MAX = 20;

/** `count` is at most 24. */
export function readBits(bits: BitReader, count: number): number {
  while (bits.heldBits < count) {
    if (bits.at >= bits.end) throw new Bzip2Error("the data ends too early");
    bits.held = (bits.held << 8) | (bits.bytes[bits.at++] as number);
    bits.heldBits += 8;
  }
  bits.heldBits -= count;
  return (bits.held >>> bits.heldBits) & ((1 << count) - 1);
}

/**
 * Reads what follows a block's magic number and checksum into `links`, whose length is the most that a block may
 * hold. Throws a {@link Bzip2Error}. Source: the bzip2 format specification by Joe Tsai (2015).
 */
export function readBlock(bits: BitReader, links: Uint32Array): Bzip2Block {
  if (readBits(bits, 1) === 1) throw new Bzip2Error("randomised blocks are of versions before 0.9.5");
  const origin = readBits(bits, 24);
  const alphabet = readAlphabet(bits);
  const codeCount = readBits(bits, 3);
  if (codeCount < 2 || codeCount > 6) throw new Bzip2Error(`${codeCount} codes`);
  const selectors = readSelectors(bits, codeCount);
  const codes = Array.from({ length: codeCount }, () => readCode(bits, alphabet.length + 2));
  const size = readSymbols(bits, alphabet, selectors, codes, links);
  if (origin >= size) throw new Bzip2Error("the first byte is outside the block");
  linkBytes(links, size);
  return { links, size, first: (links[origin] as number) >>> 8 };
}

/** The bytes that occur, in ascending order. */
function readAlphabet(bits: BitReader): Uint8Array {
  const occurring: number[] = [];
  const groups = readBits(bits, 16);
  for (let group = 0; group < 16; group++) {
    if (((groups >> (15 - group)) & 1) === 0) continue;
    const members = readBits(bits, 16);
    for (let i = 0; i < 16; i++) if (((members >> (15 - i)) & 1) === 1) occurring.push(group * 16 + i);
  }
  if (occurring.length === 0) throw new Bzip2Error("no byte occurs");
  return Uint8Array.from(occurring);
}

/** Which code each group of 50 symbols is written in. */
function readSelectors(bits: BitReader, codeCount: number): Uint8Array {
  const selectors = new Uint8Array(readBits(bits, 15));
  const recent = Uint8Array.from({ length: codeCount }, (_, index) => index);
  for (let i = 0; i < selectors.length; i++) {
    let rank = 0;
    while (readBits(bits, 1) === 1) if (++rank >= codeCount) throw new Bzip2Error("no such code");
    selectors[i] = moveToFront(recent, rank);
  }
  return selectors;
}

/** A canonical prefix code. */
interface PrefixCode {
  /** Bits of the shortest code word. */
  readonly shortest: number;
  /** The largest code word of each length, or -1. */
  readonly limits: Int32Array;
  /** What to take from a code word of each length to find its symbol. */
  readonly bases: Int32Array;
  readonly symbols: Uint16Array;
}

function readCode(bits: BitReader, symbolCount: number): PrefixCode {
  const lengths = new Uint8Array(symbolCount);
  let length = readBits(bits, 5);
  for (let symbol = 0; symbol < symbolCount; symbol++) {
    for (;;) {
      if (length < 1 || length > CODE_BITS_MAX) throw new Bzip2Error("a code word of no length, or too long");
      if (readBits(bits, 1) === 0) break;
      length += readBits(bits, 1) === 0 ? 1 : -1;
    }
    lengths[symbol] = length;
  }
  const limits = new Int32Array(CODE_BITS_MAX + 1).fill(-1);
  const bases = new Int32Array(CODE_BITS_MAX + 1);
  const symbols = new Uint16Array(symbolCount);
  let word = 0;
  let next = 0;
  for (let bitCount = 1; bitCount <= CODE_BITS_MAX; bitCount++) {
    word <<= 1;
    bases[bitCount] = word - next;
    for (let symbol = 0; symbol < symbolCount; symbol++) {
      if (lengths[symbol] !== bitCount) continue;
      symbols[next++] = symbol;
      limits[bitCount] = word++;
    }
  }
  return { shortest: Math.min(...lengths), limits, bases, symbols };
}

function readSymbol(bits: BitReader, { shortest, limits, bases, symbols }: PrefixCode): number {
  let word = readBits(bits, shortest);
  for (let bitCount = shortest; bitCount <= CODE_BITS_MAX; bitCount++) {
    if (word <= (limits[bitCount] as number)) {
      const symbol = symbols[word - (bases[bitCount] as number)];
      if (symbol !== undefined) return symbol;
    }
    word = (word << 1) | readBits(bits, 1);
  }
  throw new Bzip2Error("no such code word");
}

/** Undoes the prefix codes, the runs of the most recent byte and the move to the front. Returns the size. */
function readSymbols(
  bits: BitReader,
  alphabet: Uint8Array,
  selectors: Uint8Array,
  codes: readonly PrefixCode[],
  links: Uint32Array,
): number {
  const endOfBlock = alphabet.length + 1;
  let size = 0;
  let run = 0;
  let runWeight = 1;
  for (let index = 0; ; index++) {
    const code = codes[selectors[Math.floor(index / GROUP_SYMBOLS)] ?? -1];
    if (code === undefined) throw new Bzip2Error("more symbols than were announced");
    const symbol = readSymbol(bits, code);
    if (symbol === RUN_A || symbol === RUN_B) {
      run += runWeight << symbol;
      runWeight *= 2;
      // Before the weight could grow without bound.
      if (size + run > links.length) throw new Bzip2Error("more bytes than a block holds");
      continue;
    }
    if (run > 0) {
      links.fill(alphabet[0] as number, size, size + run);
      size += run;
      run = 0;
      runWeight = 1;
    }
    if (symbol === endOfBlock) return size;
    if (size >= links.length) throw new Bzip2Error("more bytes than a block holds");
    links[size++] = moveToFront(alphabet, symbol - 1);
  }
}

function moveToFront(list: Uint8Array, rank: number): number {
  const value = list[rank] as number;
  list.copyWithin(1, 0, rank);
  list[0] = value;
  return value;
}

/** Undoes the Burrows-Wheeler transform: puts above each byte the place of the one that follows it. */
function linkBytes(links: Uint32Array, size: number): void {
  const places = new Uint32Array(256);
  for (let i = 0; i < size; i++) {
    const byte = (links[i] as number) & 0xff;
    places[byte] = (places[byte] as number) + 1;
  }
  let start = 0;
  for (let byte = 0; byte < 256; byte++) {
    const count = places[byte] as number;
    places[byte] = start;
    start += count;
  }
  for (let i = 0; i < size; i++) {
    const byte = (links[i] as number) & 0xff;
    const place = places[byte] as number;
    places[byte] = place + 1;
    links[place] = (links[place] as number) | (i << 8);
  }
}

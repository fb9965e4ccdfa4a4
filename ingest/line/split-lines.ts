import { createHash, type Hash } from "node:crypto";
import { sha256Hex } from "../../src/sha256.ts";

/**
 * Cuts a stream of chunks into lines. Lines end at 0x0A only: a carriage return, a form feed or U+2028 inside
 * a line is something a visitor sent, and must not make two lines of one. Nothing is decoded and, but for
 * lines that lie across two chunks, nothing is copied.
 */
export interface LineSplitter {
  readonly lineBytesMax: number;
  /** Where the next byte to be fed stands in its stream. */
  offset: number;
  /** Where the line that is being gathered begins. */
  lineStart: number;
  /** NUL bytes skipped at the beginning of that line. */
  nulBytes: number;
  /** The gathered part of that line; of a line over the limit its head. */
  carry: Uint8Array;
  carryBytes: number;
  /** Set once the line is over the limit: hashes all of it. */
  overlong: Hash | undefined;
}

/**
 * What becomes of the lines. `offset` is where a line begins in its stream, NUL bytes before it left out;
 * `next` is where the one after it begins.
 */
export interface LineSink {
  /** `start` and `end` leave out the newline and a carriage return before it. */
  line(bytes: Uint8Array, start: number, end: number, offset: number, next: number): void;
  /** A line over the limit: its head, its length and the SHA-256 of all of it. */
  overlong(head: Uint8Array, offset: number, next: number, lineBytes: number, sha256: string): void;
  /** A line of NUL bytes only, the hole that a crash leaves in a file. */
  hole(offset: number, next: number): void;
}

/** Of a line over the limit this much is kept. */
export const HEAD_BYTES = 64 * 1024;

const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;

export function createLineSplitter(offset: number, lineBytesMax: number): LineSplitter {
  return {
    lineBytesMax,
    offset,
    lineStart: offset,
    nulBytes: 0,
    carry: new Uint8Array(4096),
    carryBytes: 0,
    overlong: undefined,
  };
}

/** Feeds a chunk; every line that it completes goes to the sink. Returns where the last of them ends in the chunk, or 0. */
export function feedLines(splitter: LineSplitter, chunk: Uint8Array, sink: LineSink): number {
  const buffer = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  let at = 0;
  while (at < buffer.length) {
    const newline = buffer.indexOf(NEWLINE, at);
    if (newline === -1) break;
    const next = splitter.offset + newline + 1;
    completeLine(splitter, chunk, at, newline, next, sink);
    at = newline + 1;
    splitter.lineStart = next;
  }
  gather(splitter, chunk, at, buffer.length);
  splitter.offset += buffer.length;
  return at;
}

/** Takes what is left as a last line that has no newline. Returns false if nothing is left. */
export function finishLines(splitter: LineSplitter, sink: LineSink): boolean {
  if (splitter.offset === splitter.lineStart) return false;
  completeLine(splitter, new Uint8Array(0), 0, 0, splitter.offset, sink);
  splitter.lineStart = splitter.offset;
  return true;
}

function completeLine(
  splitter: LineSplitter,
  chunk: Uint8Array,
  from: number,
  to: number,
  next: number,
  sink: LineSink,
): void {
  if (splitter.carryBytes > 0) {
    gather(splitter, chunk, from, to);
    emitCarry(splitter, next, sink);
    return;
  }
  let start = from;
  while (start < to && chunk[start] === 0) start++;
  const nulBytes = splitter.nulBytes + start - from;
  splitter.nulBytes = 0;
  if (start === to && nulBytes > 0) sink.hole(splitter.lineStart, next);
  else emit(splitter, chunk, start, to, splitter.lineStart + nulBytes, next, sink);
}

function emit(
  splitter: LineSplitter,
  bytes: Uint8Array,
  start: number,
  end: number,
  offset: number,
  next: number,
  sink: LineSink,
): void {
  if (end - start > splitter.lineBytesMax) {
    const line = bytes.subarray(start, end);
    sink.overlong(line.subarray(0, HEAD_BYTES), offset, next, line.length, sha256Hex(line));
    return;
  }
  sink.line(bytes, start, end > start && bytes[end - 1] === CARRIAGE_RETURN ? end - 1 : end, offset, next);
}

function emitCarry(splitter: LineSplitter, next: number, sink: LineSink): void {
  const offset = splitter.lineStart + splitter.nulBytes;
  const { carry, carryBytes, overlong } = splitter;
  splitter.carryBytes = 0;
  splitter.nulBytes = 0;
  splitter.overlong = undefined;
  if (overlong === undefined) emit(splitter, carry, 0, carryBytes, offset, next, sink);
  else {
    const head = carry.subarray(0, Math.min(carryBytes, HEAD_BYTES));
    sink.overlong(head, offset, next, carryBytes, overlong.digest("hex"));
  }
}

/** Keeps `chunk[from .. to]` for the line that goes on in the next chunk. */
function gather(splitter: LineSplitter, chunk: Uint8Array, from: number, to: number): void {
  let start = from;
  if (splitter.carryBytes === 0) {
    while (start < to && chunk[start] === 0) start++;
    splitter.nulBytes += start - from;
  }
  const part = chunk.subarray(start, to);
  if (part.length === 0) return;
  const { carryBytes } = splitter;
  if (splitter.overlong === undefined && carryBytes + part.length > splitter.lineBytesMax) {
    splitter.overlong = createHash("sha256").update(splitter.carry.subarray(0, carryBytes));
  }
  splitter.overlong?.update(part);
  const kept =
    splitter.overlong === undefined ? part : part.subarray(0, Math.max(0, HEAD_BYTES - carryBytes));
  keep(splitter, kept, carryBytes);
  splitter.carryBytes += part.length;
}

function keep(splitter: LineSplitter, part: Uint8Array, at: number): void {
  if (part.length === 0) return;
  if (at + part.length > splitter.carry.length) {
    const carry = new Uint8Array(Math.max(at + part.length, splitter.carry.length * 2));
    carry.set(splitter.carry.subarray(0, at));
    splitter.carry = carry;
  }
  splitter.carry.set(part, at);
}

import { DamagedLogError } from "./damaged-log-error.ts";

/**
 * Where a reader of zstd frames laid end to end stands, byte by byte. Appending to a compressed log and several
 * compressors at once (pzstd) make such files, and a decoder sees the first frame only: Node's loses the rest
 * without a word.
 */
export interface ZstdFrames {
  stage: "header" | "block" | "pass";
  /** Bytes of the header at hand: of the frame, or of a block. */
  readonly held: number[];
  /** Bytes still to come that need no look. */
  left: number;
  hasChecksum: boolean;
  isLastBlock: boolean;
  isSkippable: boolean;
}

/** A piece of one frame, and whether the frame ends with it. */
export interface FramePart {
  readonly bytes: Uint8Array;
  readonly isEnd: boolean;
}

/** What the zstd tool unpacks without being told to take more; a decoder holds as much in memory. */
const WINDOW_BYTES_MAX = 128 * 1024 * 1024;

const MAGIC = 0xfd2f_b528;
const SKIPPABLE_MAGIC = 0x184d_2a50;
const CHECKSUM_BYTES = 4;

export function createZstdFrames(): ZstdFrames {
  return { stage: "header", held: [], left: 0, hasChecksum: false, isLastBlock: false, isSkippable: false };
}

/** True between two frames, where the input may end. */
export function isBetweenFrames({ stage, held }: ZstdFrames): boolean {
  return stage === "header" && held.length === 0;
}

/**
 * Cuts a portion at the ends of frames and leaves out frames that hold no data. Throws a {@link DamagedLogError}
 * where something else than a frame begins, behind all parts before it. Source: RFC 8878, section 3.1.
 */
export function* cutFrames(frames: ZstdFrames, portion: Uint8Array): Generator<FramePart> {
  let start = 0;
  let at = 0;
  while (at < portion.length) {
    if (frames.left > 0) {
      const passed = Math.min(frames.left, portion.length - at);
      at += passed;
      frames.left -= passed;
    } else {
      frames.held.push(portion[at++] as number);
      if (frames.stage === "block") readBlockHeader(frames);
      else if (readFrameHeader(frames)) {
        // It may have begun in an earlier portion, when nobody could tell what kind of frame it is.
        if (!frames.isSkippable) yield { bytes: Uint8Array.from(frames.held), isEnd: false };
        frames.held.length = 0;
        start = at;
      }
    }
    if (frames.stage !== "pass" || frames.left > 0) continue;
    frames.stage = frames.isLastBlock ? "header" : "block";
    if (!frames.isLastBlock) continue;
    if (!frames.isSkippable) yield { bytes: portion.subarray(start, at), isEnd: true };
    start = at;
  }
  const isWithinFrame = frames.stage !== "header" && !frames.isSkippable;
  if (start < at && isWithinFrame) yield { bytes: portion.subarray(start, at), isEnd: false };
}

/** Returns true once the bytes held are a whole header. */
function readFrameHeader(frames: ZstdFrames): boolean {
  const { held } = frames;
  if (held.length < 5) return false;
  const magic = numberAt(held, 0, 4);
  frames.isSkippable = magic - (magic % 16) === SKIPPABLE_MAGIC;
  if (frames.isSkippable) {
    if (held.length < 8) return false;
    frames.stage = "pass";
    frames.left = numberAt(held, 4, 4);
    frames.isLastBlock = true;
    return true;
  }
  if (magic !== MAGIC) throw new DamagedLogError("its compressed data is cut off or damaged");
  const descriptor = held[4] as number;
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const windowAt = 5;
  const dictionaryAt = windowAt + (isSingleSegment ? 0 : 1);
  const sizeAt = dictionaryAt + ([0, 1, 2, 4][descriptor & 3] as number);
  const sizeBytes = [isSingleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6] as number;
  if (held.length < sizeAt + sizeBytes) return false;
  const windowBytes = isSingleSegment
    ? numberAt(held, sizeAt, sizeBytes)
    : windowOf(held[windowAt] as number);
  if (windowBytes > WINDOW_BYTES_MAX) {
    throw new DamagedLogError(
      "it needs more than 128 MiB to unpack; unpack it with zstd --long=31 and pass it as -",
    );
  }
  frames.hasChecksum = (descriptor & 4) !== 0;
  frames.stage = "block";
  return true;
}

function readBlockHeader(frames: ZstdFrames): void {
  const { held } = frames;
  if (held.length < 3) return;
  const header = numberAt(held, 0, 3);
  const isRepeatedByte = ((header >> 1) & 3) === 1;
  frames.isLastBlock = (header & 1) === 1;
  const checksumBytes = frames.isLastBlock && frames.hasChecksum ? CHECKSUM_BYTES : 0;
  frames.stage = "pass";
  frames.left = (isRepeatedByte ? 1 : header >> 3) + checksumBytes;
  held.length = 0;
}

/** Source: RFC 8878, section 3.1.1.1.2. */
function windowOf(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >> 3));
  return base + (base / 8) * (descriptor & 7);
}

/** A little-endian number of `count` bytes. */
function numberAt(bytes: readonly number[], at: number, count: number): number {
  let number = 0;
  for (let i = count - 1; i >= 0; i--) number = number * 256 + (bytes[at + i] as number);
  return number;
}

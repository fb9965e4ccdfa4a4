import type { Hash } from "node:crypto";
import { type BatchBuilder, isFull, openRange } from "../batch/batch-builder.ts";
import {
  createLineIntake,
  type IntakePolicy,
  type IntakeSource,
  type LineIntake,
} from "../batch/line-intake.ts";
import { createLineSplitter, feedLines, finishLines, type LineSplitter } from "../line/split-lines.ts";
import type { Range } from "../source/match-stream.ts";
import { createPieceHash } from "../source/piece-hash.ts";
import { addPiece, type KnownStream } from "../source/stream-index.ts";
import { DamagedLogError } from "./damaged-log-error.ts";
import type { OpenLog } from "./open-log.ts";

export interface SourceJob {
  readonly log: OpenLog;
  readonly stream: KnownStream;
  /** Keys the hashes of the pieces. */
  readonly secret: Uint8Array;
  readonly range: Range;
  readonly source: IntakeSource;
  readonly lineBytesMax: number;
  /** True when a last line without a newline is a whole line: nobody writes to the file any more. */
  readonly isFinished: boolean;
  readonly onProgress?: (fileBytes: number) => void;
  /** When aborted, reading stops after the lines at hand; they are whole and count. */
  readonly signal: AbortSignal;
}

export interface SourceReport {
  /** Decompressed bytes of the lines that were read. */
  readonly readBytes: number;
  /** Bytes at the end that are not yet a line. */
  readonly unfinishedBytes: number;
  readonly unknownDomainLines: number;
  readonly linesWithUnkeptFields: number;
  readonly destroyedDayLines: number;
  /** Lines of other layouts than the format that was found, by the layout's name. */
  readonly otherLayouts: Readonly<Record<string, number>>;
  /** What is wrong with the file, if it could not be read to its end. */
  readonly damage: string | undefined;
}

/** The first pieces of a stream are small, so that a shorter copy of the same log can be told from another log. */
const FIRST_PIECES_BYTES = [4 * 1024, 16 * 1024, 64 * 1024];

/** Reads one range of one stream into the batch that is being filled, and has it flushed whenever it is full. */
export async function readSource(
  job: SourceJob,
  builder: BatchBuilder,
  policy: IntakePolicy,
  flush: () => Promise<void>,
): Promise<SourceReport> {
  const { log, stream, range, source } = job;
  const names = { name: log.name, format: source.format.name };
  const splitter = createLineSplitter(range.from, job.lineBytesMax);
  const intake = createLineIntake(builder, openRange(builder, stream, names, range.from), source, policy);
  const { secret } = job;
  const piece = { from: range.from, secret, hash: createPieceHash(secret) };
  const reportOf = (damage: string | undefined): SourceReport => ({
    readBytes: piece.from - range.from,
    unfinishedBytes: splitter.offset - piece.from,
    unknownDomainLines: intake.unknownDomainLines,
    linesWithUnkeptFields: intake.linesWithUnkeptFields,
    destroyedDayLines: intake.destroyedDayLines,
    otherLayouts: intake.otherLayouts(),
    damage,
  });
  let damage: string | undefined;
  try {
    for await (const chunk of inPieces(log.read(range.from, job.onProgress), range)) {
      takeChunk(chunk, splitter, intake, piece);
      if (job.signal.aborted) return reportOf(undefined);
      if (!isFull(builder)) continue;
      await flush();
      intake.range = openRange(builder, stream, names, piece.from);
    }
  } catch (error) {
    if (!(error instanceof DamagedLogError)) throw error;
    damage = error.message;
  }
  if (job.isFinished && damage === undefined && finishLines(splitter, intake)) {
    closePiece(intake, piece, splitter.offset);
    intake.range.endsUnterminated = true;
  }
  return reportOf(damage);
}

interface OpenPiece {
  readonly secret: Uint8Array;
  from: number;
  hash: Hash;
}

function takeChunk(chunk: Uint8Array, splitter: LineSplitter, intake: LineIntake, piece: OpenPiece): void {
  const chunkOffset = splitter.offset;
  const linesEnd = feedLines(splitter, chunk, intake);
  if (linesEnd > 0) {
    piece.hash.update(chunk.subarray(0, linesEnd));
    closePiece(intake, piece, chunkOffset + linesEnd);
  }
  piece.hash.update(chunk.subarray(linesEnd));
}

function closePiece(intake: LineIntake, piece: OpenPiece, to: number): void {
  const sha256 = piece.hash.digest("hex");
  intake.range.pieces.push([to, sha256]);
  intake.range.to = to;
  addPiece(intake.range.stream, { from: piece.from, to, sha256 });
  piece.from = to;
  piece.hash = createPieceHash(piece.secret);
}

/** The chunks of a range, cut off at its end; at a stream's beginning in small portions. */
async function* inPieces(chunks: AsyncIterable<Uint8Array>, range: Range): AsyncGenerator<Uint8Array> {
  let offset = range.from;
  for await (const chunk of chunks) {
    const usable = chunk.subarray(0, Math.max(0, range.to - offset));
    let at = 0;
    while (at < usable.length) {
      const ends = FIRST_PIECES_BYTES.find((end) => end > offset + at) ?? Number.POSITIVE_INFINITY;
      const part = usable.subarray(at, Math.min(usable.length, ends - offset));
      yield part;
      at += part.length;
    }
    offset += chunk.length;
    if (offset >= range.to) return;
  }
}

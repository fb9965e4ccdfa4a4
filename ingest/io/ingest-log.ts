import type { BatchBuilder } from "../batch/batch-builder.ts";
import type { IntakePolicy } from "../batch/line-intake.ts";
import type { LineFormat } from "../format/line-format.ts";
import { headFingerprint } from "../source/head-fingerprint.ts";
import {
  createStreamMatcher,
  feedMatcher,
  matchedStream,
  plausibleStreams,
  type StreamMatcher,
  uncomparedBytes,
  uncoveredRanges,
} from "../source/match-stream.ts";
import { addStream, candidatesOf, type KnownStream, type StreamIndex } from "../source/stream-index.ts";
import { DamagedLogError } from "./damaged-log-error.ts";
import type { OpenLog } from "./open-log.ts";
import { readSource, type SourceReport } from "./read-source.ts";

/** What became of one log. */
export type LogOutcome =
  | {
      readonly kind: "read";
      readonly format: string;
      /** Decompressed bytes that were stored before. */
      readonly knownBytes: number;
      /** Of them, bytes at the end that lie inside a stored piece and could not be compared. */
      readonly uncomparedBytes: number;
      readonly report: SourceReport;
    }
  /** Nothing is in it, or nothing but the beginning of a line. */
  | { readonly kind: "empty"; readonly unfinishedBytes: number; readonly damage: string | undefined }
  /** No format fits its lines; none was read. */
  | { readonly kind: "unknown-format"; readonly sampledLines: number };

/** Finds the format of a log from its first bytes; undefined, with the number of lines tried, if none fits. */
export type ChooseFormat = (sample: Uint8Array) => {
  readonly format: LineFormat | undefined;
  readonly sampledLines: number;
};

export interface LogJob {
  readonly log: OpenLog;
  /** The site, where the file's name or the operator gives it. */
  readonly domain: string | undefined;
  /** True when the operator gave it for all lines, whatever they name. */
  readonly isDomainGiven: boolean;
  /** True when the log is another one than any that is stored, however it begins. */
  readonly isNew: boolean;
  readonly chooseFormat: ChooseFormat;
  readonly lineBytesMax: number;
  /** True when a last line without a newline is a whole line: nobody writes to the file any more. */
  readonly isFinished: boolean;
  readonly onProgress?: (fileBytes: number) => void;
  readonly signal: AbortSignal;
}

/** How much of a log is looked at to find its format. */
const SAMPLE_BYTES = 256 * 1024;

/**
 * Reads of a log what is not stored yet. The log may have been seen before under another name, compressed or
 * shorter: its bytes decide.
 */
export async function ingestLog(
  job: LogJob,
  streams: StreamIndex,
  builder: BatchBuilder,
  policy: IntakePolicy,
  flush: () => Promise<void>,
): Promise<LogOutcome> {
  const { log, domain } = job;
  const { sample, damage } = await readSample(log);
  const hasLine = sample.includes(0x0a) || (job.isFinished && sample.length > 0 && damage === undefined);
  if (!hasLine) return { kind: "empty", unfinishedBytes: sample.length, damage };
  const { format, sampledLines } = job.chooseFormat(sample);
  if (format === undefined) return { kind: "unknown-format", sampledLines };

  const { secret } = streams;
  const head = headFingerprint(secret, sample, domain);
  const candidates = job.isNew ? [] : plausibleStreams(candidatesOf(streams, head), sample, secret);
  const known = await findStream(log, candidates, secret);
  const stream = known.stream ?? addStream(streams, head);
  const lengthBytes = log.compression === "none" ? (log.sizeBytes ?? 0) : known.lengthBytes;
  const gaps = uncoveredRanges(stream.pieces, lengthBytes);
  const knownBytes = stream.pieces.reduce(
    (sum, { from, to }) => sum + Math.max(0, Math.min(to, lengthBytes) - from),
    0,
  );
  let report = nothingRead;
  for (const range of gaps) {
    if (job.signal.aborted) break;
    const isFinished = job.isFinished && range.to === lengthBytes;
    const source = { format, domain, isDomainGiven: job.isDomainGiven, modifiedMs: log.modifiedMs };
    report = added(
      report,
      await readSource({ ...job, stream, secret, range, source, isFinished }, builder, policy, flush),
    );
  }
  return { kind: "read", format: format.name, knownBytes, uncomparedBytes: known.uncomparedBytes, report };
}

const nothingRead: SourceReport = {
  readBytes: 0,
  unfinishedBytes: 0,
  unknownDomainLines: 0,
  linesWithUnkeptFields: 0,
  destroyedDayLines: 0,
  otherLayouts: {},
  damage: undefined,
};

/** The report of a log from those of its parts, in order: only the last part can end within a line. */
function added(sum: SourceReport, part: SourceReport): SourceReport {
  return {
    readBytes: sum.readBytes + part.readBytes,
    unfinishedBytes: part.unfinishedBytes,
    unknownDomainLines: sum.unknownDomainLines + part.unknownDomainLines,
    linesWithUnkeptFields: sum.linesWithUnkeptFields + part.linesWithUnkeptFields,
    destroyedDayLines: sum.destroyedDayLines + part.destroyedDayLines,
    otherLayouts: addedCounts(sum.otherLayouts, part.otherLayouts),
    damage: sum.damage ?? part.damage,
  };
}

function addedCounts(
  a: Readonly<Record<string, number>>,
  b: Readonly<Record<string, number>>,
): Readonly<Record<string, number>> {
  const sum = { ...a };
  for (const [name, count] of Object.entries(b)) sum[name] = (sum[name] ?? 0) + count;
  return sum;
}

async function readSample(
  log: OpenLog,
): Promise<{ readonly sample: Buffer; readonly damage: string | undefined }> {
  const parts: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of log.read(0)) {
      parts.push(Buffer.from(chunk));
      length += chunk.length;
      if (length >= SAMPLE_BYTES) break;
    }
  } catch (error) {
    // What came before the damage is read like any other log.
    if (!(error instanceof DamagedLogError)) throw error;
    return { sample: Buffer.concat(parts), damage: error.message };
  }
  return { sample: Buffer.concat(parts), damage: undefined };
}

interface FoundStream {
  readonly stream: KnownStream | undefined;
  /** Of the decompressed log; infinite if it was not read to its end. */
  readonly lengthBytes: number;
  /** Bytes at the log's end that lie inside a stored piece, so that nothing says whether they are the same. */
  readonly uncomparedBytes: number;
}

/**
 * Compares the whole log with the streams that begin like it. A compressed one is read to its end, so that one
 * that is stored already need not be unpacked a second time.
 */
async function findStream(
  log: OpenLog,
  candidates: readonly KnownStream[],
  secret: Uint8Array,
): Promise<FoundStream> {
  const unread = Number.POSITIVE_INFINITY;
  if (candidates.length === 0) return { stream: undefined, lengthBytes: unread, uncomparedBytes: 0 };
  const matcher = createStreamMatcher(candidates, secret);
  let offset = 0;
  try {
    for await (const chunk of log.read(0)) {
      const isOpen = feedMatcher(matcher, chunk, offset);
      offset += chunk.length;
      if (isOpen || (log.compression !== "none" && matchedStream(matcher) !== undefined)) continue;
      return { ...foundIn(matcher), lengthBytes: unread };
    }
  } catch (error) {
    if (!(error instanceof DamagedLogError)) throw error;
    return { ...foundIn(matcher), lengthBytes: unread };
  }
  return { ...foundIn(matcher), lengthBytes: offset };
}

function foundIn(matcher: StreamMatcher): Omit<FoundStream, "lengthBytes"> {
  return { stream: matchedStream(matcher), uncomparedBytes: uncomparedBytes(matcher) };
}

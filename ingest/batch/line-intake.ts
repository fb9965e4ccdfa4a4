import { type Day, dayOfEpochDay, epochDay, MS_PER_DAY } from "../../src/day.ts";
import { UNKNOWN_DOMAIN } from "../../src/host-name.ts";
import { type Reason, reasonCode, reasons } from "../../src/reason.ts";
import { oldestKeptDay, type Term } from "../../src/term.ts";
import {
  createParsedLine,
  field,
  type LineFormat,
  type LineParser,
  type ParsedLine,
} from "../format/line-format.ts";
import type { LineSink } from "../line/split-lines.ts";
import { type BatchBuilder, noteQuarantined, noteRefused, type SourceRange } from "./batch-builder.ts";
import { domainIndex, loggedDomainIndex } from "./domain-table.ts";
import { type EventBounds, quarantineDay } from "./event-bounds.ts";
import { appendLine, appendUnreadLine } from "./line-batch.ts";

/** Decides what becomes of each line of one source, and puts it into the batch that is being filled. */
export interface LineIntake extends LineSink {
  /** The range of the current batch; the caller opens a new one after each flush. */
  range: SourceRange;
  /** Lines that named no usable site. */
  unknownDomainLines: number;
  /** Lines that held fields without a place in the record. */
  linesWithUnkeptFields: number;
  /** Lines that were refused because the key of their day was destroyed. */
  destroyedDayLines: number;
  /** How many lines were read by another layout than the source's own, by its name. */
  otherLayouts(): Readonly<Record<string, number>>;
}

export interface IntakeSource {
  readonly format: LineFormat;
  /** The site, where the file's name or the operator gives it. */
  readonly domain: string | undefined;
  /** True when the operator gave it for all lines, whatever they name. */
  readonly isDomainGiven: boolean;
  /** When the file was last written: what an unreadable line's day is taken from, when nothing better is known. */
  readonly modifiedMs: number;
}

export interface IntakePolicy {
  readonly bounds: EventBounds;
  readonly quarantineTerm: Term;
  /** By class index. */
  readonly rawTerms: readonly Term[];
  readonly classOf: (domain: string) => number;
}

const NO_BYTES = new Uint8Array(0);

/**
 * A time that seems to be older than the web is none: what stood there was a number of another kind, or a clock
 * that was not set. It must not make an unreadable line expire, nor those that follow.
 */
const WEB_BEGINS_MS = Date.UTC(1991, 0, 1);

export function createLineIntake(
  builder: BatchBuilder,
  range: SourceRange,
  source: IntakeSource,
  policy: IntakePolicy,
): LineIntake {
  const state: IntakeState = {
    builder,
    source,
    policy,
    range,
    parser: source.format.open(),
    parsed: createParsedLine(),
    fallbackClass: policy.classOf(source.domain ?? UNKNOWN_DOMAIN),
    partitionDays: policy.rawTerms.map(() => new Map<number, number>()),
    oldestQuarantineDay: epochDay(oldestKeptDay(dayOfEpochDay(policy.bounds.today), policy.quarantineTerm)),
    lastDay: Math.min(Math.floor(source.modifiedMs / MS_PER_DAY), policy.bounds.today),
    unknownDomainLines: 0,
    linesWithUnkeptFields: 0,
    destroyedDayLines: 0,
    otherLayouts: () => otherLayouts(state.parser),
    line: (bytes, start, end, offset, next) => takeLine(state, bytes, start, end, offset, next),
    overlong(head, offset, next, lineBytes, sha256) {
      state.range.lines++;
      builder.batch.lineBytes += head.length;
      const kept = { bytes: head, start: 0, end: head.length, offset, next, lineBytes, sha256 };
      setAside(state, "too-long", Number.NaN, kept, state.fallbackClass);
    },
    hole(offset, next) {
      state.range.lines++;
      const kept = { bytes: NO_BYTES, start: 0, end: 0, offset, next, lineBytes: next - offset };
      setAside(state, "nul-bytes", Number.NaN, kept, state.fallbackClass);
    },
  };
  return state;
}

function otherLayouts(parser: LineParser): Readonly<Record<string, number>> {
  const [, ...others] = parser.countLines?.() ?? [];
  return Object.fromEntries(
    others.filter(({ lines }) => lines > 0).map(({ format, lines }) => [format.name, lines]),
  );
}

interface IntakeState extends LineIntake {
  readonly builder: BatchBuilder;
  readonly source: IntakeSource;
  readonly policy: IntakePolicy;
  readonly parser: LineParser;
  readonly parsed: ParsedLine;
  /** The class of lines of which no site is known. */
  readonly fallbackClass: number;
  /** By class and estimated day. */
  readonly partitionDays: readonly Map<number, number>[];
  /** Older partitions of quarantine are due. */
  readonly oldestQuarantineDay: number;
  /** The day of the nearest earlier line that had one. */
  lastDay: number;
}

function takeLine(
  state: IntakeState,
  bytes: Uint8Array,
  start: number,
  end: number,
  offset: number,
  next: number,
): void {
  const { builder, range, parsed } = state;
  const { bounds } = state.policy;
  range.lines++;
  builder.batch.lineBytes += next - offset;
  const code = start === end ? reasonCode.empty : state.parser.parse(bytes, start, end, parsed);
  const { timeMs } = parsed;
  if (code !== 0) {
    const line = { bytes, start, end, offset, next, lineBytes: end - start };
    setAside(state, reasons[code] as Reason, start === end ? Number.NaN : timeMs, line, state.fallbackClass);
    return;
  }
  const domain = domainOf(state, bytes);
  const classIndex = builder.domains.classes[domain] as number;
  if (timeMs > bounds.latestMs) {
    setAside(
      state,
      "future",
      timeMs,
      { bytes, start, end, offset, next, lineBytes: end - start },
      classIndex,
    );
    return;
  }
  const day = Math.floor(timeMs / MS_PER_DAY);
  if (timeMs >= WEB_BEGINS_MS) state.lastDay = Math.min(day, bounds.today);
  const isDestroyed = bounds.closed?.closedRawDays[classIndex]?.has(day) === true;
  if (isDestroyed || day < (bounds.oldestDay[classIndex] as number)) {
    if (isDestroyed) state.destroyedDayLines++;
    noteRefused(range, offset, next);
    return;
  }
  if (builder.domains.names[domain] === UNKNOWN_DOMAIN) state.unknownDomainLines++;
  if (parsed.unkeptFields > 0) state.linesWithUnkeptFields++;
  range.stored++;
  appendLine(builder.batch, bytes, parsed, range.index, domain, offset, state.source.format.escape);
}

function domainOf({ builder: { domains }, source, parsed }: IntakeState, bytes: Uint8Array): number {
  const start = parsed.spans[field.domain * 2] as number;
  if (start === -1 || source.isDomainGiven) return domainIndex(domains, source.domain ?? UNKNOWN_DOMAIN);
  const end = parsed.spans[field.domain * 2 + 1] as number;
  return loggedDomainIndex(domains, bytes, start, end, source.format.escape);
}

interface KeptLine {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
  readonly offset: number;
  readonly next: number;
  readonly lineBytes: number;
  readonly sha256?: string;
}

/** Quarantines a line, or refuses it if the day it is taken to be of is past its term, or destroyed. */
function setAside(
  state: IntakeState,
  reason: Reason,
  timeMs: number,
  line: KeptLine,
  classIndex: number,
): void {
  const { builder, range } = state;
  const { bounds } = state.policy;
  const hasTime = timeMs >= WEB_BEGINS_MS;
  // What is ahead of the clock is taken to be of today.
  const estimatedDay = hasTime ? Math.min(Math.floor(timeMs / MS_PER_DAY), bounds.today) : state.lastDay;
  // A time that cannot be right says nothing of the lines that follow.
  if (hasTime && timeMs <= bounds.latestMs) state.lastDay = estimatedDay;
  const isPast = estimatedDay < (bounds.oldestRawDay[classIndex] as number);
  const partitionDay = isPast ? Number.NEGATIVE_INFINITY : partitionDayOf(state, estimatedDay, classIndex);
  // Where terms are months, a line on the last day of its own term may have no partition that is not due.
  if (partitionDay < state.oldestQuarantineDay) {
    noteRefused(range, line.offset, line.next);
    return;
  }
  if (isDestroyedDay(bounds, estimatedDay, partitionDay, classIndex)) {
    state.destroyedDayLines++;
    noteRefused(range, line.offset, line.next);
    return;
  }
  noteQuarantined(range, line.offset, line.next, reason);
  appendUnreadLine(builder.batch, line.bytes, line.start, line.end, {
    reason: reasonCode[reason],
    estimatedDay,
    partitionDay,
    source: range.index,
    offset: line.offset,
    lineBytes: line.lineBytes,
    sha256: line.sha256,
  });
}

function isDestroyedDay(
  { closed }: EventBounds,
  estimatedDay: number,
  partitionDay: number,
  classIndex: number,
): boolean {
  if (closed === undefined) return false;
  return (
    closed.closedRawDays[classIndex]?.has(estimatedDay) === true ||
    closed.closedQuarantineDays.has(partitionDay)
  );
}

function partitionDayOf(
  { partitionDays, policy }: IntakeState,
  estimatedDay: number,
  classIndex: number,
): number {
  const ofClass = partitionDays[classIndex] as Map<number, number>;
  const known = ofClass.get(estimatedDay);
  if (known !== undefined) return known;
  const rawTerm = policy.rawTerms[classIndex] as Term;
  const receipt: Day = dayOfEpochDay(policy.bounds.today);
  const day = epochDay(quarantineDay(receipt, dayOfEpochDay(estimatedDay), rawTerm, policy.quarantineTerm));
  ofClass.set(estimatedDay, day);
  return day;
}

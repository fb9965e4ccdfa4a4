import { type Day, dayOfEpochDay, epochDay, MS_PER_DAY } from "../../src/day.ts";
import { type Reason, reasonCode, reasons } from "../../src/reason.ts";
import type { Term } from "../../src/term.ts";
import { createParsedLine, field, type LineFormat } from "../format/line-format.ts";
import type { LineSink } from "../line/split-lines.ts";
import { type BatchBuilder, noteQuarantined, noteRefused, type SourceRange } from "./batch-builder.ts";
import { domainIndex, loggedDomainIndex, UNKNOWN_DOMAIN } from "./domain-table.ts";
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
}

export interface IntakeSource {
  readonly format: LineFormat;
  /** The site, where the file's name or the operator gives it. */
  readonly domain: string | undefined;
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
 * An unreadable line whose time seems to be older than the web has no time: what stood there was a number of
 * another kind, and must not make the line expire.
 */
const WEB_BEGINS_MS = Date.UTC(1991, 0, 1);

export function createLineIntake(
  builder: BatchBuilder,
  range: SourceRange,
  source: IntakeSource,
  policy: IntakePolicy,
): LineIntake {
  const { batch } = builder;
  const { bounds } = policy;
  const parser = source.format.open();
  const rule = source.format.escape;
  const parsed = createParsedLine();
  const fallbackClass = policy.classOf(source.domain ?? UNKNOWN_DOMAIN);
  /** By class and estimated day. */
  const partitionDays = policy.rawTerms.map(() => new Map<number, number>());
  /** The day of the nearest earlier line that had one. */
  let lastDay = Math.min(Math.floor(source.modifiedMs / MS_PER_DAY), bounds.today);

  const domainOf = (bytes: Uint8Array): number => {
    const start = parsed.spans[field.domain * 2] as number;
    if (source.domain !== undefined) return domainIndex(builder.domains, source.domain);
    if (start === -1) return domainIndex(builder.domains, UNKNOWN_DOMAIN);
    return loggedDomainIndex(builder.domains, bytes, start, parsed.spans[field.domain * 2 + 1] as number, rule);
  };

  const partitionDayOf = (estimatedDay: number, classIndex: number): number => {
    const ofClass = partitionDays[classIndex] as Map<number, number>;
    const known = ofClass.get(estimatedDay);
    if (known !== undefined) return known;
    const rawTerm = policy.rawTerms[classIndex] as Term;
    const receipt: Day = dayOfEpochDay(bounds.today);
    const day = epochDay(quarantineDay(receipt, dayOfEpochDay(estimatedDay), rawTerm, policy.quarantineTerm));
    ofClass.set(estimatedDay, day);
    return day;
  };

  const setAside = (
    reason: Reason,
    timeMs: number,
    line: { readonly bytes: Uint8Array; readonly start: number; readonly end: number },
    offset: number,
    next: number,
    lineBytes: number,
    { sha256, classIndex = fallbackClass }: { readonly sha256?: string; readonly classIndex?: number } = {},
  ): void => {
    const hasTime = timeMs >= WEB_BEGINS_MS;
    // What is ahead of the clock is taken to be of today.
    const estimatedDay = hasTime ? Math.min(Math.floor(timeMs / MS_PER_DAY), bounds.today) : lastDay;
    // A time that cannot be right says nothing of the lines that follow.
    if (hasTime && timeMs <= bounds.latestMs) lastDay = estimatedDay;
    if (estimatedDay < (bounds.oldestRawDay[classIndex] as number)) {
      noteRefused(intake.range, offset, next);
      return;
    }
    noteQuarantined(intake.range, offset, next, reason);
    appendUnreadLine(batch, line.bytes, line.start, line.end, {
      reason: reasonCode[reason],
      estimatedDay,
      partitionDay: partitionDayOf(estimatedDay, classIndex),
      source: intake.range.index,
      offset,
      lineBytes,
      sha256,
    });
  };

  const intake: LineIntake = {
    range,
    unknownDomainLines: 0,
    linesWithUnkeptFields: 0,
    line(bytes, start, end, offset, next) {
      intake.range.lines++;
      batch.lineBytes += next - offset;
      const code = start === end ? reasonCode.empty : parser.parse(bytes, start, end, parsed);
      const { timeMs } = parsed;
      if (code !== 0) {
        const ownTimeMs = start === end ? Number.NaN : timeMs;
        setAside(reasons[code] as Reason, ownTimeMs, { bytes, start, end }, offset, next, end - start);
        return;
      }
      const domain = domainOf(bytes);
      const classIndex = builder.domains.classes[domain] as number;
      if (timeMs > bounds.latestMs) {
        setAside("future", timeMs, { bytes, start, end }, offset, next, end - start, { classIndex });
        return;
      }
      const day = Math.floor(timeMs / MS_PER_DAY);
      lastDay = Math.min(day, bounds.today);
      if (day < (bounds.oldestDay[classIndex] as number)) {
        noteRefused(intake.range, offset, next);
        return;
      }
      if (builder.domains.names[domain] === UNKNOWN_DOMAIN) intake.unknownDomainLines++;
      if (parsed.unkeptFields > 0) intake.linesWithUnkeptFields++;
      intake.range.stored++;
      appendLine(batch, bytes, parsed, intake.range.index, domain, offset, rule);
    },
    overlong(head, offset, next, lineBytes, sha256) {
      intake.range.lines++;
      batch.lineBytes += head.length;
      const kept = { bytes: head, start: 0, end: head.length };
      setAside("too-long", Number.NaN, kept, offset, next, lineBytes, { sha256 });
    },
    hole(offset, next) {
      intake.range.lines++;
      setAside("nul-bytes", Number.NaN, { bytes: NO_BYTES, start: 0, end: 0 }, offset, next, next - offset);
    },
  };
  return intake;
}

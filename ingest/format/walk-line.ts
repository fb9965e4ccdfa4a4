import { reasonCode } from "../../src/reason.ts";
import { BACKSLASH, BLANK, COMMA, HYPHEN, isDigit } from "./byte.ts";
import { createTimeMemory, type TimeMemory } from "./clf-time.ts";
import { isStatusAt } from "./find-end.ts";
import { field, type ParsedLine } from "./line-format.ts";
import { endOfDigits, NO_NUMBER, readScaled, readStatus, readWhole } from "./read-number.ts";
import { clearLine, isAbsent, refuseLine, setRemoteUser, setSpan } from "./set-field.ts";
import { splitRequest, splitTarget } from "./split-request.ts";
import { readTime, type TimePattern } from "./time-pattern.ts";

/** What becomes of a value of the line. */
export const take = {
  /** Nothing: it has no place in the record and is counted. */
  unkept: 0,
  /** As {@link take.unkept}, of digits: a port, a process. */
  unkeptNumber: 1,
  /** The field that the step names. */
  text: 2,
  /** The client, which may be a list whose commas have blanks behind them. */
  client: 3,
  remoteUser: 4,
  request: 5,
  /** Path and query. */
  target: 6,
  /** A query with its `?` before it. */
  markedQuery: 7,
  status: 8,
  bytesSent: 9,
  duration: 10,
  time: 11,
} as const;

export type Take = (typeof take)[keyof typeof take];

/** One value and the literal behind it. */
export interface WalkStep {
  /** One of {@link take}; a plain number, as the hot path's switches have a default. */
  readonly take: number;
  /** The field of the line, for `text`; else -1. */
  readonly field: number;
  /** Milliseconds of one unit, for `duration`; else 0. */
  readonly unitMs: number;
  readonly literal: Uint8Array;
  /** How much of the literal is passed over: nothing where it begins the next value. */
  readonly literalLength: number;
}

/** A compiled format: literal, value, literal, value, literal, to the end of the line. */
export interface Walk {
  readonly head: Uint8Array;
  readonly steps: readonly WalkStep[];
  readonly time: TimePattern;
  /** True when a backslash takes the byte behind it, so that no literal can begin there. */
  readonly hasEscapes: boolean;
}

/** What one source's lines are walked with. */
export interface Walker {
  readonly walk: Walk;
  readonly memory: TimeMemory;
  /** Where the last time was found that a search looked ahead to, and where it ends. */
  timeAt: number;
  timeEnd: number;
}

export function createWalker(walk: Walk): Walker {
  return { walk, memory: createTimeMemory(), timeAt: -1, timeEnd: -1 };
}

/**
 * Reads a line by its walk: every value ends at the first place where its literal stands, not taken by a
 * backslash, and the next value can begin; the last one's at the end of the line. So the text before a time
 * ends only where a whole time follows. Nothing is tried twice: the work is linear in the line's length.
 */
export function walkLine(
  walker: Walker,
  bytes: Uint8Array,
  start: number,
  end: number,
  line: ParsedLine,
): number {
  clearLine(line);
  walker.timeAt = -1;
  const { head, steps } = walker.walk;
  if (!isLiteralAt(head, bytes, start, end)) return reasonCode.shape;
  let at = start + head.length;
  let reason: number = reasonCode.parsed;
  for (let i = 0; i < steps.length; i++) {
    const step = steps[i] as WalkStep;
    const valueEnd = endOfValue(walker, i, bytes, at, end);
    if (valueEnd === -1) return refuseLine(line, line.timeMs, reasonCode.shape);
    const found = keepValue(walker, step, bytes, at, valueEnd, line);
    if (reason === reasonCode.parsed) reason = found;
    at = valueEnd + step.literalLength;
  }
  if (at !== end) return refuseLine(line, line.timeMs, reasonCode.shape);
  return reason === reasonCode.parsed ? reason : refuseLine(line, line.timeMs, reason);
}

/** Where the value of step `index` ends, its literal behind it, or -1. */
function endOfValue(walker: Walker, index: number, bytes: Uint8Array, at: number, end: number): number {
  const step = walker.walk.steps[index] as WalkStep;
  switch (step.take) {
    case take.time: {
      const timeEnd =
        at === walker.timeAt ? walker.timeEnd : readTime(walker.memory, walker.walk.time, bytes, at, end);
      return timeEnd !== -1 && isLiteralAt(step.literal, bytes, timeEnd, end) ? timeEnd : -1;
    }
    case take.status:
    case take.bytesSent:
    case take.duration:
    case take.unkeptNumber: {
      const isHyphen = at < end && bytes[at] === HYPHEN;
      const numberEnd = isHyphen ? at + 1 : endOfDigits(bytes, at, end, step.take === take.duration);
      return isLiteralAt(step.literal, bytes, numberEnd, end) ? numberEnd : -1;
    }
    default:
      return findLiteral(walker, index, bytes, at, end);
  }
}

function findLiteral(walker: Walker, index: number, bytes: Uint8Array, at: number, end: number): number {
  const { steps, hasEscapes } = walker.walk;
  const { literal, literalLength, take: taken } = steps[index] as WalkStep;
  const isLast = index === steps.length - 1;
  if (isLast && literal.length === 0) return end;
  const first = literal[0];
  const mayBeList = taken === take.client && first === BLANK;
  for (let i = at; i < end; i++) {
    const byte = bytes[i];
    if (byte === first && isLiteralAt(literal, bytes, i, end)) {
      const isInList = mayBeList && i > at && bytes[i - 1] === COMMA;
      const next = i + literalLength;
      if (!isInList && (isLast ? next === end : canBegin(walker, index + 1, bytes, next, end))) return i;
    }
    if (byte === BACKSLASH && hasEscapes) i++;
  }
  return -1;
}

/** False when the value of step `index` cannot stand at `at`, as its shape shows at once. */
function canBegin(walker: Walker, index: number, bytes: Uint8Array, at: number, end: number): boolean {
  const step = walker.walk.steps[index] as WalkStep;
  switch (step.take) {
    case take.time: {
      const timeEnd = readTime(walker.memory, walker.walk.time, bytes, at, end);
      if (timeEnd === -1 || !isLiteralAt(step.literal, bytes, timeEnd, end)) return false;
      walker.timeAt = at;
      walker.timeEnd = timeEnd;
      return true;
    }
    case take.status:
      return isStatusAt(bytes, at, end) || isLiteralAt(step.literal, bytes, at, end);
    case take.bytesSent:
    case take.duration:
    case take.unkeptNumber: {
      const byte = at < end ? (bytes[at] as number) : 0;
      return isDigit(byte) || byte === HYPHEN || isLiteralAt(step.literal, bytes, at, end);
    }
    default:
      return true;
  }
}

/** Keeps one value in `line` and returns the code of the reason for which the line is none, or 0. */
function keepValue(
  { memory }: Walker,
  step: WalkStep,
  bytes: Uint8Array,
  start: number,
  end: number,
  line: ParsedLine,
): number {
  if (step.take === take.time) {
    line.timeMs = memory.ms;
    return Number.isNaN(memory.ms) ? reasonCode.time : reasonCode.parsed;
  }
  if (isAbsent(bytes, start, end)) return reasonCode.parsed;
  switch (step.take) {
    case take.text:
      setSpan(line, step.field, start, end);
      return reasonCode.parsed;
    case take.client:
      setSpan(line, field.client, start, end);
      return reasonCode.parsed;
    case take.remoteUser:
      setRemoteUser(line, bytes, start, end);
      return reasonCode.parsed;
    case take.request:
      splitRequest(line, bytes, start, end);
      return reasonCode.parsed;
    case take.target:
      splitTarget(line, bytes, start, end);
      return reasonCode.parsed;
    case take.markedQuery:
      setSpan(line, field.query, bytes[start] === 0x3f ? start + 1 : start, end);
      return reasonCode.parsed;
    case take.status:
      if (end !== start + 3) return reasonCode.number;
      line.status = readStatus(bytes, start);
      return reasonCode.parsed;
    case take.bytesSent:
      line.bytesSent = readWhole(bytes, start, end);
      return line.bytesSent === NO_NUMBER ? reasonCode.number : reasonCode.parsed;
    case take.duration:
      line.durationMs = readScaled(bytes, start, end, step.unitMs);
      return line.durationMs === NO_NUMBER ? reasonCode.number : reasonCode.parsed;
    default:
      line.unkeptFields++;
      return reasonCode.parsed;
  }
}

function isLiteralAt(literal: Uint8Array, bytes: Uint8Array, at: number, end: number): boolean {
  if (at + literal.length > end) return false;
  for (let i = 0; i < literal.length; i++) if (bytes[at + i] !== literal[i]) return false;
  return true;
}

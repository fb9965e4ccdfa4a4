import { reasonCode } from "../../src/reason.ts";
import { HYPHEN, QUESTION_MARK, SLASH } from "./byte.ts";
import { endOfValue } from "./end-of-value.ts";
import { field, type ParsedLine } from "./line-format.ts";
import { NO_NUMBER, readScaled, readStatus, readWhole } from "./read-number.ts";
import { clearLine, isAbsent, refuseLine, setField, setRemoteUser, setSpan } from "./set-field.ts";
import { splitRequest, splitTarget } from "./split-request.ts";
import { isLiteralAt, keep, type Walker, type WalkStep } from "./walk.ts";

/**
 * Reads a line by its walk: every value ends at the first place where its literal stands and the next value can
 * begin, so the text before a time ends only where a whole time follows. No place is returned to: the work is
 * linear in the line's length. A line that goes on after the format's end is of another format.
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
    const next = valueEnd + step.literal.length;
    if (valueEnd === -1 || (i === steps.length - 1 && next !== end)) {
      return refuseLine(line, line.timeMs, reasonCode.shape);
    }
    const found = keepValue(walker, step, bytes, at, valueEnd, line);
    if (reason === reasonCode.parsed) reason = found;
    at = next;
  }
  return reason === reasonCode.parsed ? reason : refuseLine(line, line.timeMs, reason);
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
  if (isAbsent(bytes, start, end)) return reasonCode.parsed;
  switch (step.keep) {
    case keep.field:
      setSpan(line, step.field, start, end);
      return reasonCode.parsed;
    case keep.remoteUser:
      setRemoteUser(line, bytes, start, end);
      return reasonCode.parsed;
    case keep.request:
      splitRequest(line, bytes, start, end);
      return reasonCode.parsed;
    case keep.target:
      splitTarget(line, bytes, start, end);
      return reasonCode.parsed;
    case keep.hostAndTarget:
      splitHost(line, step.field, bytes, start, end);
      return reasonCode.parsed;
    case keep.markedQuery:
      setSpan(line, field.query, bytes[start] === QUESTION_MARK ? start + 1 : start, end);
      return reasonCode.parsed;
    case keep.status:
      line.status = readStatus(bytes, start);
      return reasonCode.parsed;
    case keep.bytesSent:
      line.bytesSent = readWhole(bytes, start, end);
      return line.bytesSent === NO_NUMBER ? reasonCode.number : reasonCode.parsed;
    case keep.duration:
      line.durationMs = readScaled(bytes, start, end, step.unitMs);
      return line.durationMs === NO_NUMBER ? reasonCode.number : reasonCode.parsed;
    case keep.time:
      line.timeMs = memory.ms;
      return Number.isNaN(memory.ms) ? reasonCode.time : reasonCode.parsed;
    default:
      line.unkeptFields++;
      return reasonCode.parsed;
  }
}

/** A host ends at the first slash, where the target begins; a target that is not there is `-`. */
function splitHost(line: ParsedLine, index: number, bytes: Uint8Array, start: number, end: number): void {
  let hostEnd = start;
  while (hostEnd < end && bytes[hostEnd] !== SLASH) hostEnd++;
  if (hostEnd < end) splitTarget(line, bytes, hostEnd, end);
  else if (bytes[end - 1] === HYPHEN) hostEnd = end - 1;
  if (index !== -1) setField(line, index, bytes, start, hostEnd);
}

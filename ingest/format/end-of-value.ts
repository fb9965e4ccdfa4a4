import { BACKSLASH, BLANK, COMMA, HYPHEN } from "./byte.ts";
import { isStatusAt } from "./find-end.ts";
import { endOfProtocol } from "./protocol.ts";
import { endOfDigits } from "./read-number.ts";
import { readTime } from "./time-pattern.ts";
import { isLiteralAt, shape, type Walker, type WalkStep } from "./walk.ts";

/** How far a look ahead reads a number. A longer one is none of a log, and looking must stay bounded. */
const LOOK_AHEAD_MAX = 64;

/** Where the value of step `index`, which begins at `at`, ends with its literal behind it, or -1. */
export function endOfValue(
  walker: Walker,
  index: number,
  bytes: Uint8Array,
  at: number,
  end: number,
): number {
  const step = walker.walk.steps[index] as WalkStep;
  if (step.shape === shape.time && at === walker.timeAt) return walker.timeEnd;
  if (step.shape < shape.status) return findLiteral(walker, index, bytes, at, end);
  return endOfShape(walker, step, bytes, at, end);
}

/**
 * The first place where the step's literal stands, not taken by a backslash, and the next value can begin; the
 * last literal must stand at the end of the line.
 */
function findLiteral(walker: Walker, index: number, bytes: Uint8Array, at: number, end: number): number {
  const { steps, hasEscapes } = walker.walk;
  const { literal, shape: shapeHere } = steps[index] as WalkStep;
  const next = steps[index + 1];
  if (literal.length === 0) return end;
  const first = literal[0];
  const mayBeList = shapeHere === shape.list && first === BLANK;
  for (let i = at; i < end; i++) {
    const byte = bytes[i];
    if (byte === first && isLiteralAt(literal, bytes, i, end)) {
      const isInList = mayBeList && i > at && bytes[i - 1] === COMMA;
      const after = i + literal.length;
      if (!isInList && (next === undefined ? after === end : canBegin(walker, next, bytes, after, end)))
        return i;
    }
    if (byte === BACKSLASH && hasEscapes) i++;
  }
  return -1;
}

/** False when the value of `step` cannot stand at `at`, as its shape shows at once. */
function canBegin(walker: Walker, step: WalkStep, bytes: Uint8Array, at: number, end: number): boolean {
  if (step.shape < shape.protocol) return true;
  if (step.shape !== shape.time) {
    return endOfShape(walker, step, bytes, at, Math.min(end, at + LOOK_AHEAD_MAX)) !== -1;
  }
  const timeEnd = endOfShape(walker, step, bytes, at, end);
  if (timeEnd === -1) return false;
  walker.timeAt = at;
  walker.timeEnd = timeEnd;
  return true;
}

/** Where a value that shows its own end ends, its literal behind it, or -1. */
function endOfShape(walker: Walker, step: WalkStep, bytes: Uint8Array, at: number, end: number): number {
  const mayBeAbsent = step.shape !== shape.time && at < end && bytes[at] === HYPHEN;
  const shapeEnd = mayBeAbsent ? at + 1 : endOfText(walker, step, bytes, at, end);
  return shapeEnd !== -1 && isLiteralAt(step.literal, bytes, shapeEnd, end) ? shapeEnd : -1;
}

function endOfText(walker: Walker, step: WalkStep, bytes: Uint8Array, at: number, end: number): number {
  switch (step.shape) {
    case shape.status:
      return isStatusAt(bytes, at, end) ? at + 3 : at;
    case shape.protocol:
      return Math.max(at, endOfProtocol(bytes, at, end));
    case shape.time:
      return step.time === undefined ? -1 : readTime(walker.memory, step.time, bytes, at, end);
    default:
      return endOfDigits(bytes, at, end, step.shape === shape.decimal);
  }
}

import { createTimeMemory, type TimeMemory } from "./clf-time.ts";
import type { TimePattern } from "./time-pattern.ts";

/** What a value looks like, which says where it may begin and end. All but the time may be `-` or empty. */
export const shape = {
  /** Anything: it ends where its literal stands and the next value can begin. */
  text: 0,
  /** As text; but a blank behind a comma is within a list and ends nothing. */
  list: 1,
  /** Letters, a slash, digits. */
  protocol: 2,
  /** Three digits. */
  status: 3,
  /** Digits. */
  whole: 4,
  /** Digits, perhaps with a dot and more. */
  decimal: 5,
  time: 6,
} as const;

/** What becomes of a value. */
export const keep = {
  /** It has no place in the record: it is counted. */
  nothing: 0,
  /** The field that the step names. */
  field: 1,
  remoteUser: 2,
  request: 3,
  /** Path and query. */
  target: 4,
  /** A host, which is the field that the step names, and a path and query directly behind it. */
  hostAndTarget: 5,
  /** A query with its `?` before it. */
  markedQuery: 6,
  status: 7,
  bytesSent: 8,
  duration: 9,
  time: 10,
} as const;

/** One value and the literal behind it. */
export interface WalkStep {
  /** One of {@link shape}. */
  readonly shape: number;
  /** One of {@link keep}. */
  readonly keep: number;
  /** -1 where `keep` names no field. */
  readonly field: number;
  /** Milliseconds of one unit of a duration; else 0. */
  readonly unitMs: number;
  /** Of a value that is a time. */
  readonly time: TimePattern | undefined;
  readonly literal: Uint8Array;
}

/** A compiled format: literal, value, literal, value, literal, to the end of the line. */
export interface Walk {
  readonly head: Uint8Array;
  readonly steps: readonly WalkStep[];
  /** True when a backslash takes the byte behind it, so that no literal can begin there. */
  readonly hasEscapes: boolean;
}

/** What one source's lines are walked with. */
export interface Walker {
  readonly walk: Walk;
  readonly memory: TimeMemory;
  /** Where the last time stands that a search looked ahead to, and where it ends. */
  timeAt: number;
  timeEnd: number;
}

export function createWalker(walk: Walk): Walker {
  return { walk, memory: createTimeMemory(), timeAt: -1, timeEnd: -1 };
}

export function isLiteralAt(literal: Uint8Array, bytes: Uint8Array, at: number, end: number): boolean {
  if (at + literal.length > end) return false;
  for (let i = 0; i < literal.length; i++) if (bytes[at + i] !== literal[i]) return false;
  return true;
}

/**
 * Why a line went to quarantine. The order is the code (index) that the hot path uses; a released code is
 * never given another meaning.
 */
export const reasons = [
  /** Not a reason: the line was read. */
  "parsed",
  /** The line does not have the shape of its format. */
  "shape",
  /** The time is no instant: `31/Feb`, an unknown month, an offset of more than a day. */
  "time",
  /** The time is more than a day ahead of the clock. */
  "future",
  /** The status, the byte count or the duration is no number that fits. */
  "number",
  /** The line is longer than the limit; its head, length and hash are kept. */
  "too-long",
  /** Nothing between two newlines. */
  "empty",
  /** NUL bytes only: the hole that a crash leaves in a log file. */
  "nul-bytes",
] as const;

export type Reason = (typeof reasons)[number];

/** The codes by name, for the hot path: 0 is "parsed". */
export const reasonCode = Object.fromEntries(reasons.map((reason, code) => [reason, code])) as {
  readonly [R in Reason]: number;
};

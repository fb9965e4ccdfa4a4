import type { Question } from "./question.ts";

/** How many rows match in one minute; `minute` counts from 1970. */
export interface MinuteCount {
  readonly minute: number;
  readonly rows: number;
}

export interface Slice {
  readonly fromMs: number;
  /** Exclusive. */
  readonly toMs: number;
  readonly rows: number;
}

const MINUTE_MS = 60_000;

/**
 * Cuts the matching minutes, ascending, into slices of at most `rowsMax` rows, so that each can be sorted in
 * memory; a minute that has more is a slice of its own. Together they hold every row once.
 */
export function slicesOf(
  counts: readonly MinuteCount[],
  { fromMs, toMs }: Pick<Question, "fromMs" | "toMs">,
  rowsMax: number,
): readonly Slice[] {
  const slices: Slice[] = [];
  for (const { minute, rows } of counts) {
    const last = slices.at(-1);
    const end = Math.min((minute + 1) * MINUTE_MS, toMs);
    if (last !== undefined && last.rows + rows <= rowsMax) {
      slices[slices.length - 1] = { ...last, toMs: end, rows: last.rows + rows };
    } else slices.push({ fromMs: Math.max(minute * MINUTE_MS, fromMs), toMs: end, rows });
  }
  return slices;
}

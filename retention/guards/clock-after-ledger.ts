import { CLOCKS_APART_MAX_MS } from "./clocks-agree.ts";
import type { Refusal } from "./refusal.ts";

/**
 * The newest time in the ledger is a watermark: a clock that shows less was set back, or was ahead before. It gives way to
 * a second witness, since a record of the future can never be taken back: the store's server, if its clock agrees with this
 * one, or a person who says that this clock is right.
 */
export function judgeWatermark(
  now: { readonly ms: number; readonly isArgument: boolean; readonly isConfirmed?: boolean },
  {
    storeMs,
    newestRecordMs,
  }: { readonly storeMs: number | undefined; readonly newestRecordMs: number | undefined },
): Refusal | undefined {
  const { ms: nowMs, isConfirmed = false } = now;
  if (newestRecordMs === undefined || nowMs >= newestRecordMs - CLOCKS_APART_MAX_MS) return undefined;
  if (isConfirmed || (storeMs !== undefined && !now.isArgument)) return undefined;
  const newest = new Date(newestRecordMs).toISOString();
  return {
    kind: "clock-behind-ledger",
    message: `it is ${new Date(nowMs).toISOString()} by this machine's clock, and the ledger has a record of ${newest}: nothing is destroyed before that time; set the clock if it is behind; if it is right, find out who wrote that record (hostlog ledger verify), then run it with --clock-is-right`,
  };
}

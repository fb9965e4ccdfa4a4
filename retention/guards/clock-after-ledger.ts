import { CLOCKS_APART_MAX_MS } from "./clocks-agree.ts";
import type { Refusal } from "./refusal.ts";

/** The newest time in the ledger is a watermark: a clock that shows less was set back, or was ahead before. */
export function judgeWatermark(nowMs: number, newestRecordMs: number | undefined): Refusal | undefined {
  if (newestRecordMs === undefined || nowMs >= newestRecordMs - CLOCKS_APART_MAX_MS) return undefined;
  const newest = new Date(newestRecordMs).toISOString();
  return {
    kind: "clock-behind-ledger",
    message: `it is ${new Date(nowMs).toISOString()} by this machine's clock, and the ledger has a record of ${newest}: nothing is destroyed before that time; set the clock if it is behind, and find out who wrote that record if it is not (hostlog ledger verify)`,
  };
}

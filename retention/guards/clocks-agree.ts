import type { Refusal } from "./refusal.ts";

export const CLOCKS_APART_MAX_MS = 5 * 60_000;

/** Which of two clocks is wrong nobody can tell from here. A server's word counts only against a clock that was not made up. */
export function judgeClocks(
  now: { readonly ms: number; readonly isArgument: boolean },
  storeMs: number | undefined,
): Refusal | undefined {
  if (now.isArgument || storeMs === undefined) return undefined;
  if (Math.abs(now.ms - storeMs) <= CLOCKS_APART_MAX_MS) return undefined;
  return {
    kind: "clocks-apart",
    message: `it is ${instant(now.ms)} by this machine's clock and ${instant(storeMs)} by the store's: nothing is destroyed while they differ by more than 5 minutes; set the one that is wrong (timedatectl says whether this one is synchronised), then run it again`,
  };
}

function instant(ms: number): string {
  return new Date(ms).toISOString();
}

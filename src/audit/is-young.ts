/** Clocks may be apart by so much; what is of the future beyond that is as old as can be. */
const CLOCKS_APART_MAX_MS = 5 * 60_000;

/** Whether something of that time may still be on its way. */
export function isYoung(
  atMs: number,
  { nowMs, inFlightMs }: { readonly nowMs: number; readonly inFlightMs: number },
): boolean {
  return nowMs - atMs <= inFlightMs && atMs - nowMs <= CLOCKS_APART_MAX_MS;
}

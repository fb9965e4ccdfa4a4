const msOf = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;

/** Every spelling of a unit that people use; the first letter decides. */
const pattern = /^(\d{1,6}) ?(s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?|w|weeks?)$/i;

/**
 * Reads `15m`, `2h`, `2d`, `1w`, `90 minutes` as ms; undefined for anything else. A day is 24 hours and a
 * week 7 of those, whatever the clocks did. Unlike a retention term, `m` is minutes: nobody searches by months.
 */
export function parseDuration(text: string): number | undefined {
  const match = pattern.exec(text.trim());
  if (match === null) return undefined;
  const [, count = "", unit = ""] = match;
  const letter = unit.charAt(0).toLowerCase();
  return Number(count) * msOf[letter as keyof typeof msOf];
}

import type { S3Place } from "./s3-place.ts";

/** What failed has had its time; what clears up after it must not double that. */
const CLEARING_BUDGET_MAX_MS = 20_000;

/** The same place, for clearing up. */
export function inHaste(place: S3Place): S3Place {
  const { patience } = place;
  return {
    ...place,
    patience: { ...patience, budgetMs: Math.min(patience.budgetMs, CLEARING_BUDGET_MAX_MS) },
  };
}

import type { Day } from "../day.ts";
import type { CheckedHold, PurgeGroup } from "../ledger/retention-record.ts";
import { type Hold, isLive, touches } from "./hold-state.ts";
import type { LookedThrough } from "./looked-through.ts";

/** The holds, and what was looked through for them. */
export interface HoldSight {
  readonly holds: readonly Hold[];
  readonly lookedThrough: LookedThrough;
  readonly today: Day;
}

/**
 * The live holds whose days take in the group, which is to be destroyed, and how many of its objects nobody has looked
 * through for them. `listedKeys`: those of the group's objects. A hold that has ended holds nothing.
 */
export function checkHolds(
  { holds, lookedThrough, today }: HoldSight,
  group: PurgeGroup,
  listedKeys: readonly string[],
): readonly CheckedHold[] {
  return holds
    .filter((hold) => isLive(hold, today) && touches(hold, group))
    .map((hold) => {
      const seen = lookedThrough(hold, group.day);
      return { hold: hold.id, objectsMissed: listedKeys.filter((key) => !seen.has(key)).length };
    });
}

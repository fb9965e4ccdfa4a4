import { addDays, type Day } from "../day.ts";
import { counted } from "../keyring/counted.ts";
import type { PurgeGroup } from "../ledger/retention-record.ts";
import { checkHolds, type HoldSight } from "./check-holds.ts";
import { isLive } from "./hold-state.ts";

/** A group of raw that is listed, and the day from whose 00:00 UTC it has to be gone. */
export interface HeldGroup {
  readonly group: PurgeGroup;
  readonly dueDay: Day;
  readonly keys: readonly string[];
}

export interface HoldAlarm {
  readonly kind: "not-looked-through" | "ends-soon";
  /** The hold's id. */
  readonly hold: string;
  /** What it is and what to do, in a sentence. */
  readonly text: string;
}

/** So long before rows go, or a hold ends, somebody is told each day. */
export const HOLD_ALARM_DAYS = 7;

/**
 * What somebody has to see to: rows that may be held and that nobody has looked for, when they go within
 * {@link HOLD_ALARM_DAYS}; and holds that end within as many. Pure: the same sight gives the same alarms.
 */
export function holdAlarms(sight: HoldSight, groups: readonly HeldGroup[]): readonly HoldAlarm[] {
  return [...missedAlarms(sight, groups), ...endAlarms(sight)];
}

interface Missed {
  objects: number;
  readonly days: Set<Day>;
  firstDue: Day;
}

function missedAlarms(sight: HoldSight, groups: readonly HeldGroup[]): readonly HoldAlarm[] {
  const limit = addDays(sight.today, HOLD_ALARM_DAYS);
  const missedOf = new Map<string, Missed>();
  for (const { group, dueDay, keys } of groups) {
    if (dueDay > limit) continue;
    for (const { hold, objectsMissed } of checkHolds(sight, group, keys)) {
      if (objectsMissed === 0) continue;
      const missed = missedOf.get(hold) ?? { objects: 0, days: new Set(), firstDue: dueDay };
      missed.objects += objectsMissed;
      missed.days.add(group.day);
      if (dueDay < missed.firstDue) missed.firstDue = dueDay;
      missedOf.set(hold, missed);
    }
  }
  return [...missedOf].map(([hold, { objects, days, firstDue }]) => ({
    kind: "not-looked-through",
    hold,
    text: `${counted(objects, "raw object")} of ${counted(days.size, "day")} not looked through for hold ${hold}, the first due on ${firstDue}: run "hostlog hold copy ${hold}" before that, or what it should keep of them is gone`,
  }));
}

function endAlarms({ holds, today }: HoldSight): readonly HoldAlarm[] {
  const limit = addDays(today, HOLD_ALARM_DAYS);
  return holds
    .filter((hold) => isLive(hold, today) && hold.end < limit)
    .map(({ id, end }) => ({
      kind: "ends-soon",
      hold: id,
      text: `hold ${id} ends with ${end}, and its copies are destroyed the day after: if the case goes on, run "hostlog hold renew ${id} --until DAY --reason TEXT"`,
    }));
}

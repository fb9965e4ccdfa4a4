import { listDay } from "../../retention/io/list-day.ts";
import type { PurgeDecision } from "../../retention/purge-decision.ts";
import { addDays, type Day, dayOfMs } from "../day.ts";
import { checkHolds } from "../holds/check-holds.ts";
import { type HeldGroup, HOLD_ALARM_DAYS, type HoldAlarm, holdAlarms } from "../holds/hold-alarms.ts";
import { foldHolds, isLive, touches } from "../holds/hold-state.ts";
import { readLookedThrough } from "../holds/looked-through.ts";
import type { CheckedHold, PurgeGroup } from "../ledger/retention-record.ts";
import type { ObjectStore } from "../store/object-store.ts";
import type { KnownControl, RetentionSight } from "./retention-sight.ts";

/** The holds that a group falls under by what is known now, and what was not looked through for them. */
export async function holdsOf(
  ledger: ObjectStore,
  { records, writers }: KnownControl,
  group: PurgeGroup,
  keys: readonly string[],
  nowMs: number,
): Promise<readonly CheckedHold[]> {
  const today = dayOfMs(nowMs);
  const holds = foldHolds(records, writers).filter((hold) => isLive(hold, today) && touches(hold, group));
  if (holds.length === 0) return [];
  const lookedThrough = await readLookedThrough(ledger, holds, (day) => day === group.day);
  return checkHolds({ holds, lookedThrough, today }, group, keys);
}

/** What somebody has to see to before rows that are held go: what is due within days is listed for it. */
export async function alarmsOfHolds(
  ledger: ObjectStore,
  { stores, listed }: Pick<RetentionSight, "stores" | "listed">,
  { records, writers }: KnownControl,
  { today, destroy, waiting, keep }: PurgeDecision,
): Promise<readonly HoldAlarm[]> {
  const holds = foldHolds(records, writers).filter((hold) => isLive(hold, today));
  if (holds.length === 0) return [];
  const limit = addDays(today, HOLD_ALARM_DAYS);
  const isListed = listed.unlisted.every(({ view }) => view !== "raw");
  const held = [...destroy, ...waiting, ...keep].filter(
    ({ group, rule }) => isListed && rule.dueDay <= limit && holds.some((hold) => touches(hold, group)),
  );
  const days = new Set<Day>(held.map(({ group }) => group.day));
  const lookedThrough = await readLookedThrough(ledger, holds, (day) => days.has(day));
  const groups: HeldGroup[] = [];
  for (const day of days) {
    const things = [...(await listDay(stores.raw, day)).values()];
    for (const { group, rule } of held.filter((one) => one.group.day === day)) {
      const own = things.filter(({ retentionClass }) => retentionClass === group.retentionClass);
      groups.push({ group, dueDay: rule.dueDay, keys: own.map(({ key }) => key) });
    }
  }
  return holdAlarms({ holds, lookedThrough, today }, groups);
}

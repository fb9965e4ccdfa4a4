import type { PurgeGroup } from "../../src/ledger/retention-record.ts";
import { views } from "../../src/view.ts";
import { type DayOrders, destroyDay } from "./destroy-day.ts";
import type {
  DoomedPurge,
  PurgeFailure,
  PurgeOrders,
  PurgeReport,
  PurgeWorld,
  UnfinishedPurge,
  WrittenCertificate,
} from "./purge-world.ts";

/**
 * Carries out a decision and decides nothing. Trouble with one object, day or view does not spare the others: the
 * purge is a duty, so it goes on and reports. It can be run again at any time: what was begun is gone on with, and what is
 * gone is certified once. Once aborted it ends behind the day it is at.
 */
export async function destroyGroups(orders: PurgeOrders, world: PurgeWorld): Promise<PurgeReport> {
  const certificates: WrittenCertificate[] = [];
  const failures: PurgeFailure[] = [];
  for (const day of ordersByDay(orders)) {
    if (world.signal.aborted) return { certificates, failures, isComplete: false };
    const outcome = await destroyDay(day, world);
    certificates.push(...outcome.certificates);
    failures.push(...outcome.failures);
  }
  const isComplete = !world.signal.aborted;
  if (isComplete) failures.push(...(await clearLeftOvers(world)));
  return { certificates, failures, isComplete };
}

/** Groups of one view and day together; what is due the longest first. */
function ordersByDay({ destroy, resume }: PurgeOrders): readonly DayOrders[] {
  const days = new Map<
    string,
    DayOrders & { destroy: DoomedPurge[]; resume: UnfinishedPurge[]; due: string }
  >();
  const ordersOf = ({ view, day }: PurgeGroup, due: string) => {
    const known = days.get(`${view} ${day}`) ?? { view, day, destroy: [], resume: [], due };
    if (due < known.due) known.due = due;
    days.set(`${view} ${day}`, known);
    return known;
  };
  for (const begun of resume) ordersOf(begun.record.group, begun.record.rule.dueDay).resume.push(begun);
  for (const doomed of destroy) ordersOf(doomed.group, doomed.rule.dueDay).destroy.push(doomed);
  return [...days.values()].sort(
    (a, b) => compare(a.due, b.due) || compare(a.day, b.day) || compare(a.view, b.view),
  );
}

/** What dead processes left half written has no key and stands in no plan; a store clears it when it removes. */
async function clearLeftOvers({ stores }: PurgeWorld): Promise<readonly PurgeFailure[]> {
  const failures: PurgeFailure[] = [];
  for (const view of views) {
    try {
      await stores[view].remove([]);
    } catch (error) {
      failures.push({ view, key: "", message: error instanceof Error ? error.message : String(error) });
    }
  }
  return failures;
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

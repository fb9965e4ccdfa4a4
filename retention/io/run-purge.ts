import type { Day } from "../../src/day.ts";
import type { ObjectStore, StoredObject } from "../../src/store/object-store.ts";
import type { View } from "../../src/view.ts";
import { executePurge, type PurgeReport, type PurgeWorld } from "../execute-purge.ts";
import { type PurgePlan, planPurge } from "../plan-purge.ts";
import type { RetentionPolicy } from "../rule-for.ts";
import { type RecordedKeys, settlePurges } from "../settle-purges.ts";
import { listViews } from "./list-views.ts";

export interface PurgeRun extends PurgeWorld {
  readonly policy: RetentionPolicy;
  readonly today: Day;
  readonly ledger: Pick<ObjectStore, "list">;
  readonly recordedKeys: RecordedKeys;
  /** Is shown the plan before anything of it is done. */
  readonly show: (plan: PurgePlan) => void;
  /** Destroys the keys that are due: copies of what is planned cannot be opened from then on. Throws: nothing is removed. */
  readonly shred: (plan: PurgePlan) => Promise<void>;
}

/**
 * Settles what an earlier run left, lists, plans, shows and carries out. Throws what the stores throw while
 * they are listed, the ledger too: then nothing was removed. The caller sees to it that only one runs.
 */
export async function runPurge(run: PurgeRun): Promise<PurgeReport> {
  await checkReach(run.ledger);
  const listings = await listViews(run.stores);
  const settled = await settlePurges(run);
  const plan = planPurge({
    listings: without(listings, settled),
    policy: run.policy,
    today: run.today,
  });
  run.show(plan);
  await run.shred(plan);
  return executePurge(plan, run);
}

/** A listing that lagged behind may still show what has a record by now; it needs no second one. */
function without(
  listings: Readonly<Record<View, readonly StoredObject[]>>,
  settled: Readonly<Record<View, ReadonlySet<string>>>,
): Readonly<Record<View, readonly StoredObject[]>> {
  const left = (view: View): readonly StoredObject[] =>
    listings[view].filter(({ key }) => !settled[view].has(key));
  return { raw: left("raw"), analytics: left("analytics"), quarantine: left("quarantine") };
}

/** What cannot be recorded is better not destroyed yet. */
async function checkReach(store: Pick<ObjectStore, "list">): Promise<void> {
  for await (const _ of store.list("")) return;
}

import type { PurgeRecord } from "../src/ledger/purge-record.ts";
import { dayPrefix } from "../src/partition.ts";
import type { ObjectStore } from "../src/store/object-store.ts";
import type { View } from "../src/view.ts";
import type { PurgePlan } from "./plan-purge.ts";
import { type PurgeBatch, purgeBatches } from "./purge-batches.ts";
import type { PurgeJournal } from "./purge-journal.ts";
import { type PurgeStamp, purgeRecords } from "./purge-records.ts";

/** What carrying out a plan works on. */
export interface PurgeWorld {
  readonly stores: Readonly<Record<View, Pick<ObjectStore, "list" | "remove">>>;
  /** Appends to the ledger; has returned when the record is in it. */
  readonly record: (body: PurgeRecord) => Promise<unknown>;
  readonly journal: PurgeJournal;
  readonly stamp: PurgeStamp;
  readonly signal: AbortSignal;
}

export interface PurgeReport {
  /** Of objects that a new listing no longer shows. */
  readonly removedObjects: number;
  readonly removedBytes: number;
  readonly failures: readonly PurgeFailure[];
  /** False when the run was asked to end before it had come to every batch. */
  readonly isComplete: boolean;
}

export interface PurgeFailure {
  readonly view: View;
  /** The object, or the prefix of a day of which nothing is known. */
  readonly key: string;
  readonly message: string;
}

/**
 * Carries out a plan and decides nothing. Trouble with one object or day does not spare the others: the
 * purge is a duty, so it goes on and reports. It can be run again at any time, because removing what is
 * gone is no failure. Once aborted it ends behind the batch it is at.
 */
export async function executePurge(plan: PurgePlan, world: PurgeWorld): Promise<PurgeReport> {
  let removedObjects = 0;
  let removedBytes = 0;
  const failures: PurgeFailure[] = [];
  const batches = purgeBatches(plan);
  for (const batch of batches) {
    if (world.signal.aborted) return { removedObjects, removedBytes, failures, isComplete: false };
    const outcome = await destroyBatch(batch, world);
    removedObjects += outcome.removedObjects;
    removedBytes += outcome.removedBytes;
    failures.push(...outcome.failures);
  }
  return { removedObjects, removedBytes, failures, isComplete: true };
}

type BatchOutcome = Omit<PurgeReport, "isComplete">;

async function destroyBatch(batch: PurgeBatch, world: PurgeWorld): Promise<BatchOutcome> {
  const { view, day, objects } = batch;
  try {
    await world.journal.begin({ ...world.stamp, batch });
    const messages = await removeAll(batch, world);
    const { gone, listed } = await splitByListing(batch, world.stores[view]);
    const records = purgeRecords(batch, { gone, failures: listed.length }, world.stamp);
    for (const record of records) await world.record(record);
    await world.journal.settle(batch);
    return {
      removedObjects: gone.length,
      removedBytes: gone.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
      failures: listed.map(({ key }) => ({
        view,
        key,
        message: messages.get(key) ?? "removed, as the store said, and still listed",
      })),
    };
  } catch (error) {
    // The journal keeps the batch, so that the next run records what is gone by then.
    const what = `${objects.length} objects, some of which may be gone without a record yet`;
    const message = `${what}: ${error instanceof Error ? error.message : String(error)}`;
    return { removedObjects: 0, removedBytes: 0, failures: [{ view, key: dayPrefix(day), message }] };
  }
}

/** What the store said of objects that it did not remove, by key. */
async function removeAll(batch: PurgeBatch, world: PurgeWorld): Promise<ReadonlyMap<string, string>> {
  const keys = batch.objects.map(({ key }) => key);
  const failures = await world.stores[batch.view].remove(keys);
  return new Map(failures.map(({ key, message }) => [key, message]));
}

/** Which objects of a batch the store still shows. What it said when it was to remove them does not count. */
export async function splitByListing(
  { day, objects }: PurgeBatch,
  store: Pick<ObjectStore, "list">,
): Promise<{ readonly gone: PurgeBatch["objects"]; readonly listed: PurgeBatch["objects"] }> {
  const keys = new Set<string>();
  for await (const { key } of store.list(dayPrefix(day))) keys.add(key);
  return {
    gone: objects.filter(({ key }) => !keys.has(key)),
    listed: objects.filter(({ key }) => keys.has(key)),
  };
}

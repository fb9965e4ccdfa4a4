import type { PurgeRecord } from "../src/ledger/purge-record.ts";
import { dayPrefix } from "../src/partition.ts";
import type { ObjectStore } from "../src/store/object-store.ts";
import { type View, views } from "../src/view.ts";
import type { PurgePlan } from "./plan-purge.ts";
import { type PurgeBatch, purgeBatches } from "./purge-batches.ts";
import type { PurgeJournal } from "./purge-journal.ts";
import { type PurgeStamp, purgeRecords } from "./purge-records.ts";

/** What carrying out a plan works on. */
export interface PurgeWorld {
  readonly stores: Readonly<Record<View, Pick<ObjectStore, "list" | "listHidden" | "remove">>>;
  /** Appends to the ledger; has returned when the record is in it. */
  readonly record: (body: PurgeRecord) => Promise<unknown>;
  readonly journal: PurgeJournal;
  readonly stamp: PurgeStamp;
  /** Returns after so many milliseconds. */
  readonly wait: (delayMs: number) => Promise<unknown>;
  readonly signal: AbortSignal;
}

export interface PurgeReport {
  /** Of objects that a new listing no longer shows, nor anything hidden of them. */
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
 * Before an object that the store says it removed is called remaining, the day is listed again after these
 * waits: on some servers a listing lags behind by seconds.
 */
const RELIST_DELAYS_MS: readonly number[] = [200, 400, 800, 1600, 3200];

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
  failures.push(...(await clearLeftOvers(world)));
  return { removedObjects, removedBytes, failures, isComplete: true };
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

type BatchOutcome = Omit<PurgeReport, "isComplete">;

async function destroyBatch(batch: PurgeBatch, world: PurgeWorld): Promise<BatchOutcome> {
  const { view, day, objects } = batch;
  try {
    await world.journal.begin({ ...world.stamp, batch });
    const messages = await removeAll(batch, world);
    const { gone, remaining } = await splitAfterRemoval(batch, messages, world);
    const records = purgeRecords(batch, { gone, failures: remaining.length }, world.stamp);
    for (const record of records) await world.record(record);
    // What remains may be gone by the next run, which then records it.
    if (remaining.length === 0) await world.journal.settle(batch);
    else await world.journal.begin({ ...world.stamp, batch: { ...batch, objects: remaining } });
    return {
      removedObjects: gone.length,
      removedBytes: gone.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
      failures: remaining.map(({ key }) => ({ view, key, message: messages.get(key) ?? REMAINS })),
    };
  } catch (error) {
    // The journal keeps the batch, so that the next run records what is gone by then.
    const what = `${objects.length} objects, some of which may be gone without a record yet`;
    const message = `${what}: ${error instanceof Error ? error.message : String(error)}`;
    return { removedObjects: 0, removedBytes: 0, failures: [{ view, key: dayPrefix(day), message }] };
  }
}

const REMAINS =
  "removed, as the store said, and still listed, or a version or unfinished upload of it is; run it again";

/** What the store said of objects that it did not remove, by key. */
async function removeAll(batch: PurgeBatch, world: PurgeWorld): Promise<ReadonlyMap<string, string>> {
  const keys = batch.objects.map(({ key }) => key);
  const failures = await world.stores[batch.view].remove(keys);
  return new Map(failures.map(({ key, message }) => [key, message]));
}

interface Split {
  readonly gone: PurgeBatch["objects"];
  readonly remaining: PurgeBatch["objects"];
}

/** Gone is what the store says it removed and no longer shows: its word alone is not enough, nor a listing. */
async function splitAfterRemoval(
  batch: PurgeBatch,
  messages: ReadonlyMap<string, string>,
  { stores, wait }: PurgeWorld,
): Promise<Split> {
  const removed = { ...batch, objects: batch.objects.filter(({ key }) => !messages.has(key)) };
  let shown = await splitByListing(removed, stores[batch.view]);
  for (const delayMs of RELIST_DELAYS_MS) {
    if (shown.remaining.length === 0) break;
    await wait(delayMs);
    shown = await splitByListing(removed, stores[batch.view]);
  }
  const gone = new Set(shown.gone);
  return { gone: shown.gone, remaining: batch.objects.filter((object) => !gone.has(object)) };
}

/** Which objects of a batch the store still shows, or keeps something of. */
export async function splitByListing(
  { day, objects }: PurgeBatch,
  store: Pick<ObjectStore, "list" | "listHidden">,
): Promise<Split> {
  const keys = new Set<string>();
  for await (const { key } of store.list(dayPrefix(day))) keys.add(key);
  for await (const { key } of store.listHidden(dayPrefix(day))) keys.add(key);
  return {
    gone: objects.filter(({ key }) => !keys.has(key)),
    remaining: objects.filter(({ key }) => keys.has(key)),
  };
}

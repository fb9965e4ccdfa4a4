import type { View } from "../src/view.ts";
import { type PurgeWorld, splitByListing } from "./execute-purge.ts";
import type { PurgeBatch } from "./purge-batches.ts";
import { purgeRecords } from "./purge-records.ts";

/** The keys of a batch's view and day that records name as destroyed. */
export type RecordedKeys = (batch: PurgeBatch) => Promise<ReadonlySet<string>>;

/**
 * Records what an earlier run destroyed and could not record, and returns those objects' keys. An object of
 * which something is still there is left to the next plan; one that has a record gets no second one.
 */
export async function settlePurges(
  world: Pick<PurgeWorld, "stores" | "record" | "journal"> & { readonly recordedKeys: RecordedKeys },
): Promise<Readonly<Record<View, ReadonlySet<string>>>> {
  const settled: Record<View, Set<string>> = { raw: new Set(), analytics: new Set(), quarantine: new Set() };
  for (const { batch, at, clock } of await world.journal.read()) {
    const { gone, remaining } = await splitByListing(batch, world.stores[batch.view]);
    const recorded = await world.recordedKeys(batch);
    const unrecorded = gone.filter(({ key }) => !recorded.has(key));
    const records = purgeRecords(batch, { gone: unrecorded, failures: remaining.length }, { at, clock });
    for (const record of records) await world.record(record);
    await world.journal.settle(batch);
    for (const { key } of unrecorded) settled[batch.view].add(key);
  }
  return settled;
}

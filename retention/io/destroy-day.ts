import type { Day } from "../../src/day.ts";
import { UserError } from "../../src/errors.ts";
import { exitCode } from "../../src/exit-code.ts";
import { LeaseLostError } from "../../src/ledger/chain.ts";
import type { InventoryObject, PurgeGroup, PurgeInventory } from "../../src/ledger/retention-record.ts";
import { dayPrefix, parseKey } from "../../src/partition.ts";
import type { RemoveFailure } from "../../src/store/object-store.ts";
import type { View } from "../../src/view.ts";
import { makeCertificate } from "../certificate/certificate-body.ts";
import { groupName } from "../group-name.ts";
import { type ListedThing, listDay } from "./list-day.ts";
import type {
  DoomedPurge,
  PurgeFailure,
  PurgeWorld,
  UnfinishedPurge,
  WrittenCertificate,
} from "./purge-world.ts";

/** The groups of one view and day, which are listed together. */
export interface DayOrders {
  readonly view: View;
  readonly day: Day;
  readonly destroy: readonly DoomedPurge[];
  readonly resume: readonly UnfinishedPurge[];
}

export interface DayOutcome {
  readonly certificates: readonly WrittenCertificate[];
  readonly failures: readonly PurgeFailure[];
}

/**
 * Before an object that the store says it removed is called remaining, the day is listed again after these
 * waits: on some servers a listing lags behind by seconds.
 */
const RELIST_DELAYS_MS: readonly number[] = [200, 400, 800, 1600, 3200];

/** How often it is looked for objects that came while others were removed; what comes later is the next run's. */
const ROUNDS_MAX = 3;

/** So many are removed before it is looked whether the run is to end: on a server some tens of requests. */
const REMOVED_AT_ONCE = 10_000;

const REMAINS =
  "removed, as the store said, and still listed, or a version or unfinished upload of it is; run it again";

type Listing = ReadonlyMap<string, ListedThing>;

/** A destruction on its way, and what it is of. */
interface OpenPurge extends UnfinishedPurge {
  readonly inventory: PurgeInventory;
}

/**
 * Destroys the groups of a day: records what there is, removes it, lists again until nothing of it is shown, and certifies.
 * What was begun before is gone on with. Trouble is returned; only the loss of the lease is thrown.
 */
export async function destroyDay(orders: DayOrders, world: PurgeWorld): Promise<DayOutcome> {
  const certificates: WrittenCertificate[] = [];
  const failures: PurgeFailure[] = [];
  try {
    let listing: Listing = await listDay(world.stores[orders.view], orders.day);
    const lost: DoomedPurge[] = [];
    let resumed = await readBegun(orders, world, failures, lost);
    const destroy = [...orders.destroy, ...lost];
    for (let round = 0; round < ROUNDS_MAX && !world.signal.aborted; round++) {
      const begun = await beginAll({ ...orders, destroy }, listing, resumed, world);
      const open = [...resumed, ...begun];
      if (open.length === 0) break;
      const removed = await removeAll(orders, open, world);
      listing = removed.listing;
      failures.push(...removed.failures);
      certificates.push(...(await certifyGone(open, removed, world)));
      resumed = [];
      // What does not go is tried again by the next run.
      if (removed.failures.length > 0) break;
    }
  } catch (error) {
    if (error instanceof LeaseLostError) throw error;
    const message = error instanceof Error ? error.message : String(error);
    failures.push({ view: orders.view, key: dayPrefix(orders.day), message });
  }
  return { certificates, failures };
}

/**
 * What was begun and can be gone on with. Of one whose inventory is lost what is left is begun anew, with an inventory of
 * its own: the old one can never be certified, and is a failure each time.
 */
async function readBegun(
  { view, day, resume }: DayOrders,
  world: PurgeWorld,
  failures: PurgeFailure[],
  lost: DoomedPurge[],
): Promise<readonly OpenPurge[]> {
  const open: OpenPurge[] = [];
  for (const { sequence, record } of resume) {
    try {
      const inventory = await world.readInventory(record.inventory);
      refuseForeign(record.group, inventory);
      open.push({ sequence, record, inventory });
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      failures.push({ view, key: dayPrefix(day), message });
      const isLost = error instanceof UserError && error.exitCode === exitCode.integrity;
      if (isLost) lost.push({ group: record.group, rule: record.rule, plan: record.plan });
    }
  }
  return open;
}

/** An inventory is believed for its own group only: whoever wrote it must not have others destroyed with it. */
function refuseForeign(group: PurgeGroup, inventory: PurgeInventory): void {
  const isOwn = (key: string): boolean => {
    const name = parseKey(key);
    return name?.day === group.day && name.retentionClass === group.retentionClass;
  };
  const isOfGroup =
    groupName(inventory.group) === groupName(group) && inventory.objects.every(({ key }) => isOwn(key));
  if (isOfGroup) return;
  throw new UserError(
    `the inventory of a purge of ${groupName(group)} names what is not of it: it was not carried out; find out who wrote it`,
    exitCode.integrity,
  );
}

/** Begins what is listed of each group and in no inventory yet. */
async function beginAll(
  { view, day, destroy }: DayOrders,
  listing: Listing,
  resumed: readonly OpenPurge[],
  world: PurgeWorld,
): Promise<readonly OpenPurge[]> {
  const known = new Set(resumed.flatMap(({ inventory }) => inventory.objects.map(({ key }) => key)));
  const begun: OpenPurge[] = [];
  for (const { group, rule, plan } of destroy) {
    const things = [...listing.values()].filter(
      ({ key, retentionClass }) => retentionClass === group.retentionClass && !known.has(key),
    );
    if (things.length === 0) continue;
    const recorded = await world.recorded(view, day);
    const objects = things.map((thing): InventoryObject => inventoryObject(thing, recorded.get(thing.key)));
    const { retentionClass } = group;
    const inventory: PurgeInventory = { version: 1, group: { view, day, retentionClass }, objects };
    const attachment = await world.putInventory(inventory);
    const record = {
      kind: "purge-begun",
      ...world.stamp(),
      group: inventory.group,
      rule,
      plan,
      inventory: attachment,
    } as const;
    begun.push({ sequence: await world.append(record), record, inventory });
  }
  return begun;
}

function inventoryObject(
  { key, sizeBytes, versions, deleteMarkers, uploads }: ListedThing,
  recorded: { readonly rows: number; readonly sha256: string } | undefined,
): InventoryObject {
  const { rows = null, sha256 = null } = recorded ?? {};
  return { key, sizeBytes, rows, sha256, versions, deleteMarkers, uploads };
}

interface Removed {
  /** The last one. */
  readonly listing: Listing;
  /** How many there were after the removal. */
  readonly listings: number;
  /** When the last one came to its end, ISO 8601. */
  readonly at: string;
  readonly failures: readonly PurgeFailure[];
}

/** Gone is what the store says it removed and no longer shows: its word alone is not enough, nor a listing. */
async function removeAll(
  { view, day }: DayOrders,
  open: readonly OpenPurge[],
  world: PurgeWorld,
): Promise<Removed> {
  const store = world.stores[view];
  // Also what is listed no more since it was begun: a listing may lag, and removing what is gone is no failure.
  const keys = open.flatMap(({ inventory }) => inventory.objects.map(({ key }) => key));
  const messages = new Map<string, string>();
  for (let first = 0; first < keys.length; first += REMOVED_AT_ONCE) {
    const slice = keys.slice(first, first + REMOVED_AT_ONCE);
    const failed = world.signal.aborted ? slice.map(untried) : await store.remove(slice);
    for (const { key, message } of failed) messages.set(key, message);
  }
  let listing = await listDay(store, day);
  let listings = 1;
  const isShown = (key: string): boolean => listing.has(key) && !messages.has(key);
  for (const delayMs of RELIST_DELAYS_MS) {
    if (!keys.some(isShown)) break;
    await world.wait(delayMs);
    listing = await listDay(store, day);
    listings++;
  }
  const failures = keys
    .filter((key) => messages.has(key) || listing.has(key))
    .map((key) => ({ view, key, message: messages.get(key) ?? REMAINS }));
  return { listing, listings, at: world.stamp().at, failures };
}

function untried(key: string): RemoveFailure {
  return { key, message: "the run was asked to end before it came to this; run it again" };
}

async function certifyGone(
  open: readonly OpenPurge[],
  { at, listings, failures }: Removed,
  world: PurgeWorld,
): Promise<readonly WrittenCertificate[]> {
  const remaining = new Set(failures.map(({ key }) => key));
  const written: WrittenCertificate[] = [];
  for (const { sequence: begun, record, inventory } of open) {
    if (inventory.objects.some(({ key }) => remaining.has(key))) continue;
    const { group } = record;
    const keys = inventory.objects.map(({ key }) => key);
    const certificate = makeCertificate({
      ...world.stamp(),
      begun,
      record,
      inventory,
      clocks: await world.clocks(),
      keys: await world.keysOf(group),
      holds: await world.holdsOf(group, keys),
      verification: { at, listings },
      by: world.by,
    });
    const { objects, sizeBytes, exceptions } = certificate;
    written.push({ sequence: await world.append(certificate), group, objects, sizeBytes, exceptions });
  }
  return written;
}

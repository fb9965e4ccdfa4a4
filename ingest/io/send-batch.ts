import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { UserError } from "../../src/errors.ts";
import { exitCode } from "../../src/exit-code.ts";
import { inParallel } from "../../src/in-parallel.ts";
import { decodeManifest, type Manifest, objectsHash } from "../../src/ledger/manifest.ts";
import type { BatchRecord, RecordedObject } from "../../src/ledger/record.ts";
import { sha256Hex } from "../../src/sha256.ts";
import type { ObjectStore } from "../../src/store/object-store.ts";
import type { View } from "../../src/view.ts";
import { type Claim, claimBatch, ForeignManifestError, isClaimed } from "./claim-batch.ts";
import { createSame, OtherBytesError } from "./create-same.ts";
import { type NodeLedger, OverlapError } from "./node-ledger.ts";
import { damagedEntry, type Spool } from "./spool.ts";
import { removeObjects, takeBack } from "./take-back.ts";

export interface BatchDestination {
  readonly roots: Readonly<Record<View | "ledger", ObjectStore>>;
  readonly spool: Spool;
  readonly ledger: NodeLedger;
}

/** How many objects of a batch are sent at once. */
const SENDERS = 8;

/** An object that cannot be read, and that nothing says is this entry's. */
class UnknownObjectError extends UserError {}

/**
 * Sends a spooled batch: its manifest, its objects, and last the ledger record, which commits it. Sending it
 * again after any interruption is safe: nothing is ever replaced, and what is there already is compared.
 *
 * The manifest decides whose batch it is, for those too who may not read the views. It names the objects by
 * their hashes, has one key for all who cut the same batch, and is created if absent.
 * - Whose manifest is there owns the names of the batch's objects. Whatever is under them, it has put: an
 *   earlier run before it crashed, or a call whose answer got lost.
 * - Who finds another's manifest stores nothing, and keeps the entry until the ledger says that the other has
 *   committed. Then there is nothing to take back.
 * - Batches that overlap have other names. The ledger lets one of them commit; the other import takes its
 *   objects back or, where it may not remove, names them, once.
 * - A claim that is given up before the end is given up last: see {@link withdraw}.
 * Objects that were there before the manifest are nobody's: somebody removed a manifest and left its objects.
 * Where they cannot be read the entry is dropped, so that no later run takes them for its own; only a crash
 * between the two puts would hide that, and `hostlog verify --read` would say so.
 */
export async function sendBatch(record: BatchRecord, destination: BatchDestination): Promise<void> {
  const { spool, ledger } = destination;
  const committed = await ledger.recordOf(record.batch);
  if (committed === undefined) await commitBatch(record, destination);
  else if (!isDeepStrictEqual(committed, record)) {
    // Another import cut the same batch and was first: each of its lines is stored, under that record.
    const { objects } = await readManifest(record, spool);
    if (objects === undefined) await takeBack(record, destination);
  }
  await spool.remove(record.batch);
}

async function commitBatch(record: BatchRecord, destination: BatchDestination): Promise<void> {
  const { roots, spool, ledger } = destination;
  const manifest = await readManifest(record, spool);
  if (ledger.overlaps(manifest)) await endOverlapping(record, manifest, destination);
  const claim = await claimOrEnd(record, manifest, destination);
  const created: RecordedObject[] = [];
  try {
    await sendObjects(record, destination, claim, created);
  } catch (error) {
    if (error instanceof OtherBytesError) await removeObjects(created, roots);
    if (error instanceof UnknownObjectError && claim === "new") await spool.remove(record.batch);
    throw error;
  }
  try {
    await ledger.commit(record, manifest);
  } catch (error) {
    if (!(error instanceof OverlapError)) throw error;
    await takeBack(record, destination);
    throw overlapping("this one took its copies back");
  }
}

/** Reads the manifest from the spool. Throws a UserError when it is not the record's. */
async function readManifest(record: BatchRecord, spool: Spool): Promise<Manifest> {
  const bytes = await spool.readManifest(record.batch);
  if (sha256Hex(bytes) !== record.manifest.sha256) throw damagedIn(record, spool);
  const manifest = await decodeManifest(bytes);
  const { objects } = manifest;
  if (objects !== undefined && objects !== objectsHash(record.objects)) throw damagedIn(record, spool);
  return manifest;
}

async function claimOrEnd(
  record: BatchRecord,
  manifest: Manifest,
  destination: BatchDestination,
): Promise<Claim> {
  const { roots, spool, ledger } = destination;
  try {
    return await claimBatch(roots.ledger, record, await spool.readManifest(record.batch), manifest);
  } catch (error) {
    if (!(error instanceof ForeignManifestError)) throw error;
    // The other may have committed since this run read the ledger: then its manifest must stay.
    await ledger.catchUp();
    if (ledger.overlaps(manifest)) await endOverlapping(record, manifest, destination);
    throw error;
  }
}

/** Ends an entry of whose lines some are committed already. */
async function endOverlapping(
  record: BatchRecord,
  { objects }: Manifest,
  destination: BatchDestination,
): Promise<never> {
  const { roots, spool } = destination;
  if (objects === undefined || (await isClaimed(roots.ledger, record))) {
    await takeBack(record, destination);
    throw overlapping("this one took its copies back");
  }
  await spool.remove(record.batch);
  throw overlapping("nothing of this one was stored");
}

function overlapping(outcome: string): UserError {
  return new UserError(
    `another import has stored some of the same lines at the same time; ${outcome}. Run it again to store the rest.`,
    exitCode.tryAgain,
  );
}

/** Adds to `created` what this call has stored, also when it throws. */
async function sendObjects(
  record: BatchRecord,
  { roots, spool }: BatchDestination,
  claim: Claim,
  created: RecordedObject[],
): Promise<void> {
  await inParallel(record.objects, SENDERS, async (object, index) => {
    const bytes = await spool.readObject(record.batch, index);
    if (sha256Hex(bytes) !== object.sha256) throw damagedIn(record, spool);
    const store = roots[object.view];
    const outcome = await createSame(store, object.key, bytes, claim);
    if (outcome === "created") created.push(object);
    if (outcome === "unknown") throw unknownObject(`${store.url}/${object.key}`, record, roots.ledger);
  });
}

function unknownObject(address: string, { manifest }: BatchRecord, ledger: ObjectStore): UnknownObjectError {
  return new UnknownObjectError(
    `${address} exists, these credentials may not read it, and this import has not stored it; nothing was replaced. An import that came to no end left it there. When no import for the node is running anywhere, remove what "hostlog verify" calls unrecorded and then the manifest ${ledger.url}/${manifest.key}, with credentials that may, and run again.`,
    exitCode.tryAgain,
  );
}

function damagedIn({ batch }: BatchRecord, spool: Spool): UserError {
  return damagedEntry(join(spool.directory, batch));
}

import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { UserError } from "../../src/errors.ts";
import { exitCode } from "../../src/exit-code.ts";
import { inParallel } from "../../src/in-parallel.ts";
import { decodeManifest } from "../../src/ledger/manifest.ts";
import type { BatchRecord, RecordedObject } from "../../src/ledger/record.ts";
import { parseKey } from "../../src/partition.ts";
import { sha256Hex } from "../../src/sha256.ts";
import type { ObjectStore } from "../../src/store/object-store.ts";
import type { View } from "../../src/view.ts";
import { createSame, DisputedError, OtherBytesError } from "./create-same.ts";
import { type NodeLedger, OverlapError } from "./node-ledger.ts";
import { damagedEntry, type Spool, type SpoolStage } from "./spool.ts";
import { removeObjects, takeBack } from "./take-back.ts";

export interface BatchDestination {
  readonly roots: Readonly<Record<View | "ledger", ObjectStore>>;
  readonly spool: Spool;
  readonly ledger: NodeLedger;
}

/** How many objects of a batch are sent at once. */
const SENDERS = 8;

/**
 * Sends a spooled batch: its objects, its manifest, and last the ledger record, which commits it. Sending it
 * again after any interruption is safe: nothing is ever replaced, and what is there already is compared.
 *
 * A node that may not read the views cannot compare. Then the spool entry itself knows whose objects they are:
 * before the first is sent it is marked as begun, so that
 * - after a crash, wherever it was, what is found under its names counts as sent by the run before;
 * - of two imports that cut the same batch, each object of which has one name for both, the one that comes
 *   second is stopped by the first object, which goes alone, before it has stored anything: it tries again
 *   later, and by then the ledger says that the other has committed. That the object is another's is
 *   marked too, so that a later run does not take it for its own;
 * - of two imports that cut overlapping batches, the ledger lets one commit. The other cannot take back its
 *   copies; it names them, once, for somebody who can.
 * One thing is left to chance where views cannot be read: the first put of an import comes to nothing, or its
 * answer gets lost, while another import of the very same batch has stored its own, and the one commits before
 * the other. Then no line is lost or stored twice, but the record's hash is not that of the object, and
 * `hostlog verify` says so. One import for a node at a time rules it out.
 */
export async function sendBatch(record: BatchRecord, destination: BatchDestination): Promise<void> {
  const { spool, ledger } = destination;
  const committed = await ledger.recordOf(record.batch);
  if (committed === undefined) await commitBatch(record, destination);
  else if (!isDeepStrictEqual(committed, record)) {
    // Another import cut the same batch and was first: each of its lines is stored, under that record.
    await takeBack(record, destination);
  }
  await spool.remove(record.batch);
}

async function commitBatch(record: BatchRecord, destination: BatchDestination): Promise<void> {
  const { roots, spool, ledger } = destination;
  const manifestBytes = await spool.readManifest(record.batch);
  if (sha256Hex(manifestBytes) !== record.manifest.sha256) throw damagedIn(record, spool);
  const stage = await spool.stageOf(record.batch);
  if (stage === "new") await spool.enterStage(record.batch, "begun");
  const created: RecordedObject[] = [];
  try {
    await sendObjects(record, destination, stage, created);
    await createSame(roots.ledger, record.manifest.key, manifestBytes, stage);
  } catch (error) {
    if (error instanceof DisputedError) await spool.enterStage(record.batch, "disputed");
    // Of two imports that cut the same batch each may have stored an object first: neither could go on.
    if (error instanceof OtherBytesError) await removeObjects(created, roots);
    throw error;
  }
  try {
    await ledger.commit(record, await decodeManifest(manifestBytes));
  } catch (error) {
    if (!(error instanceof OverlapError)) throw error;
    await takeBack(record, destination);
    await spool.remove(record.batch);
    throw new UserError(
      "another import has stored some of the same lines at the same time; this one took its copies back. Run it again to store the rest.",
      exitCode.tryAgain,
    );
  }
}

/** Adds to `created` what this call has stored, also when it throws. */
async function sendObjects(
  record: BatchRecord,
  { roots, spool }: BatchDestination,
  stage: SpoolStage,
  created: RecordedObject[],
): Promise<void> {
  const send = async (object: RecordedObject, atStage: SpoolStage): Promise<"created" | "same"> => {
    const bytes = await spool.readObject(record.batch, record.objects.indexOf(object));
    if (sha256Hex(bytes) !== object.sha256) throw damagedIn(record, spool);
    const outcome = await createSame(roots[object.view], object.key, bytes, atStage);
    if (outcome === "created") created.push(object);
    return outcome;
  };
  const first = firstOf(record);
  // When the first is only stored now, no earlier run has stored any of the others.
  const isFirstNew = first !== undefined && (await send(first, stage)) === "created";
  const others = record.objects.filter((object) => object !== first);
  await inParallel(others, SENDERS, async (object) => {
    await send(object, isFirstNew && stage === "begun" ? "new" : stage);
  });
}

/**
 * The smallest of the objects that every import of this batch names alike: those of raw and quarantine are
 * named after the batch, those of analytics after a secret of the machine.
 */
function firstOf({ batch, objects }: BatchRecord): RecordedObject | undefined {
  const [first] = objects
    .filter(({ key }) => parseKey(key)?.batch === batch)
    .sort((a, b) => a.rows - b.rows || (`${a.view}/${a.key}` < `${b.view}/${b.key}` ? -1 : 1));
  return first;
}

function damagedIn({ batch }: BatchRecord, spool: Spool): UserError {
  return damagedEntry(join(spool.directory, batch));
}

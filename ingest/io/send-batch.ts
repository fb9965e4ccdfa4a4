import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { UserError } from "../../src/errors.ts";
import { exitCode } from "../../src/exit-code.ts";
import { inParallel } from "../../src/in-parallel.ts";
import { decodeManifest } from "../../src/ledger/manifest.ts";
import type { BatchRecord, RecordedObject } from "../../src/ledger/record.ts";
import { sha256Hex } from "../../src/sha256.ts";
import type { ObjectStore } from "../../src/store/object-store.ts";
import type { View } from "../../src/view.ts";
import { type NodeLedger, OverlapError } from "./node-ledger.ts";
import { damagedEntry, type Spool } from "./spool.ts";

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
  const damaged = damagedEntry(join(spool.directory, record.batch));
  const manifestBytes = await spool.readManifest(record.batch);
  if (sha256Hex(manifestBytes) !== record.manifest.sha256) throw damaged;
  const created: RecordedObject[] = [];
  try {
    await inParallel(record.objects, SENDERS, async (object, index) => {
      const bytes = await spool.readObject(record.batch, index);
      if (sha256Hex(bytes) !== object.sha256) throw damaged;
      if ((await createSame(roots[object.view], object.key, bytes)) === "created") created.push(object);
    });
    await createSame(roots.ledger, record.manifest.key, manifestBytes);
  } catch (error) {
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

/** Under the name of an object there is something else. */
class OtherBytesError extends UserError {}

/** Stores an object, or makes sure that the one that is there holds the same bytes. */
async function createSame(store: ObjectStore, key: string, bytes: Uint8Array): Promise<"created" | "same"> {
  if ((await store.create(key, bytes)) === "created") return "created";
  const stored = await store.read(key);
  if (Buffer.compare(stored, bytes) === 0) return "same";
  throw new OtherBytesError(
    `${store.url}/${key} exists and holds something else than the batch that was to be stored there; nothing was replaced. If another import for the same node is running, run again when it has ended. If none is, and "hostlog verify" says that no record names the object, an import that came to no end left it there: remove it and run again.`,
    exitCode.integrity,
  );
}

/** Removes the objects of a batch whose lines another import has committed, but for those that import committed. */
async function takeBack({ batch, objects }: BatchRecord, { roots, ledger }: BatchDestination): Promise<void> {
  const committed = await ledger.recordOf(batch);
  const isCommitted = ({ view, key }: RecordedObject): boolean =>
    committed?.objects.some((other) => other.view === view && other.key === key) === true;
  const remaining = await removeObjects(
    objects.filter((object) => !isCommitted(object)),
    roots,
  );
  if (remaining.length === 0) return;
  throw new UserError(
    `another import has stored the same lines at the same time, and these copies could not be removed again: ${remaining.join(", ")}. Remove them, then run again.`,
    exitCode.integrity,
  );
}

/** Returns the addresses of those that could not be removed. */
async function removeObjects(
  objects: readonly RecordedObject[],
  roots: BatchDestination["roots"],
): Promise<readonly string[]> {
  const remaining: string[] = [];
  for (const view of new Set(objects.map((object) => object.view))) {
    const keys = objects.filter((object) => object.view === view).map(({ key }) => key);
    const failures = await roots[view].remove(keys);
    remaining.push(...failures.map(({ key }) => `${roots[view].url}/${key}`));
  }
  return remaining;
}

import { join } from "node:path";
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
  const { roots, spool, ledger } = destination;
  if (!ledger.isCommitted(record.batch)) {
    const manifestBytes = await spool.readManifest(record.batch);
    if (sha256Hex(manifestBytes) !== record.manifest.sha256) throw damagedEntry(join(spool.directory, record.batch));
    await inParallel(record.objects, SENDERS, async (object, index) => {
      const bytes = await spool.readObject(record.batch, index);
      if (sha256Hex(bytes) !== object.sha256) throw damagedEntry(join(spool.directory, record.batch));
      await createSame(roots[object.view], object.key, bytes);
    });
    await createSame(roots.ledger, record.manifest.key, manifestBytes);
    try {
      await ledger.commit(record, await decodeManifest(manifestBytes));
    } catch (error) {
      if (error instanceof OverlapError) await withdraw(record, destination);
      throw error;
    }
  }
  await spool.remove(record.batch);
}

/** Stores an object, or makes sure that the one that is there holds the same bytes. */
async function createSame(store: ObjectStore, key: string, bytes: Uint8Array): Promise<void> {
  if ((await store.create(key, bytes)) === "created") return;
  const stored = await store.read(key);
  if (Buffer.compare(stored, bytes) === 0) return;
  throw new UserError(
    `${store.url}/${key} exists and holds something else than the batch that was to be stored there; nothing was replaced. Run "hostlog verify", and find out who wrote it.`,
    exitCode.integrity,
  );
}

/** Takes back the objects of a batch whose lines another import has committed meanwhile. */
async function withdraw({ batch, objects }: BatchRecord, { roots, spool }: BatchDestination): Promise<never> {
  const remaining: string[] = [];
  for (const view of new Set(objects.map((object) => object.view))) {
    const keys = objects.filter((object) => object.view === view).map(({ key }: RecordedObject) => key);
    const failures = await roots[view].remove(keys);
    remaining.push(...failures.map(({ key }) => `${roots[view].url}/${key}`));
  }
  if (remaining.length > 0) {
    throw new UserError(
      `another import has stored the same lines at the same time, and these copies could not be removed again: ${remaining.join(", ")}. Remove them, then run again.`,
      exitCode.integrity,
    );
  }
  await spool.remove(batch);
  throw new UserError(
    "another import has stored some of the same lines at the same time; this one took its copies back. Run it again to store the rest.",
    exitCode.tryAgain,
  );
}

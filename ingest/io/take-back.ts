import { UserError } from "../../src/errors.ts";
import { exitCode } from "../../src/exit-code.ts";
import { decodeManifest } from "../../src/ledger/manifest.ts";
import type { BatchRecord, RecordedObject } from "../../src/ledger/record.ts";
import { AccessDeniedError, ObjectNotFoundError, type ObjectStore } from "../../src/store/object-store.ts";
import type { View } from "../../src/view.ts";
import { isClaimed } from "./claim-batch.ts";
import type { NodeLedger } from "./node-ledger.ts";
import type { Spool } from "./spool.ts";

type Views = Readonly<Record<View, ObjectStore>>;

interface Stored {
  readonly roots: Views & { readonly ledger: ObjectStore };
  readonly spool: Spool;
  readonly ledger: NodeLedger;
}

/**
 * Removes the objects of a batch of whose lines another import has committed some, but for those that import
 * committed, and lets its entry go. Throws a UserError that names what is left. What these credentials may not
 * remove is named once: the next run could do no better, and `hostlog verify` goes on naming it.
 */
export async function takeBack(
  { batch, objects }: BatchRecord,
  { roots, ledger, spool }: Stored,
): Promise<void> {
  const committed = await ledger.recordOf(batch);
  const isCommitted = ({ view, key }: RecordedObject): boolean =>
    committed?.objects.some((other) => other.view === view && other.key === key) === true;
  const { remaining, denied } = await removeObjects(
    objects.filter((object) => !isCommitted(object)),
    roots,
  );
  if (remaining.length > 0) {
    throw new UserError(
      `another import has stored the same lines at the same time, and these copies could not be removed again: ${remaining.join(", ")}. Remove them, then run again.`,
      exitCode.integrity,
    );
  }
  await spool.remove(batch);
  if (denied.length === 0) return;
  throw new UserError(
    `another import has stored the same lines at the same time, and these credentials may not remove the copies: ${denied.join(", ")}. Remove those that "hostlog verify" calls unrecorded, with credentials that may: as long as they are there, look-ups show their lines twice. Then run again.`,
    exitCode.integrity,
  );
}

/**
 * Gives up an entry that nobody has committed, with all that was stored of it: its manifest last, so that no
 * other import takes the names of the batch while objects lie under them. Throws a UserError that names what
 * these credentials cannot remove; the entry stays then.
 */
export async function withdraw(record: BatchRecord, { roots, ledger, spool }: Stored): Promise<void> {
  const { batch, objects, manifest } = record;
  // A put of the run before may have arrived since.
  await ledger.catchUp();
  const { objects: named } = await decodeManifest(await spool.readManifest(batch));
  // A manifest that names no objects may be another import's, and so may the objects.
  if (!ledger.isCommitted(batch) && named !== undefined && (await isClaimed(roots.ledger, record))) {
    const { remaining, denied } = await removeObjects(objects, roots);
    const left = [...remaining, ...denied];
    if (left.length === 0) left.push(...(await removeKeys(roots.ledger, [manifest.key])));
    if (left.length > 0) {
      throw new UserError(
        `lines of a batch that was not sent to its end have passed their term, and these credentials cannot remove what may be stored of it: ${left.join(", ")}. Remove what is there of that, and last its manifest ${roots.ledger.url}/${manifest.key}, with credentials that may. Then run again: the other lines of the batch are read from their files anew.`,
        exitCode.integrity,
      );
    }
  }
  await spool.remove(batch);
}

/** The addresses of what could not be removed. */
interface Unremoved {
  readonly remaining: readonly string[];
  /** Those of which these credentials may not even know whether they are there. */
  readonly denied: readonly string[];
}

export async function removeObjects(objects: readonly RecordedObject[], roots: Views): Promise<Unremoved> {
  const remaining: string[] = [];
  const denied: string[] = [];
  for (const view of new Set(objects.map((object) => object.view))) {
    const store = roots[view];
    const keys = objects.filter((object) => object.view === view).map(({ key }) => key);
    for (const key of await removeKeys(store, keys)) {
      const fate = await fateOf(store, key);
      if (fate === "there") remaining.push(`${store.url}/${key}`);
      if (fate === "denied") denied.push(`${store.url}/${key}`);
    }
  }
  return { remaining, denied };
}

/** The keys that were not removed, for whatever reason. */
async function removeKeys(store: ObjectStore, keys: readonly string[]): Promise<readonly string[]> {
  try {
    return (await store.remove(keys)).map(({ key }) => key);
  } catch (error) {
    if (error instanceof AccessDeniedError) return keys;
    throw error;
  }
}

async function fateOf(store: ObjectStore, key: string): Promise<"gone" | "there" | "denied"> {
  try {
    await store.read(key);
    return "there";
  } catch (error) {
    if (error instanceof ObjectNotFoundError) return "gone";
    if (error instanceof AccessDeniedError) return "denied";
    throw error;
  }
}

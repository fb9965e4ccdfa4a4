import { UserError } from "../../src/errors.ts";
import { exitCode } from "../../src/exit-code.ts";
import type { BatchRecord, RecordedObject } from "../../src/ledger/record.ts";
import { AccessDeniedError, ObjectNotFoundError, type ObjectStore } from "../../src/store/object-store.ts";
import type { View } from "../../src/view.ts";
import type { NodeLedger } from "./node-ledger.ts";
import type { Spool } from "./spool.ts";

type Views = Readonly<Record<View, ObjectStore>>;

interface TakenFrom {
  readonly roots: Views;
  readonly spool: Spool;
  readonly ledger: NodeLedger;
}

/**
 * Removes the objects of a batch whose lines another import has committed, but for those that import committed.
 * Throws a UserError that names what is left. What these credentials may not remove is named once and then
 * let go, with its spool entry: the next run could do no better, and `hostlog verify` goes on naming it.
 */
export async function takeBack(
  { batch, objects }: BatchRecord,
  { roots, ledger, spool }: TakenFrom,
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
  // Of an entry that was never begun there is nothing to be seen, and nothing there.
  if (denied.length === 0 || (await spool.stageOf(batch)) === "new") return;
  await spool.remove(batch);
  throw new UserError(
    `another import has stored the same lines at the same time, and these credentials may not remove the copies: ${denied.join(", ")}. Remove those that "hostlog verify" calls unrecorded, with credentials that may: as long as they are there, look-ups show their lines twice. Then run again.`,
    exitCode.integrity,
  );
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

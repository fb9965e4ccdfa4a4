import { inParallel } from "../in-parallel.ts";
import { CHECKPOINT_CHAIN } from "../partition.ts";
import { sha256Hex } from "../sha256.ts";
import { ObjectNotFoundError, type ObjectStore, type StoredObject } from "../store/object-store.ts";

export interface LedgerCopy {
  readonly copied: number;
  readonly copiedBytes: number;
  /** Objects that were there from before, and of which size or, of each chain's last record, the bytes are the same. */
  readonly known: number;
  readonly differences: readonly CopyDifference[];
}

/** What is in the copy and not the same in the ledger: one of the two was changed. */
export interface CopyDifference {
  readonly key: string;
  /** `gone`: the ledger has lost it. */
  readonly kind: "changed" | "gone";
}

/**
 * In this order, so that what a record names is listed after it, and what a checkpoint saw after that: the copy of a
 * ledger that is being written to is whole as far as its checkpoints say. The nodes' secrets are left where they are.
 */
const PREFIXES = [`chains/${CHECKPOINT_CHAIN}/`, "chains/", "manifests/", "inventories/", "holds/"] as const;

const OBJECTS_AT_ONCE = 16;
const BATCH_OBJECTS = 1000;

/**
 * Copies what is new. What is in the copy stays as it is: that it differs is for a person to judge. Run again after it was
 * interrupted, it goes on.
 */
export async function copyLedger(ledger: ObjectStore, copy: ObjectStore): Promise<LedgerCopy> {
  const sum = { copied: 0, copiedBytes: 0, known: 0 };
  const differences: CopyDifference[] = [];
  for (const prefix of PREFIXES) {
    const isWanted = ({ key }: StoredObject): boolean => prefix !== "chains/" || !key.startsWith(PREFIXES[0]);
    const wanted: StoredObject[] = [];
    const fetchWanted = async (): Promise<void> => {
      const batch = wanted.splice(0);
      await inParallel(batch, OBJECTS_AT_ONCE, (object) => copyObject(ledger, copy, object, differences));
      sum.copied += batch.length;
      sum.copiedBytes += batch.reduce((bytes, { sizeBytes }) => bytes + sizeBytes, 0);
    };
    const lastOfChains = new Map<string, string>();
    for await (const { original, copied } of sideBySide(ledger.list(prefix), copy.list(prefix))) {
      if (original !== undefined && copied === undefined) {
        if (isWanted(original)) wanted.push(original);
      } else if (copied !== undefined && isWanted(copied)) {
        sum.known++;
        if (original === undefined) addGone(differences, copied.key);
        else if (original.sizeBytes !== copied.sizeBytes)
          differences.push({ key: copied.key, kind: "changed" });
        else lastOfChains.set(folderOf(copied.key), copied.key);
      }
      if (wanted.length >= BATCH_OBJECTS) await fetchWanted();
    }
    await fetchWanted();
    if (!prefix.startsWith("chains/")) continue;
    for (const key of lastOfChains.values()) {
      if (!(await isSame(ledger, copy, key))) differences.push({ key, kind: "changed" });
    }
  }
  return { ...sum, differences };
}

/** The scope of a hold goes when the hold does; everything else stays for good. */
function addGone(differences: CopyDifference[], key: string): void {
  if (!key.startsWith("holds/")) differences.push({ key, kind: "gone" });
}

/** The hash of all before it is in a chain's last record. */
async function isSame(ledger: ObjectStore, copy: ObjectStore, key: string): Promise<boolean> {
  const [original, copied] = await Promise.all([ledger.read(key), copy.read(key)]);
  return sha256Hex(original) === sha256Hex(copied);
}

async function copyObject(
  ledger: ObjectStore,
  copy: ObjectStore,
  { key }: StoredObject,
  differences: CopyDifference[],
): Promise<void> {
  try {
    await copy.create(key, await ledger.read(key));
  } catch (error) {
    if (!(error instanceof ObjectNotFoundError)) throw error;
    differences.push({ key, kind: "gone" });
  }
}

function folderOf(key: string): string {
  return key.slice(0, key.lastIndexOf("/"));
}

interface Pair {
  readonly original?: StoredObject;
  readonly copied?: StoredObject;
}

/** Both lists are in ascending order of their keys. */
async function* sideBySide(
  originals: AsyncIterable<StoredObject>,
  copies: AsyncIterable<StoredObject>,
): AsyncGenerator<Pair> {
  const [left, right] = [originals[Symbol.asyncIterator](), copies[Symbol.asyncIterator]()];
  let [original, copied] = [await left.next(), await right.next()];
  while (original.done !== true || copied.done !== true) {
    const one = original.done === true ? undefined : original.value;
    const other = copied.done === true ? undefined : copied.value;
    const isLeft = one !== undefined && (other === undefined || one.key <= other.key);
    const isRight = other !== undefined && (one === undefined || other.key <= one.key);
    yield { ...(isLeft ? { original: one } : {}), ...(isRight ? { copied: other } : {}) };
    if (isLeft) original = await left.next();
    if (isRight) copied = await right.next();
  }
}

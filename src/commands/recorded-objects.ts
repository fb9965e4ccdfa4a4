import { mkdir } from "node:fs/promises";
import type { Day } from "../day.ts";
import {
  type ChainFault,
  type ChainHead,
  emptyChain,
  headOf,
  recordKey,
  walkChain,
} from "../ledger/chain.ts";
import { chainNames } from "../ledger/chain-names.ts";
import type { RecordBody, RecordedObject } from "../ledger/record.ts";
import { CHECKPOINT_CHAIN, CONTROL_CHAIN, parseKey } from "../partition.ts";
import { sha256Hex } from "../sha256.ts";
import { ObjectNotFoundError, type ObjectStore } from "../store/object-store.ts";
import type { View } from "../view.ts";
import { type NotedObject, openRecordedDays, type RecordedDays } from "./recorded-days.ts";

/** What the chains say of the objects of one view and day, by key. */
export type RecordedOfDay = ReadonlyMap<string, Pick<RecordedObject, "rows" | "sizeBytes" | "sha256">>;

export interface RecordedObjects {
  of(view: View, day: Day): Promise<RecordedOfDay>;
  /** The first bad record of each chain that has one: what it says behind that is not known. */
  readonly faults: readonly (ChainFault & { readonly chain: string })[];
}

/** So many objects are held before they are written out: some 10 MB. */
const HELD_OBJECTS_MAX = 20_000;

/**
 * Takes note of every object that is recorded: by batches of nodes, by rewrites, by holds. Only records are read, and of these
 * only what came since `folder` was written; a folder that is damaged, or that the chains do not go on from, is made anew.
 * `folder` belongs to one store; the caller sees to it that only one process uses it. Throws what the ledger throws.
 */
export async function openRecordedObjects(ledger: ObjectStore, folder: string): Promise<RecordedObjects> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const days = await openRecordedDays(folder);
  if (!(await isContinued(ledger, days.heads))) await days.clear();
  const faults = await catchUp(ledger, days);
  return {
    faults,
    async of(view, day) {
      let objects = await days.read(day);
      if (objects === undefined) {
        await days.clear();
        await catchUp(ledger, days);
        objects = await days.read(day);
      }
      if (objects === undefined) throw new Error(`${folder} does not hold what was just written to it`);
      return ofView(objects, view);
    },
  };
}

/** What is recorded first stands: no object is ever replaced. */
function ofView(objects: readonly NotedObject[], view: View): RecordedOfDay {
  const found = new Map<string, Pick<RecordedObject, "rows" | "sizeBytes" | "sha256">>();
  for (const { view: other, key, rows, sizeBytes, sha256 } of objects) {
    if (other === view && !found.has(key)) found.set(key, { rows, sizeBytes, sha256 });
  }
  return found;
}

async function isContinued(ledger: ObjectStore, heads: RecordedDays["heads"]): Promise<boolean> {
  for (const [chain, { sequence, sha256 }] of heads) {
    if ((await hashOf(ledger, recordKey(chain, sequence))) !== sha256) return false;
  }
  return true;
}

async function hashOf(ledger: ObjectStore, key: string): Promise<string | undefined> {
  try {
    return sha256Hex(await ledger.read(key));
  } catch (error) {
    if (error instanceof ObjectNotFoundError) return undefined;
    throw error;
  }
}

async function catchUp(ledger: ObjectStore, days: RecordedDays): Promise<RecordedObjects["faults"]> {
  const faults: (ChainFault & { readonly chain: string })[] = [];
  const heads = new Map<string, ChainHead>(days.heads);
  const held = new Map<Day, NotedObject[]>();
  let heldObjects = 0;
  let isNew = false;
  const flush = async (): Promise<void> => {
    await days.add(held, heads);
    held.clear();
    heldObjects = 0;
    isNew = false;
  };
  for (const chain of await chainNames(ledger)) {
    if (chain === CHECKPOINT_CHAIN) continue;
    for await (const step of walkChain(ledger, chain, heads.get(chain) ?? emptyChain)) {
      if (step.kind === "fault") {
        faults.push({ ...step.fault, chain });
        continue;
      }
      heads.set(chain, headOf(step.stored));
      isNew = true;
      for (const object of objectsOf(step.stored.record.body)) {
        // What a node says of another's objects says nothing.
        if (isOwn(chain, object.key)) heldObjects += note(held, object);
      }
      if (heldObjects >= HELD_OBJECTS_MAX) await flush();
    }
  }
  if (isNew) await flush();
  return faults;
}

function isOwn(chain: string, key: string): boolean {
  return chain === CONTROL_CHAIN || parseKey(key)?.node === chain;
}

/** How many were noted: what is under no name of ours is in no listing of ours either. */
function note(held: Map<Day, NotedObject[]>, object: NotedObject): number {
  const day = parseKey(object.key)?.day;
  if (day === undefined) return 0;
  const others = held.get(day);
  if (others === undefined) held.set(day, [object]);
  else others.push(object);
  return 1;
}

function objectsOf(body: RecordBody): readonly RecordedObject[] {
  if (body.kind === "batch") return body.objects;
  return body.kind === "rewrite" || body.kind === "hold-copied" ? body.outputs : [];
}

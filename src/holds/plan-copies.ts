import type { Day } from "../day.ts";
import { parseKey } from "../partition.ts";
import type { Hold } from "./hold-state.ts";
import type { LookedThrough } from "./looked-through.ts";

/** What lies in the store of a hold's days. */
export interface HoldListing<Item extends { readonly key: string; readonly day: Day }> {
  /** Objects of nodes, in ascending order of their keys. */
  readonly objects: readonly Item[];
  /** The hold's copies. */
  readonly copies: readonly Item[];
  /** Of copies that no record names: the objects they were made of, by their batch. Undefined where nobody knows. */
  inputsOf(copy: Item): readonly string[] | undefined;
}

export interface CopyPlan<Item> {
  /** Copies that a process made that was stopped before it could record them. */
  readonly adopt: readonly Item[];
  /** Such copies of objects that another process has looked through meanwhile: their rows are there twice. */
  readonly remove: readonly Item[];
  /** Nobody knows of what they were made. */
  readonly unknown: readonly Item[];
  /** By day, in ascending order: objects that nobody has looked through yet. */
  readonly copy: ReadonlyMap<Day, readonly Item[]>;
}

/** Decides what is left to do for a hold, so that each object is looked through once, whatever was stopped where. */
export function planCopies<Item extends { readonly key: string; readonly day: Day }>(
  hold: Hold,
  { objects, copies, inputsOf }: HoldListing<Item>,
  lookedThrough: LookedThrough,
): CopyPlan<Item> {
  const recorded = new Set(
    [...hold.copied.values()].flat().flatMap(({ outputs }) => outputs.map(({ key }) => key)),
  );
  const adopt: Item[] = [];
  const remove: Item[] = [];
  const unknown: Item[] = [];
  const taken = new Set<string>();
  for (const copy of copies) {
    if (recorded.has(copy.key)) continue;
    const inputs = inputsOf(copy);
    const seen = lookedThrough(hold, copy.day);
    if (inputs === undefined) unknown.push(copy);
    else if (inputs.some((key) => seen.has(key) || taken.has(key))) remove.push(copy);
    else {
      adopt.push(copy);
      for (const key of inputs) taken.add(key);
    }
  }
  const rest = objects.filter(({ key, day }) => !taken.has(key) && !lookedThrough(hold, day).has(key));
  return { adopt, remove, unknown, copy: byDay(rest) };
}

function byDay<Item extends { readonly day: Day }>(
  items: readonly Item[],
): ReadonlyMap<Day, readonly Item[]> {
  const days = new Map<Day, Item[]>();
  for (const item of items) {
    const ofDay = days.get(item.day);
    if (ofDay === undefined) days.set(item.day, [item]);
    else ofDay.push(item);
  }
  return new Map([...days].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The batch in the name of a copy: the first half of the hash of the list of the objects it was made of. */
export function batchOfInputs({ sha256 }: { readonly sha256: string }): string {
  return sha256.slice(0, 32);
}

/** Undefined for a key that is no object's. */
export function batchOfCopy({ key }: { readonly key: string }): string | undefined {
  return parseKey(key)?.batch;
}

import { type Day, parseDay } from "./day.ts";

/**
 * Where an object lies below its view's root: `dt=2026-11-22/NODE_CLASS_BATCH.parquet`, with `.age`
 * behind it when it is sealed. Node and class cannot contain `_`, so the name reads back without doubt,
 * and nothing that a visitor sends is part of it.
 */
export interface ObjectName {
  readonly day: Day;
  readonly node: string;
  readonly retentionClass: string;
  /** Lower-case hex; for raw and quarantine the batch's id, for analytics a keyed hash of it. */
  readonly batch: string;
  readonly isSealed: boolean;
}

const nodePattern = /^[a-z0-9](?:[a-z0-9.-]{0,61}[a-z0-9])?$/;
const classPattern = /^[a-z][a-z0-9-]{0,30}$/;
const keyPattern =
  /^dt=(\d{4}-\d{2}-\d{2})\/([a-z0-9.-]{1,63})_([a-z][a-z0-9-]{0,30})_([0-9a-f]{32})\.parquet(\.age)?$/;

/** The ledger's chain of decisions is written beside the nodes' chains, so no node can have its name. */
export const CONTROL_CHAIN = "control";

/** Where every chain stood, hour by hour; apart from the decisions, so that these stay few to read. */
export const CHECKPOINT_CHAIN = "checkpoints";

/** Copies for holds have objects of their own, which no node wrote: this name stands in the place of the node's. */
export const HOLD_NODE = "hold";

/** The retention class of a hold's copies is this and the hold's id. */
export const HOLD_CLASS_PREFIX = "hold-";

const holdClassPattern = /^hold-[0-9a-f]{8}$/;

const reservedNames: readonly string[] = [CONTROL_CHAIN, CHECKPOINT_CHAIN, HOLD_NODE];

/** A node's name: what a host name may be, lower case, at most 63 characters. */
export function isNodeName(text: string): boolean {
  return nodePattern.test(text) && !text.includes("..") && !reservedNames.includes(text);
}

/** A retention class's name: letters, digits and hyphens, lower case, at most 31 characters. */
export function isClassName(text: string): boolean {
  return classPattern.test(text);
}

export function formatKey({ day, node, retentionClass, batch, isSealed }: ObjectName): string {
  return `dt=${day}/${node}_${retentionClass}_${batch}.parquet${isSealed ? ".age" : ""}`;
}

/** Undefined for a key that this program does not write: such an object is reported, never deleted. */
export function parseKey(key: string): ObjectName | undefined {
  const match = keyPattern.exec(key);
  if (match === null) return undefined;
  const [, dayText = "", node = "", retentionClass = "", batch = "", suffix] = match;
  const day = parseDay(dayText);
  if (day === undefined || !(isNodeName(node) || node === HOLD_NODE)) return undefined;
  return { day, node, retentionClass, batch, isSealed: suffix !== undefined };
}

/** True for the retention class of copies for a hold: no config names such a one, and no node seals for it. */
export function isHoldClass(retentionClass: string): boolean {
  return holdClassPattern.test(retentionClass);
}

/** True for a copy that was made for a hold: its rows are those of other objects, as long as these are there. */
export function isHoldName({ node, retentionClass }: Pick<ObjectName, "node" | "retentionClass">): boolean {
  return node === HOLD_NODE && isHoldClass(retentionClass);
}

/** The prefix of all keys of a day. */
export function dayPrefix(day: Day): string {
  return `dt=${day}/`;
}

import { gunzipSync, gzipSync } from "node:zlib";
import type { Day } from "../day.ts";
import { UserError } from "../errors.ts";
import { exitCode } from "../exit-code.ts";
import { readAttachment } from "../ledger/attachment.ts";
import type { Attachment } from "../ledger/recorded-object.ts";
import type { ObjectStore } from "../store/object-store.ts";
import type { Hold } from "./hold-state.ts";

/** The keys of the raw objects of a day that were looked through for a hold. */
export type LookedThrough = (hold: Pick<Hold, "id">, day: Day) => ReadonlySet<string>;

const nothing: ReadonlySet<string> = new Set();

/**
 * Reads what was looked through for these holds, of days that `isAsked` alone. Of a list that is missing or was changed
 * nothing counts as looked through: that is an alarm, and an exception of the certificate, and retention waits for neither.
 */
export async function readLookedThrough(
  ledger: ObjectStore,
  holds: readonly Hold[],
  isAsked: (day: Day) => boolean = () => true,
): Promise<LookedThrough> {
  const found = new Map<string, ReadonlySet<string>>();
  for (const { id, copied } of holds) {
    for (const [day, records] of copied) {
      if (!isAsked(day)) continue;
      const keys = new Set<string>();
      for (const { inputs } of records) for (const key of await readIfWhole(ledger, inputs)) keys.add(key);
      found.set(`${id} ${day}`, keys);
    }
  }
  return ({ id }, day) => found.get(`${id} ${day}`) ?? nothing;
}

async function readIfWhole(ledger: ObjectStore, inputs: Attachment): Promise<readonly string[]> {
  try {
    return await readInputs(ledger, inputs);
  } catch (error) {
    if (error instanceof UserError && error.exitCode === exitCode.integrity) return [];
    throw error;
  }
}

/** The keys of raw objects that were looked through at once, in ascending order. Throws UserError with `exitCode.integrity`. */
export async function readInputs(ledger: ObjectStore, attachment: Attachment): Promise<readonly string[]> {
  const keys = parseInputs(await readAttachment(ledger, attachment));
  if (keys !== undefined) return keys;
  throw new UserError(
    `${attachment.key} in ${ledger.url} is recorded as the list of objects that were looked through for a hold, and is none: another program wrote it; find out which`,
    exitCode.integrity,
  );
}

/** Gzipped JSON: an array of keys. The same keys give the same bytes with one version of zlib. */
export function formatInputs(keys: readonly string[]): Uint8Array {
  return gzipSync(Buffer.from(`${JSON.stringify([...keys].sort())}\n`));
}

function parseInputs(bytes: Uint8Array): readonly string[] | undefined {
  try {
    const value: unknown = JSON.parse(gunzipSync(bytes).toString("utf8"));
    return Array.isArray(value) && value.every((key) => typeof key === "string") ? value : undefined;
  } catch {
    return undefined;
  }
}

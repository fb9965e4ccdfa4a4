import { parseKey } from "../partition.ts";
import { splitHeader } from "../seal/age-header.ts";
import type { SealMode } from "../seal/seal-mode.ts";
import { sealedLayout } from "../seal/sealed-layout.ts";
import type { View } from "../view.ts";
import type { ObjectFinding } from "./compare-objects.ts";

/**
 * Mixing, as far as names show it: objects that are not kept as the store says of itself. What has no name of
 * hostlog's says nothing of how it is kept.
 */
export function compareSeals(view: View, keys: Iterable<string>, mode: SealMode): readonly ObjectFinding[] {
  const isWanted = isSealing(view, mode);
  return [...keys].flatMap((key): readonly ObjectFinding[] => {
    const name = parseKey(key);
    if (name === undefined || name.isSealed === isWanted) return [];
    return [{ kind: isWanted ? "unsealed" : "sealed", view, key }];
  });
}

/** What an object is found to be whose bytes are not what its name says; undefined when they are. */
export function compareSealWithName(view: View, key: string, bytes: Uint8Array): ObjectFinding | undefined {
  const name = parseKey(key);
  if (name === undefined || name.isSealed === isAgeFile(bytes)) return undefined;
  return { kind: name.isSealed ? "unsealed" : "sealed", view, key };
}

export function countSealedNames(keys: Iterable<string>): number {
  let count = 0;
  for (const key of keys) if (parseKey(key)?.isSealed === true) count++;
  return count;
}

/** Analytics is read by any engine, whatever the store. */
function isSealing(view: View, mode: SealMode): boolean {
  return mode === "age" && view !== "analytics";
}

/** True for bytes that have the form of an age file; whether they open, only a key tells. */
function isAgeFile(bytes: Uint8Array): boolean {
  const header = splitHeader(bytes);
  return header !== undefined && sealedLayout(bytes.length, header.length) !== undefined;
}

import { parseKey } from "../partition.ts";
import type { SealMode } from "../seal/seal-mode.ts";
import type { View } from "../view.ts";
import type { ObjectFinding } from "./finding.ts";

/** How an object is kept, as far as its name shows it. */
export interface NamedSeal {
  readonly isSealed: boolean;
  /** That it is not kept as the store says of itself. Of a name that is none of ours nothing is known. */
  readonly finding: ObjectFinding | undefined;
}

/** `mode`: how the store says that it keeps raw and quarantine; undefined where nothing was ever put into it. */
export function compareSeal(view: View, key: string, mode: SealMode | undefined): NamedSeal {
  const name = parseKey(key);
  const isSealed = name?.isSealed === true;
  if (name === undefined || mode === undefined) return { isSealed, finding: undefined };
  const isWanted = isSealing(view, mode);
  const finding = { kind: isWanted ? "unsealed" : "sealed", view, key } as const;
  return { isSealed, finding: isSealed === isWanted ? undefined : finding };
}

/** Analytics is read by any engine, whatever the store. */
function isSealing(view: View, mode: SealMode): boolean {
  return mode === "age" && view !== "analytics";
}

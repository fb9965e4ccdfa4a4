import type { ChainFault } from "../ledger/chain.ts";
import type { ObjectStore } from "../store/object-store.ts";
import type { ChainFinding } from "./finding.ts";

/** How chains are read on. */
export interface ChainReading {
  readonly ledger: ObjectStore;
  /** Undefined when nobody knows it: then records of another store are not told from its own. */
  readonly storeId: string | undefined;
  readonly pinnedKeys: readonly string[];
  /** True once the listing has begun: what is recorded from then on need not be in it. */
  readonly isFresh: boolean;
  /** Told how many more records of nodes were read. */
  readonly onRecords?: ((more: number) => void) | undefined;
}

export function brokenChain(chain: string, { sequence, message }: ChainFault): ChainFinding {
  return { kind: "chain", chain, sequence, message };
}

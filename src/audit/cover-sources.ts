import { walkChain } from "../ledger/chain.ts";
import { chainNames } from "../ledger/chain-names.ts";
import { coverStream, type StreamCoverage } from "../ledger/coverage.ts";
import type { ManifestSource } from "../ledger/manifest.ts";
import { CHECKPOINT_CHAIN, CONTROL_CHAIN } from "../partition.ts";
import type { ObjectStore } from "../store/object-store.ts";
import { checkBatch } from "./check-batch.ts";

/** What became of each source of a node. */
export interface NodeCoverage {
  readonly node: string;
  readonly streams: readonly StreamCoverage[];
}

/**
 * Reads every manifest of each node, one node after the other, and holds what it says of that node's sources: for people
 * who ask where their lines are, and not for the audit, which needs no names.
 */
export async function* coverSources(ledger: ObjectStore): AsyncGenerator<NodeCoverage> {
  for (const node of await chainNames(ledger)) {
    if (node === CONTROL_CHAIN || node === CHECKPOINT_CHAIN) continue;
    const sources = new Map<string, ManifestSource[]>();
    for await (const step of walkChain(ledger, node)) {
      if (step.kind === "fault") break;
      const { body } = step.stored.record;
      if (body.kind !== "batch") continue;
      const { manifest } = await checkBatch(ledger, node, body);
      for (const whole of manifest?.sources ?? []) {
        // Nobody asks for the pieces, and they are most of it.
        const source = { ...whole, pieces: [] };
        const known = sources.get(source.stream);
        if (known === undefined) sources.set(source.stream, [source]);
        else known.push(source);
      }
    }
    yield { node, streams: [...sources.values()].map(coverStream) };
  }
}

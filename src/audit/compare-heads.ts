import { UserError } from "../errors.ts";
import { exitCode } from "../exit-code.ts";
import { inParallel } from "../in-parallel.ts";
import { recordKey } from "../ledger/chain.ts";
import { findLastCheckpoint } from "../ledger/last-checkpoint.ts";
import type { RecordedHead } from "../ledger/ledger-affair.ts";
import { readRecord } from "../ledger/record-object.ts";
import type { TrustedWriters } from "../ledger/trusted-writers.ts";
import { CHECKPOINT_CHAIN } from "../partition.ts";
import { ObjectNotFoundError, type ObjectStore } from "../store/object-store.ts";
import type { AuditState } from "./audit-state.ts";
import type { ChainFinding, Finding } from "./finding.ts";

/** How many records are looked at at once. */
const LOOKS_AT_ONCE = 16;

/** Where the newest checkpoint that counts saw each chain end. */
export interface SeenEnds {
  readonly heads: ReadonlyMap<string, RecordedHead>;
  /** Why there is none that can be read. */
  readonly findings: readonly Finding[];
}

export async function readSeenEnds(ledger: ObjectStore, writers: TrustedWriters): Promise<SeenEnds> {
  try {
    const { newest } = await findLastCheckpoint(ledger, writers);
    const heads = new Map(newest?.checkpoint.heads.map((head) => [head.chain, head]));
    return { heads, findings: [] };
  } catch (error) {
    if (!(error instanceof UserError) || error.exitCode !== exitCode.integrity) throw error;
    const finding = { kind: "chain", chain: CHECKPOINT_CHAIN, sequence: 0, message: error.message } as const;
    return { heads: new Map(), findings: [finding] };
  }
}

/** The heads up to which a state has read. */
export function headsOf({ chains }: AuditState): readonly RecordedHead[] {
  return chains
    .filter(({ head }) => head.sequence > 0)
    .map(({ chain, head: { sequence, sha256 } }) => ({ chain, sequence, sha256 }));
}

/** Finds the chains in which these records are not, or not the same. `by`: who has seen them there. */
export async function compareHeads(
  ledger: ObjectStore,
  heads: readonly RecordedHead[],
  by: string,
): Promise<readonly ChainFinding[]> {
  const findings: ChainFinding[] = [];
  await inParallel(heads, LOOKS_AT_ONCE, async ({ chain, sequence, sha256 }) => {
    const found = await hashAt(ledger, chain, sequence);
    if (found === sha256) return;
    const message =
      found === undefined
        ? `record ${sequence}, which ${by} saw there, is missing: the chain was cut off`
        : `record ${sequence} is another one than ${by} saw`;
    findings.push({ kind: "replaced", chain, sequence, message });
  });
  return findings;
}

/** Undefined where there is no record. */
async function hashAt(ledger: ObjectStore, chain: string, sequence: number): Promise<string | undefined> {
  try {
    const reading = readRecord(await ledger.read(recordKey(chain, sequence)));
    return reading.kind === "record" ? reading.stored.sha256 : "none";
  } catch (error) {
    if (error instanceof ObjectNotFoundError) return undefined;
    throw error;
  }
}

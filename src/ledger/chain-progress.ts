import { ObjectNotFoundError, type ObjectStore } from "../store/object-store.ts";
import { type ChainHead, emptyChain, headOf, recordKey, walkChain } from "./chain.ts";
import type { RecordedHead } from "./ledger-affair.ts";
import { readRecord } from "./record-object.ts";

/** How far a chain has come since a checkpoint. */
export interface ChainProgress {
  /** The last record that is as it has to be; that of the checkpoint when it is not there any more. */
  readonly head: ChainHead;
  /** The key of the first signed record, if that came since. */
  readonly firstKey: string | undefined;
  /** In words, with the chain: that it does not go on from where it stood, or its first record that is bad. */
  readonly finding: string | undefined;
}

/** Reads what came behind `known`, or the whole chain without it. */
export async function readProgress(
  ledger: ObjectStore,
  chain: string,
  known: RecordedHead | undefined,
): Promise<ChainProgress> {
  const from = await startOf(ledger, chain, known);
  if (typeof from === "string") {
    return { head: known ?? emptyChain, firstKey: undefined, finding: `chain ${chain}: ${from}` };
  }
  let head = from;
  let firstKey: string | undefined;
  for await (const step of walkChain(ledger, chain, from)) {
    if (step.kind === "fault") return { head, firstKey, finding: `chain ${chain}: ${step.fault.message}` };
    if (head.isSigned !== true) firstKey ??= step.stored.signedBy;
    head = headOf(step.stored);
  }
  return { head, firstKey, finding: undefined };
}

/** Where to read on; in words, why there is no such place. */
async function startOf(
  ledger: ObjectStore,
  chain: string,
  known: RecordedHead | undefined,
): Promise<ChainHead | string> {
  if (known === undefined) return emptyChain;
  const key = recordKey(chain, known.sequence);
  let bytes: Uint8Array;
  try {
    bytes = await ledger.read(key);
  } catch (error) {
    if (!(error instanceof ObjectNotFoundError)) throw error;
    return `${key} is missing, where the last checkpoint saw the chain end: it was cut off`;
  }
  const reading = readRecord(bytes);
  return reading.kind === "record" && reading.stored.sha256 === known.sha256
    ? headOf(reading.stored)
    : `${key} is not the record that the last checkpoint saw: it was changed`;
}

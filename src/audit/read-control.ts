import { headOf, walkChain } from "../ledger/chain.ts";
import { judgeRecord } from "../ledger/judge-record.ts";
import type { StoredRecord } from "../ledger/record-object.ts";
import { createTrustedWriters, type TrustedWriters, type WriterLedger } from "../ledger/trusted-writers.ts";
import { CONTROL_CHAIN } from "../partition.ts";
import { type AuditState, accountOf, countSigner } from "./audit-state.ts";
import { brokenChain, type ChainReading } from "./chain-reading.ts";
import type { ChainFinding } from "./finding.ts";
import { takeControlRecord } from "./take-control.ts";

/** What the control chain comes to, besides what the state took up. */
export interface ControlRead {
  readonly writers: TrustedWriters;
  /** Where the chain is broken, which is looked for anew each time. */
  readonly breaks: readonly ChainFinding[];
}

/** Reads the control chain on from where the state left it. A record by a key that nobody has accepted changes nothing. */
export async function readControlOn(state: AuditState, reading: ChainReading): Promise<ControlRead> {
  const { ledger, storeId, pinnedKeys, isFresh } = reading;
  const account = accountOf(state, CONTROL_CHAIN);
  const writers = createTrustedWriters(pinnedKeys);
  for (const stored of state.control.acceptances) writers.take(stored);
  const breaks: ChainFinding[] = [];
  for await (const step of walkChain(ledger, CONTROL_CHAIN, account.head)) {
    if (step.kind === "fault") {
      breaks.push(brokenChain(CONTROL_CHAIN, step.fault));
      break;
    }
    const { stored } = step;
    const isCounting = takeWriter(state, writers, stored);
    if (isCounting && hasPlace(state, stored, storeId))
      await takeControlRecord(state, ledger, stored, isFresh);
    account.head = headOf(stored);
  }
  state.control.isAnchored ||= writers.isAnchored;
  return { writers, breaks };
}

/** Whether the record counts. */
function takeWriter(state: AuditState, writers: WriterLedger, stored: StoredRecord): boolean {
  const takeovers = writers.takeovers.length;
  writers.take(stored);
  if (stored.record.body.kind === "writer-accepted") state.control.acceptances.push(stored);
  if (writers.trusts(stored)) return true;
  if (writers.takeovers.length === takeovers) countSigner(accountOf(state, CONTROL_CHAIN), stored);
  return false;
}

function hasPlace(state: AuditState, stored: StoredRecord, storeId: string | undefined): boolean {
  const faults = judgeRecord(stored, storeId);
  const { sequence } = stored.record;
  for (const { message } of faults)
    state.kept.add({ kind: "record", chain: CONTROL_CHAIN, sequence, message });
  return faults.length === 0;
}

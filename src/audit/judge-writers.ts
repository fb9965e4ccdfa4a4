import type { RecordedHead } from "../ledger/ledger-affair.ts";
import type { TrustedWriters } from "../ledger/trusted-writers.ts";
import { CONTROL_CHAIN } from "../partition.ts";
import type { AuditState, ChainAccount } from "./audit-state.ts";
import type { Finding } from "./finding.ts";

/** Whose records nobody has to believe. `seen`: where the newest checkpoint saw each chain end. */
export function judgeWriters(
  state: AuditState,
  writers: TrustedWriters,
  seen: ReadonlyMap<string, RecordedHead>,
): readonly Finding[] {
  return [
    ...judgeRoot(state),
    ...writers.takeovers.map(({ sequence, key }): Finding => ({ kind: "takeover", sequence, key })),
    ...state.chains.flatMap((account) => judgeChain(account, writers, seen)),
  ];
}

/** Also of a control chain that was removed. */
function judgeRoot({ control, chains }: AuditState): readonly Finding[] {
  if (control.isAnchored || chains.every(({ head }) => head.sequence === 0)) return [];
  const message =
    "none of the pinned keys (ledger.keys) has signed a record of this chain: it is another one than theirs";
  return [{ kind: "replaced", chain: CONTROL_CHAIN, sequence: 1, message }];
}

function judgeChain(
  { chain, signers }: ChainAccount,
  writers: TrustedWriters,
  seen: ReadonlyMap<string, RecordedHead>,
): readonly Finding[] {
  const isOfNode = chain !== CONTROL_CHAIN;
  // The next checkpoint accepts the one key that signs a chain of which none is accepted.
  const isNew = isOfNode && signers.size === 1 && !writers.accepted.some((one) => one.chain === chain);
  const seenUpTo = seen.get(chain)?.sequence ?? 0;
  return [...signers].flatMap(([key, { first, records }]): readonly Finding[] => {
    if (isOfNode && writers.accepts(chain, key)) return [];
    if (isNew && first > seenUpTo) return [];
    return [{ kind: "unaccepted", chain, key, records }];
  });
}

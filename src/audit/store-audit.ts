import { CONTROL_CHAIN } from "../partition.ts";
import { type View, views } from "../view.ts";
import type { HiddenAudit } from "./audit-hidden.ts";
import type { AuditState, ChainAccount } from "./audit-state.ts";
import type { ViewListing } from "./audit-view.ts";
import type { AbsentCounts } from "./find-missing.ts";
import type { Finding, MoreFindings } from "./finding.ts";
import type { ListingCounts } from "./judge-listing.ts";
import { flag, viewOfFlags } from "./object-table.ts";

/** What the ledger and the store say of each other. */
export interface StoreAudit {
  readonly nodes: readonly NodeAudit[];
  readonly objects: Readonly<Record<View, ViewAudit>>;
  readonly keys: KeyAudit;
  readonly findings: readonly Finding[];
  /** By kind, how many more there are than `findings` names. */
  readonly more: MoreFindings;
}

export interface NodeAudit {
  readonly node: string;
  readonly records: number;
  readonly batches: number;
  readonly streams: number;
  readonly lines: number;
  readonly stored: number;
  readonly quarantined: number;
  readonly refused: number;
}

export interface ViewAudit {
  readonly recorded: number;
  readonly destroyed: number;
  readonly listed: number;
  readonly listedBytes: number;
  /** Those of the listed whose name is a sealed object's. */
  readonly sealed: number;
  /** Young objects that no record names yet. */
  readonly inFlight: number;
  /** Recorded objects that are gone, and whose purge has no certificate yet. */
  readonly leaving: number;
  /** Sealed objects that are there, though their key is destroyed. */
  readonly overdue: number;
  /** Of which nobody knows whether they are as recorded, because a chain is broken. */
  readonly unjudged: number;
  readonly hidden: HiddenAudit;
}

/** Key pairs of sealed objects that are certified as destroyed. */
export interface KeyAudit {
  readonly certified: number;
  /** Those of which no record says that the key is destroyed too: copies elsewhere may still be opened. */
  readonly outstanding: number;
}

export type ViewCounts = Readonly<Record<View, ViewListing & ListingCounts>>;

/** What the state holds and what was counted of the views, as it is told. */
export function accountsOf(
  state: AuditState,
  counts: ViewCounts,
  { leaving, unjudged }: AbsentCounts,
): Pick<StoreAudit, "nodes" | "objects" | "keys"> {
  const known = countKnown(state);
  const ofView = (view: View): ViewAudit => {
    const { listed, listedBytes, sealed, inFlight, overdue, hidden, unjudged: unjudgedListed } = counts[view];
    return {
      ...known[view],
      listed,
      listedBytes,
      sealed,
      inFlight,
      leaving: leaving[view],
      overdue,
      unjudged: unjudged[view] + unjudgedListed,
      hidden,
    };
  };
  const { keysCertified, keysDestroyed } = state.control;
  return {
    nodes: state.chains.filter(({ chain }) => chain !== CONTROL_CHAIN).map(nodeOf),
    objects: { raw: ofView("raw"), analytics: ofView("analytics"), quarantine: ofView("quarantine") },
    keys: {
      certified: keysCertified.size,
      outstanding: [...keysCertified].filter((key) => !keysDestroyed.has(key)).length,
    },
  };
}

/** What was destroyed without ever being recorded counts as recorded all the same. */
function countKnown({
  objects: { size, columns },
}: AuditState): Record<View, Pick<ViewAudit, "recorded" | "destroyed">> {
  const known = Object.fromEntries(views.map((view) => [view, { recorded: 0, destroyed: 0 }])) as Record<
    View,
    { recorded: number; destroyed: number }
  >;
  for (let index = 0; index < size; index++) {
    const flags = columns.flags[index] as number;
    const ofView = known[viewOfFlags(flags)];
    ofView.recorded++;
    if ((flags & flag.consumed) !== 0) ofView.destroyed++;
  }
  return known;
}

function nodeOf(account: ChainAccount): NodeAudit {
  const { chain: node, head, batches, streams, lines, stored, quarantined, refused } = account;
  return { node, records: head.sequence, batches, streams, lines, stored, quarantined, refused };
}

import { CONTROL_CHAIN, HOLD_NODE } from "../partition.ts";
import type { ObjectStore } from "../store/object-store.ts";
import type { View } from "../view.ts";
import type { AuditState } from "./audit-state.ts";
import type { UnrecordedObject, ViewListing } from "./audit-view.ts";
import { isListed } from "./find-missing.ts";
import type { Finding, FindingSink } from "./finding.ts";
import { isYoung } from "./is-young.ts";

export interface ListingQuestion {
  readonly view: View;
  readonly store: ObjectStore;
  readonly listing: ViewListing;
  /** What their nodes have recorded behind the break nobody knows. */
  readonly brokenChains: ReadonlySet<string>;
  readonly nowMs: number;
  readonly inFlightMs: number;
}

/** What is listed without a record, and is no finding. */
export interface ListingCounts {
  readonly inFlight: number;
  readonly unjudged: number;
}

/** Judges what a listing showed and the chains, read again behind it, do not account for. */
export async function judgeListing(
  state: AuditState,
  question: ListingQuestion,
  sink: FindingSink,
): Promise<ListingCounts> {
  const { view, store, listing } = question;
  for (const key of listing.undead) {
    if (sink.isFull("undead")) sink.addUnnamed("undead", 1);
    else if (await isThere(store, key)) sink.add({ kind: "undead", view, key });
  }
  const counts = { inFlight: 0, unjudged: 0 };
  for (const object of listing.unrecorded) {
    // Its record may have come since.
    if (state.objects.find(view, object.key) !== -1) continue;
    const judged = judgeUnrecorded(object, question);
    if (judged === "in-flight") counts.inFlight++;
    else if (judged === "unjudged") counts.unjudged++;
    else sink.add(judged);
  }
  sink.addUnnamed("unrecorded", listing.moreUnrecorded);
  addHidden(view, listing, sink);
  return counts;
}

/** What an object without a record is: on its way, for as long as a batch may be, and then a finding. */
function judgeUnrecorded(
  { key, node, modifiedMs }: UnrecordedObject,
  { view, brokenChains, nowMs, inFlightMs }: Omit<ListingQuestion, "store" | "listing">,
): Finding | "in-flight" | "unjudged" {
  if (modifiedMs !== undefined && isYoung(modifiedMs, { nowMs, inFlightMs })) return "in-flight";
  if (brokenChains.has(node === HOLD_NODE ? CONTROL_CHAIN : node)) return "unjudged";
  const since = modifiedMs === undefined ? undefined : new Date(modifiedMs).toISOString();
  return { kind: "unrecorded", view, key, node, since };
}

/** Listed still, or something hidden of it is. A listing may have lagged behind. */
async function isThere(store: ObjectStore, key: string): Promise<boolean> {
  if (await isListed(store, key)) return true;
  for await (const object of store.listHidden(key)) if (object.key === key) return true;
  return false;
}

function addHidden(view: View, { hidden }: ViewListing, sink: FindingSink): void {
  const { versions, versionBytes, deleteMarkers, uploads, notSeen } = hidden;
  if (versions + deleteMarkers + uploads > 0) {
    sink.add({ kind: "hidden", view, versions, versionBytes, deleteMarkers, uploads });
  }
  if (notSeen !== undefined) sink.add({ kind: "not-seen", view, message: notSeen });
}

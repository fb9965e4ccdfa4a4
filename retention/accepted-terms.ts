import type { PurgeGroup } from "../src/ledger/retention-record.ts";
import { exceeds, parseTerm, TERM_MAX, type Term } from "../src/term.ts";
import { views } from "../src/view.ts";
import type { RecordedPlan, RecordedPolicy, RetentionState } from "./retention-state.ts";
import { dueDayOf, type RetentionPolicy } from "./rule-for.ts";

/** The terms by which a view's class may be destroyed without asking anybody. */
export interface AcceptedTerms {
  /** Undefined for a class that no recorded policy has named: its first term is taken as it is. */
  of(series: Series): Term | undefined;
}

type Series = Pick<PurgeGroup, "view" | "retentionClass">;

/**
 * A term that becomes longer is accepted at once, one that becomes shorter when a plan under it is approved. So a term that
 * was shortened by mistake goes on asking, day by day, and a plan that a killed run never wrote is asked for by the next.
 */
export function acceptedTerms({
  policies,
  plans,
}: Pick<RetentionState, "policies" | "plans">): AcceptedTerms {
  const terms = new Map<string, { readonly series: Series; readonly term: Term }>();
  let policy: RecordedPolicy | undefined;
  for (const event of eventsOf(policies, plans)) {
    if ("policy" in event) {
      policy = event;
      takePolicy(event, terms);
    } else if (policy !== undefined) takeApproval(event, policy, terms);
  }
  return { of: (series) => terms.get(nameOf(series))?.term };
}

function eventsOf(
  policies: readonly RecordedPolicy[],
  plans: readonly RecordedPlan[],
): readonly (RecordedPolicy | RecordedPlan)[] {
  const approved = plans.filter(({ verdict }) => verdict === "approved");
  const whenOf = (event: RecordedPolicy | RecordedPlan): number =>
    "policy" in event ? event.sequence : (event.verdictSequence ?? event.sequence);
  return [...policies, ...approved].sort((a, b) => whenOf(a) - whenOf(b));
}

function takePolicy(
  { policy }: RecordedPolicy,
  terms: Map<string, { readonly series: Series; readonly term: Term }>,
): void {
  const named: readonly Series[] = [
    { view: "quarantine", retentionClass: "" },
    ...Object.keys(policy.classes).flatMap((retentionClass) =>
      views.filter((view) => view !== "quarantine").map((view) => ({ view, retentionClass })),
    ),
  ];
  const known = [...terms.values()].map(({ series }) => series);
  for (const series of [...known, ...named]) {
    const term = termOf(series, policy);
    const before = terms.get(nameOf(series))?.term;
    if (before === undefined || !exceeds(before, term)) terms.set(nameOf(series), { series, term });
  }
}

/** An approval of what the policy has ceased to say by then changes nothing. */
function takeApproval(
  { record }: RecordedPlan,
  { policy }: RecordedPolicy,
  terms: Map<string, { readonly series: Series; readonly term: Term }>,
): void {
  for (const { view, day, retentionClass, rule } of record.groups) {
    if (rule.kind === "hold" || rule.kind === "ceiling") continue;
    const series = { view, retentionClass };
    if (dueDayOf(day, termOf(series, policy)) !== rule.dueDay) continue;
    terms.set(nameOf(series), { series, term: parseTerm(rule.term) ?? TERM_MAX });
  }
}

function termOf({ view, retentionClass }: Series, { classes, quarantineTerm }: RetentionPolicy): Term {
  return view === "quarantine" ? quarantineTerm : (classes[retentionClass]?.[view] ?? TERM_MAX);
}

/** Quarantine has one term for all classes. */
function nameOf({ view, retentionClass }: Series): string {
  return view === "quarantine" ? view : `${view} ${retentionClass}`;
}

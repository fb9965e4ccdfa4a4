import { startMs } from "../src/day.ts";
import type { NeededApproval } from "../src/ledger/retention-record.ts";
import type { AcceptedTerms } from "./accepted-terms.ts";
import { GRACE_MS } from "./grace.ts";
import type { BittenGroups } from "./guards/bitten-groups.ts";
import { afterDowntime } from "./guards/downtime.ts";
import { tooManyDueDays } from "./guards/due-days.ts";
import { tooMuchOfView } from "./guards/share-of-view.ts";
import { shorterTerms } from "./guards/shorter-term.ts";
import type { Judged, JudgedGroup, JudgedListing } from "./judge-listing.ts";
import type { ListedGroup } from "./listing-summary.ts";
import type { DoomedGroup, NewPlan, PlanReference, WaitingGroup, WaitReason } from "./purge-decision.ts";
import type { RecordedPlan } from "./retention-state.ts";
import { byDueDay, type RuledGroup } from "./ruled-group.ts";

export interface Fates {
  readonly plans: readonly NewPlan[];
  readonly destroy: readonly DoomedGroup[];
  readonly waiting: readonly WaitingGroup[];
}

interface Surroundings {
  readonly nowMs: number;
  /** Everything that is listed. */
  readonly listed: readonly ListedGroup[];
  readonly accepted: AcceptedTerms;
  readonly lastRunMs: number | undefined;
}

/** What goes and what waits where no clock is in doubt. */
export function decideFates(judged: JudgedListing, surroundings: Surroundings): Fates {
  const going = holdBack(judged, surroundings);
  const planned = planAhead(judged, surroundings);
  const { nowMs } = surroundings;
  const certain = [
    ...going.free.filter(({ standing }) => standing.plan === undefined),
    ...judged.of("to-announce"),
  ];
  const plans: readonly (NewPlan | undefined)[] = [
    newPlan("certain", ruledOf(certain), nowMs, []),
    newPlan("grace", planned.plain, nowMs + GRACE_MS, []),
    newPlan("approval", planned.bitten, nowMs + GRACE_MS, planned.approvals),
    newPlan("guarded", ruledOf(going.bitten), nowMs, going.approvals),
  ];
  const destroy: readonly DoomedGroup[] = [...going.free, ...judged.of("approved")].map(
    ({ ruled, standing }) => ({ ...ruled, plan: standing.plan?.sequence ?? "certain" }),
  );
  const waiting: readonly WaitingGroup[] = [
    ...waitByPlan(judged),
    ...ruledOf(judged.of("to-announce")).map((ruled) => inGrace(ruled, "certain", nowMs, false)),
    ...planned.plain.map((ruled) => inGrace(ruled, "grace", nowMs + GRACE_MS, true)),
    ...planned.bitten.map((ruled) => waits(ruled, needed("approval", planned.approvals))),
    ...ruledOf(going.bitten).map((ruled) => waits(ruled, needed("guarded", going.approvals))),
    ...ruledOf(going.blocked).map((ruled) =>
      waits(ruled, needed(going.blockedBy?.sequence ?? "guarded", going.blockedBy?.record.approvals ?? [])),
    ),
  ];
  return {
    plans: plans.filter((plan) => plan !== undefined),
    destroy: [...destroy].sort(byDueDay),
    waiting: [...waiting].sort(byDueDay),
  };
}

/** Nothing goes, and nothing is planned: what would go stands among what waits. */
export function refuseFates(judged: JudgedListing, begun: readonly RuledGroup[]): Fates {
  const refused = [...begun, ...ruledOf(judged.of("goes", "approved", "to-announce", "to-plan"))];
  const waiting = [...waitByPlan(judged), ...refused.map((ruled) => waits(ruled, { kind: "refused" }))];
  return { plans: [], destroy: [], waiting: waiting.sort(byDueDay) };
}

interface Going {
  readonly free: readonly Judged<"goes">[];
  /** What a guard bites now. */
  readonly bitten: readonly Judged<"goes">[];
  readonly approvals: readonly NeededApproval[];
  /** What waits with a plan that a guard bit before. */
  readonly blocked: readonly Judged<"goes">[];
  readonly blockedBy: RecordedPlan | undefined;
}

function holdBack(judged: JudgedListing, { nowMs, listed, lastRunMs }: Surroundings): Going {
  const goes = judged.of("goes");
  const { blockedBy } = judged;
  if (blockedBy !== undefined) return { free: [], bitten: [], approvals: [], blocked: goes, blockedBy };
  const candidates = ruledOf(goes);
  const guards = [
    afterDowntime(nowMs, goes.length === 0 ? undefined : lastRunMs),
    tooManyDueDays(candidates),
    tooMuchOfView(candidates, listed),
  ];
  const { has, approvals } = together(guards);
  return {
    free: goes.filter(({ ruled }) => !has(ruled)),
    bitten: goes.filter(({ ruled }) => has(ruled)),
    approvals,
    blocked: [],
    blockedBy,
  };
}

interface PlannedAhead {
  readonly plain: readonly RuledGroup[];
  readonly bitten: readonly RuledGroup[];
  readonly approvals: readonly NeededApproval[];
}

/** Guards look at a plan when it is made too, so that nobody is asked only after the grace. */
function planAhead(judged: JudgedListing, { listed, accepted }: Surroundings): PlannedAhead {
  const planned = ruledOf(judged.of("to-plan"));
  const guards = [shorterTerms(planned, accepted), tooManyDueDays(planned), tooMuchOfView(planned, listed)];
  const { has, approvals } = together(guards);
  return {
    plain: planned.filter((ruled) => !has(ruled)),
    bitten: planned.filter(has),
    approvals,
  };
}

function together(guards: readonly BittenGroups[]): BittenGroups {
  return {
    has: (candidate) => guards.some((guard) => guard.has(candidate)),
    approvals: guards.flatMap(({ approvals }) => approvals),
  };
}

function newPlan(
  kind: NewPlan["kind"],
  ruled: readonly RuledGroup[],
  notBeforeMs: number,
  approvals: readonly NeededApproval[],
): NewPlan | undefined {
  if (ruled.length === 0) return undefined;
  const groups = [...ruled].sort(byDueDay).map(({ group, rule }) => {
    const { view, day, retentionClass, objects, sizeBytes } = group;
    return { view, day, retentionClass, rule, objects, sizeBytes };
  });
  return { kind, groups, notBefore: new Date(notBeforeMs).toISOString(), approvals };
}

/** What waits for a plan that is recorded. */
function waitByPlan(judged: JudgedListing): readonly WaitingGroup[] {
  return [
    ...judged
      .of("in-grace")
      .map(({ ruled, standing: { plan, canBeCancelled } }) =>
        inGrace(ruled, plan.sequence, plan.notBeforeMs, canBeCancelled),
      ),
    ...judged
      .of("unapproved")
      .map(({ ruled, standing: { plan } }) => waits(ruled, needed(plan.sequence, plan.record.approvals))),
    ...judged
      .of("cancelled")
      .map(({ ruled, standing: { plan } }) => waits(ruled, { kind: "cancelled", plan: plan.sequence })),
  ];
}

function inGrace(
  ruled: RuledGroup,
  plan: PlanReference,
  notBeforeMs: number,
  canBeCancelled: boolean,
): WaitingGroup {
  const untilMs = Math.max(notBeforeMs, startMs(ruled.rule.dueDay));
  return waits(ruled, { kind: "grace", plan, until: new Date(untilMs).toISOString(), canBeCancelled });
}

function needed(plan: PlanReference, approvals: readonly NeededApproval[]): WaitReason {
  return { kind: "approval", plan, approvals };
}

function waits(ruled: RuledGroup, because: WaitReason): WaitingGroup {
  return { ...ruled, because };
}

function ruledOf(judged: readonly Pick<JudgedGroup, "ruled">[]): readonly RuledGroup[] {
  return judged.map(({ ruled }) => ruled);
}

import { type Day, startMs } from "../src/day.ts";
import type { AcceptedTerms } from "./accepted-terms.ts";
import type { GoverningPlan } from "./governing-plan.ts";
import { PLANNED_AHEAD_MS } from "./grace.ts";
import { isShorter } from "./guards/shorter-term.ts";
import type { RecordedPlan } from "./retention-state.ts";
import type { RuledGroup } from "./ruled-group.ts";

/** Where a group stands before the guards have looked at what would go. */
export type Standing =
  /** Not due for long. */
  | { readonly kind: "keep" }
  /** May go now, if no guard bites. Without a plan it goes by one of this very run. */
  | { readonly kind: "goes"; readonly plan: RecordedPlan | undefined }
  /** May go now, and a person has said so. */
  | { readonly kind: "approved"; readonly plan: RecordedPlan }
  /** No rule in force keeps it at its due day: planned, for all to see, and nobody can cancel it. */
  | { readonly kind: "to-announce" }
  /** To be planned, with a grace. */
  | { readonly kind: "to-plan" }
  | { readonly kind: "in-grace"; readonly plan: RecordedPlan; readonly canBeCancelled: boolean }
  | { readonly kind: "unapproved"; readonly plan: RecordedPlan }
  | { readonly kind: "cancelled"; readonly plan: RecordedPlan };

export interface Circumstances {
  readonly nowMs: number;
  readonly today: Day;
  readonly accepted: AcceptedTerms;
  readonly planOf: GoverningPlan;
}

/** `longestDueOf`: see `longestDueDay`; asked for what is not far from its due day alone. */
export function judgeGroup(
  ruled: RuledGroup,
  longestDueOf: () => Day,
  circumstances: Circumstances,
): Standing {
  const { nowMs, today, planOf } = circumstances;
  const { dueDay } = ruled.rule;
  if (nowMs < startMs(dueDay) - PLANNED_AHEAD_MS) return { kind: "keep" };
  const plan = planOf(ruled);
  const longestDue = longestDueOf();
  if (longestDue <= today) return judgeCertain(plan, longestDue, nowMs);
  if (longestDue === dueDay) {
    return plan === undefined ? { kind: "to-announce" } : { kind: "in-grace", plan, canBeCancelled: false };
  }
  return judgeByPlan(ruled, plan, circumstances);
}

/**
 * No grace and no cancelling helps it any more, nor does it wait for the approval of shorter terms. What does hold it back
 * is a guard that bit when it was past all terms already.
 */
function judgeCertain(plan: RecordedPlan | undefined, longestDue: Day, nowMs: number): Standing {
  if (plan === undefined) return { kind: "goes", plan };
  if (plan.record.approvals.length === 0) {
    const isFree = plan.notBeforeMs <= nowMs && plan.verdict !== "cancelled";
    return { kind: "goes", plan: isFree ? plan : undefined };
  }
  if (plan.verdict === "approved") {
    return plan.notBeforeMs <= nowMs ? { kind: "approved", plan } : { kind: "goes", plan: undefined };
  }
  return plan.atMs >= startMs(longestDue) ? { kind: "unapproved", plan } : { kind: "goes", plan: undefined };
}

/** Some rule in force would still keep it: it goes by a plan alone. */
function judgeByPlan(
  ruled: RuledGroup,
  plan: RecordedPlan | undefined,
  { nowMs, today, accepted }: Circumstances,
): Standing {
  if (plan === undefined) return { kind: "to-plan" };
  if (plan.verdict === "cancelled") return { kind: "cancelled", plan };
  const needsApproval = plan.record.approvals.length > 0;
  if (needsApproval && plan.verdict !== "approved") return { kind: "unapproved", plan };
  // The approval that had let it in was taken back since.
  if (!needsApproval && isShorter(ruled, accepted)) return { kind: "to-plan" };
  if (plan.notBeforeMs > nowMs || ruled.rule.dueDay > today) {
    return { kind: "in-grace", plan, canBeCancelled: true };
  }
  return needsApproval ? { kind: "approved", plan } : { kind: "goes", plan };
}

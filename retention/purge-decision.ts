import type { Day } from "../src/day.ts";
import type { NeededApproval, PlannedGroup } from "../src/ledger/retention-record.ts";
import type { Refusal } from "./guards/refusal.ts";
import type { UnrecognisedObject } from "./listing-summary.ts";
import type { NewPolicy } from "./policy-record.ts";
import type { BegunPurge } from "./retention-state.ts";
import type { RuledGroup } from "./ruled-group.ts";

/**
 * What a run does, in this order: it records the policy and the plans, ends what was begun (`resume`), destroys keys and
 * objects of `destroy`, and certifies. Each listed group stands in exactly one of `destroy`, `waiting`, `keep`, and `resume`
 * when its purge was begun.
 */
export interface PurgeDecision {
  readonly nowMs: number;
  readonly today: Day;
  /** Guards that bite. With any of them nothing is to be recorded, and nothing destroyed: `destroy` and `resume` are empty. */
  readonly refusals: readonly Refusal[];
  /** To be recorded because the terms are not those recorded last. */
  readonly policyRecord: NewPolicy | undefined;
  /** To be recorded; at most one of each kind. */
  readonly plans: readonly NewPlan[];
  /** The longest overdue first. */
  readonly destroy: readonly DoomedGroup[];
  readonly resume: readonly ResumedPurge[];
  /** Due, or planned, and not to be destroyed now. The longest overdue first. */
  readonly waiting: readonly WaitingGroup[];
  /** The next due first. */
  readonly keep: readonly RuledGroup[];
  /** What should have been gone for a day, whatever becomes of it now. The longest overdue first. */
  readonly overdue: readonly OverdueGroup[];
  readonly unrecognised: readonly UnrecognisedObject[];
}

/** A plan to be recorded; its stamp is that of the run. */
export interface NewPlan {
  /**
   * `certain`: no rule keeps these groups any longer, so there is no grace. `grace`: can be cancelled. `approval`: has to
   * be approved, and can be cancelled. `guarded`: would go now, and a guard asks for approval.
   */
  readonly kind: "certain" | "grace" | "approval" | "guarded";
  readonly groups: readonly PlannedGroup[];
  /** ISO 8601. */
  readonly notBefore: string;
  readonly approvals: readonly NeededApproval[];
}

export interface DoomedGroup extends RuledGroup {
  /** The plan under which it goes. */
  readonly plan: number | "certain";
}

export interface ResumedPurge extends BegunPurge {
  /** What is listed of it still; undefined when nothing is. */
  readonly listed: RuledGroup | undefined;
}

export interface WaitingGroup extends RuledGroup {
  readonly because: WaitReason;
}

/** A plan by its number, or by its kind as long as it is not recorded. */
export type PlanReference = number | NewPlan["kind"];

export type WaitReason =
  /** `until`: ISO 8601, when it is due and the grace is over. What no rule keeps any longer cannot be cancelled. */
  | {
      readonly kind: "grace";
      readonly plan: PlanReference;
      readonly until: string;
      readonly canBeCancelled: boolean;
    }
  | {
      readonly kind: "approval";
      readonly plan: PlanReference;
      readonly approvals: readonly NeededApproval[];
    }
  | { readonly kind: "cancelled"; readonly plan: number }
  /** It would go now, but for the refusals. */
  | { readonly kind: "refused" };

export interface OverdueGroup extends RuledGroup {
  /** ISO 8601: the instant at which it had to be gone by the rule that was in force then. */
  readonly since: string;
  /** Whether this very run destroys it. */
  readonly goesNow: boolean;
}

/** The decision once its plans have numbers. Throws for a kind that has none. */
export function numberPlans(
  decision: PurgeDecision,
  numbers: ReadonlyMap<NewPlan["kind"], number>,
): PurgeDecision & { readonly destroy: readonly (DoomedGroup & { readonly plan: number })[] } {
  const numberOf = (plan: PlanReference): number => {
    const number = typeof plan === "number" ? plan : numbers.get(plan);
    if (number === undefined) throw new Error(`the plan of kind ${plan} has no number`);
    return number;
  };
  return {
    ...decision,
    destroy: decision.destroy.map((doomed) => ({ ...doomed, plan: numberOf(doomed.plan) })),
    waiting: decision.waiting.map((one) => {
      const { because } = one;
      if (because.kind !== "grace" && because.kind !== "approval") return one;
      return { ...one, because: { ...because, plan: numberOf(because.plan) } };
    }),
  };
}

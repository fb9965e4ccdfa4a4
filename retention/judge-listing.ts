import type { Day } from "../src/day.ts";
import { acceptedTerms } from "./accepted-terms.ts";
import { governingPlans } from "./governing-plan.ts";
import { judgeGroup, type Standing } from "./judge-group.ts";
import { longestDueDay } from "./longest-due-day.ts";
import type { RecordedPlan, RetentionState } from "./retention-state.ts";
import type { RetentionPolicy } from "./rule-for.ts";
import type { RuledGroup } from "./ruled-group.ts";

export interface JudgedGroup<Some extends Standing = Standing> {
  readonly ruled: RuledGroup;
  readonly standing: Some;
}

export type Judged<Kind extends Standing["kind"]> = JudgedGroup<Extract<Standing, { readonly kind: Kind }>>;

export interface JudgedListing {
  readonly all: readonly JudgedGroup[];
  /** A plan that the guard against downtimes bit and that nobody has approved: what becomes due by the same clock waits too. */
  readonly blockedBy: RecordedPlan | undefined;
  of<Kind extends Standing["kind"]>(...kinds: readonly Kind[]): readonly Judged<Kind>[];
}

export function judgeListing(
  ruled: readonly RuledGroup[],
  policy: RetentionPolicy,
  state: RetentionState,
  { nowMs, today }: { readonly nowMs: number; readonly today: Day },
): JudgedListing {
  const circumstances = { nowMs, today, accepted: acceptedTerms(state), planOf: governingPlans(state) };
  const judged: readonly JudgedGroup[] = ruled.map((one) => ({
    ruled: one,
    standing: judgeGroup(one, () => longestDueDay(one.group, policy, state, nowMs), circumstances),
  }));
  const waiting = judged.flatMap(({ standing }) =>
    standing.kind === "unapproved" || standing.kind === "cancelled" ? standing.plan : [],
  );
  return {
    all: judged,
    blockedBy: waiting.find(({ record }) => record.approvals.some(({ kind }) => kind === "downtime")),
    of: <Kind extends Standing["kind"]>(...kinds: readonly Kind[]) =>
      judged.filter((one): one is Judged<Kind> => kinds.some((kind) => kind === one.standing.kind)),
  };
}

import type { PlanReference, PurgeDecision, WaitingGroup, WaitReason } from "./purge-decision.ts";
import type { RuledGroup } from "./ruled-group.ts";

/** Groups with the same fate, and what a person has to know of it. */
export interface PlanSection {
  /** Lines of any length; a command to type is at the end of one. */
  readonly heading: readonly string[];
  readonly groups: readonly RuledGroup[];
  /** Summed up by class, whatever gaps there are between its days. */
  readonly isSummary: boolean;
}

/** What goes first, then what waits, then what stays; none is empty. */
export function planSections(decision: PurgeDecision): readonly PlanSection[] {
  const { destroy, resume, waiting, keep } = decision;
  const begun = resume.flatMap(({ listed }) => listed ?? []);
  const sections: readonly PlanSection[] = [
    section(["begun before, and ended now:"], begun),
    section(["goes now:"], destroy),
    ...waitingSections(waiting),
    { heading: ["stays:"], groups: keep, isSummary: true },
  ];
  return sections.filter(({ groups }) => groups.length > 0);
}

function section(heading: readonly string[], groups: readonly RuledGroup[]): PlanSection {
  return { heading, groups, isSummary: false };
}

function waitingSections(waiting: readonly WaitingGroup[]): readonly PlanSection[] {
  const byReason = new Map<string, WaitingGroup[]>();
  for (const one of waiting) {
    const name = reasonName(one.because);
    const known = byReason.get(name);
    if (known === undefined) byReason.set(name, [one]);
    else known.push(one);
  }
  return [...byReason.values()].map((groups) => section(headingOf(groups), groups));
}

function reasonName(because: WaitReason): string {
  if (because.kind === "refused") return because.kind;
  const cancellable = because.kind === "grace" && because.canBeCancelled ? "cancellable" : "";
  return `${because.kind} ${because.plan} ${cancellable}`;
}

function headingOf(groups: readonly WaitingGroup[]): readonly string[] {
  const because = groups[0]?.because ?? { kind: "refused" };
  switch (because.kind) {
    case "grace":
      return graceHeading(because, groups);
    case "approval":
      return [
        `waits for approval, ${planText(because.plan)}:`,
        ...because.approvals.map(({ message }) => `  ${message}`),
        `  when that is right: hostlog retention approve ${numberText(because.plan)} --reason "…"`,
      ];
    case "cancelled":
      return [
        `stays because plan ${because.plan} was cancelled:`,
        `  to take it up again: hostlog retention approve ${because.plan} --reason "…"`,
      ];
    case "refused":
      return ["would go or be planned now, and is refused:"];
  }
}

function graceHeading(
  { plan, canBeCancelled }: Extract<WaitReason, { readonly kind: "grace" }>,
  groups: readonly WaitingGroup[],
): readonly string[] {
  const until = groups.flatMap(({ because }) => (because.kind === "grace" ? because.until : [])).sort();
  const first = untilText(until[0]);
  const last = untilText(until.at(-1));
  const when = first === last ? first : `${first} to ${last}`;
  if (!canBeCancelled) return [`goes ${when}, ${planText(plan)}; a hold can keep rows of it, nothing else:`];
  return [
    `goes ${when}, ${planText(plan)}:`,
    `  to stop it: hostlog retention cancel ${numberText(plan)} --reason "…"`,
  ];
}

/** `2026-11-23 02:17`, UTC. */
function untilText(instant: string | undefined): string {
  return (instant ?? "").slice(0, 16).replace("T", " ");
}

function planText(plan: PlanReference): string {
  return typeof plan === "number" ? `plan ${plan}` : "a plan that the next run records";
}

/** Of a plan that is not recorded only that run can say it. */
function numberText(plan: PlanReference): string {
  return typeof plan === "number" ? String(plan) : "NUMBER";
}

import type { DayKeyName } from "../src/seal/day-key-name.ts";
import type { KeyDecision } from "./due-keys.ts";
import type { PurgeDecision, WaitReason } from "./purge-decision.ts";
import type { RuledGroup } from "./ruled-group.ts";

/**
 * A decision for programs, on one line: an entry for each view, day and class. `plan` is a number, or the kind of a plan
 * that the run itself records. `keys` are null where the keyring is not at hand.
 */
export function renderPlanJson(decision: PurgeDecision, keys?: KeyDecision): string {
  const fields = {
    kind: "purge-plan",
    today: decision.today,
    refusals: decision.refusals,
    destroy: decision.destroy.map((doomed) => ({ ...groupFields(doomed), plan: doomed.plan })),
    resume: decision.resume.map(({ sequence, record, listed }) => ({
      begun: sequence,
      view: record.group.view,
      day: record.group.day,
      class: record.group.retentionClass,
      objects: listed?.group.objects ?? 0,
      size_bytes: listed?.group.sizeBytes ?? 0,
      plan: record.plan,
    })),
    waiting: decision.waiting.map((one) => ({ ...groupFields(one), because: becauseFields(one.because) })),
    keep: decision.keep.map(groupFields),
    overdue: decision.overdue.map((one) => ({
      ...groupFields(one),
      since: one.since,
      goes_now: one.goesNow,
    })),
    unrecognised: decision.unrecognised.map(({ view, key, sizeBytes }) => ({
      view,
      key,
      size_bytes: sizeBytes,
    })),
    plans: decision.plans.map(({ kind, groups, notBefore, approvals }) => ({
      kind,
      groups: groups.length,
      not_before: notBefore,
      approvals,
    })),
    policy_changed: decision.policyRecord !== undefined,
    keys: keys?.destroy.map(keyFields) ?? null,
    keys_waiting: keys?.waiting.map((key) => ({ ...keyFields(key), because: key.because })) ?? null,
  };
  return `${JSON.stringify(fields)}\n`;
}

function groupFields({ group, rule }: RuledGroup): Readonly<Record<string, string | number>> {
  return {
    view: group.view,
    day: group.day,
    class: group.retentionClass,
    objects: group.objects,
    size_bytes: group.sizeBytes,
    due: rule.dueDay,
    rule: rule.kind,
    term: rule.term,
  };
}

function becauseFields(because: WaitReason): Readonly<Record<string, unknown>> {
  if (because.kind !== "grace") return { ...because };
  const { kind, plan, until, canBeCancelled } = because;
  return { kind, plan, until, can_be_cancelled: canBeCancelled };
}

function keyFields({ view, day, retentionClass }: DayKeyName): Readonly<Record<string, string>> {
  return { view, day, class: retentionClass };
}

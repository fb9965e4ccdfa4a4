import type { ClassTerms } from "../config/config.ts";
import type { RetentionPolicyRecord } from "../src/ledger/retention-record.ts";
import { exceeds, formatTerm, type Term } from "../src/term.ts";
import type { RecordedPolicy } from "./retention-state.ts";
import type { RetentionPolicy } from "./rule-for.ts";

export type NewPolicy = Omit<RetentionPolicyRecord, "at" | "clock">;

/**
 * The terms as they are to be recorded; undefined when those recorded last name the same classes and do the same to
 * every day, however they are written: 24 months are two years.
 */
export function policyToRecord(
  policy: RetentionPolicy,
  last: RecordedPolicy | undefined,
): NewPolicy | undefined {
  if (last !== undefined && isSame(policy, last.policy)) return undefined;
  const classes = Object.entries(policy.classes).map(
    ([name, { raw, analytics }]) =>
      [name, { raw: formatTerm(raw), analytics: formatTerm(analytics) }] as const,
  );
  return {
    kind: "retention-policy",
    classes: Object.fromEntries(classes),
    quarantineTerm: formatTerm(policy.quarantineTerm),
  };
}

function isSame(one: RetentionPolicy, other: RetentionPolicy): boolean {
  const names = Object.keys(one.classes);
  return (
    names.length === Object.keys(other.classes).length &&
    names.every((name) => isSameClass(one.classes[name], other.classes[name])) &&
    isSameTerm(one.quarantineTerm, other.quarantineTerm)
  );
}

function isSameClass(one: ClassTerms | undefined, other: ClassTerms | undefined): boolean {
  return (
    one !== undefined &&
    other !== undefined &&
    isSameTerm(one.raw, other.raw) &&
    isSameTerm(one.analytics, other.analytics)
  );
}

/** Days and calendar months never come to the same for every day. */
function isSameTerm(one: Term, other: Term): boolean {
  return !exceeds(one, other) && !exceeds(other, one);
}

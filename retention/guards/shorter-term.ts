import { formatTerm } from "../../src/term.ts";
import type { AcceptedTerms } from "../accepted-terms.ts";
import { dueDayOf } from "../rule-for.ts";
import type { RuledGroup } from "../ruled-group.ts";
import type { BittenGroups } from "./bitten-groups.ts";

/** Groups that would go earlier than by the term which was in force before and which nobody has shortened knowingly. */
export function shorterTerms(candidates: readonly RuledGroup[], accepted: AcceptedTerms): BittenGroups {
  const has = (candidate: RuledGroup): boolean => isShorter(candidate, accepted);
  const messages = candidates.filter(has).map(({ group, rule }) => {
    const term = accepted.of(group);
    const series = group.view === "quarantine" ? group.view : `${group.view} ${group.retentionClass}`;
    return `${series}: its term was made shorter, from ${term === undefined ? "" : formatTerm(term)} to ${rule.term}`;
  });
  return {
    has,
    approvals: [...new Set(messages)].map((message) => ({ kind: "shorter-policy", message })),
  };
}

export function isShorter({ group, rule }: RuledGroup, accepted: AcceptedTerms): boolean {
  const term = rule.kind === "hold" ? undefined : accepted.of(group);
  return term !== undefined && dueDayOf(group.day, term) > rule.dueDay;
}

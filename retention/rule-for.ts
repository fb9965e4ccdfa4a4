import type { Config } from "../config/config.ts";
import { TERM_MAX, type Term } from "../src/term.ts";
import type { View } from "../src/view.ts";

export type RetentionPolicy = Pick<Config, "classes" | "quarantineTerm">;

/** Where a term comes from. */
export interface Rule {
  /**
   * `class`: from the config. `ceiling`: the config does not know the class any more, so that only the
   * longest term is sure to be allowed. `quarantine`: one term for all classes.
   */
  readonly kind: "class" | "ceiling" | "quarantine";
  readonly term: Term;
}

/**
 * The day of an object in quarantine was chosen by the writer, so that the one term, counted from it, ends
 * with 90 days from receipt or with the term of the lines' own day, whichever is first.
 */
export function ruleFor(view: View, retentionClass: string, policy: RetentionPolicy): Rule {
  if (view === "quarantine") return { kind: "quarantine", term: policy.quarantineTerm };
  const term = policy.classes[retentionClass]?.[view];
  return term === undefined ? { kind: "ceiling", term: TERM_MAX } : { kind: "class", term };
}

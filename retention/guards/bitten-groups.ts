import type { NeededApproval } from "../../src/ledger/retention-record.ts";
import type { RuledGroup } from "../ruled-group.ts";

/** What a guard holds back until a person approves it. */
export interface BittenGroups {
  has(candidate: RuledGroup): boolean;
  /** Empty when it bites nothing. */
  readonly approvals: readonly NeededApproval[];
}

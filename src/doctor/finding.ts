import { type ExitCode, exitCode } from "../exit-code.ts";
import type { View } from "../view.ts";

/** What one check found about one place. */
export interface Finding {
  readonly check: Check;
  readonly verdict: Verdict;
  /** What is so: one sentence without a full stop. */
  readonly fact: string;
  /** What follows from it for who runs hostlog there: what is refused, what is done instead, what to do. */
  readonly consequence: string;
}

/**
 * "refused": the place must not be used like this. "warning": hostlog does what it can without it.
 * "not-tried": nobody knows, because these credentials may not ask or nothing was to be written.
 */
export type Verdict = "refused" | "warning" | "not-tried" | "ok";

export const verdictsWorstFirst = [
  "refused",
  "warning",
  "not-tried",
  "ok",
] as const satisfies readonly Verdict[];

/** The names of the checks, as they are printed. */
export type Check =
  | "reach"
  | "transit"
  | "clock"
  | "may"
  | "versioning"
  | "mfa-delete"
  | "object-lock"
  | "replication"
  | "expiry-rules"
  | "archive-rules"
  | "tiering"
  | "upload-rule"
  | "public-access"
  | "encryption"
  | "create"
  | "atomic"
  | "replace"
  | "checksum"
  | "read"
  | "list"
  | "delete"
  | "removal"
  | "uploads"
  | "left-over"
  | "folder"
  | "mode"
  | "file-system"
  | "space"
  | "apart"
  | "seal"
  | "recipients"
  | "days-left"
  | "keyring"
  | "keys-apart"
  | "custodian"
  | "memory"
  | "swap"
  | "core-files";

export interface FindingGroup {
  readonly subject: Subject;
  /** Where it is: a root's URL, the server's, a path. */
  readonly place: string;
  readonly findings: readonly Finding[];
}

export type Subject = "server" | RootName | "state" | "keys";

export type RootName = View | "ledger" | "published";

export function isView(subject: Subject): subject is View {
  return subject === "raw" || subject === "analytics" || subject === "quarantine";
}

export function ok(check: Check, fact: string, consequence: string): Finding {
  return { check, verdict: "ok", fact, consequence };
}

export function warning(check: Check, fact: string, consequence: string): Finding {
  return { check, verdict: "warning", fact, consequence };
}

export function refused(check: Check, fact: string, consequence: string): Finding {
  return { check, verdict: "refused", fact, consequence };
}

export function notTried(check: Check, fact: string, consequence: string): Finding {
  return { check, verdict: "not-tried", fact, consequence };
}

export function countVerdicts(groups: readonly FindingGroup[]): Readonly<Record<Verdict, number>> {
  const count = (verdict: Verdict): number =>
    groups.reduce((sum, { findings }) => sum + findings.filter((one) => one.verdict === verdict).length, 0);
  return {
    refused: count("refused"),
    warning: count("warning"),
    "not-tried": count("not-tried"),
    ok: count("ok"),
  };
}

/**
 * What nobody may try is no fault: a role that may little is as it should be. `hasMissed`: something was not
 * tried that another time may be, since the server was away or the process was asked to end.
 */
export function exitCodeOf(groups: readonly FindingGroup[], hasMissed: boolean): ExitCode {
  const { refused: refusals, warning: warnings } = countVerdicts(groups);
  if (refusals > 0) return exitCode.config;
  if (hasMissed) return exitCode.tryAgain;
  return warnings > 0 ? exitCode.partial : exitCode.ok;
}

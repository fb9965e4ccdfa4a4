import type { BucketSettings } from "./bucket-settings.ts";
import { describeRule } from "./describe-step.ts";
import { MANAGED_POLICY_BYTES_MAX, sizeOfPolicyBytes, USER_POLICY_BYTES_MAX } from "./policy.ts";
import type { Role } from "./role.ts";
import type { SetupWish, UserWish } from "./setup-wish.ts";

/** What is wanted, to be read, and to be pasted where a server is set up by other means. */
export function renderSetupText({ buckets, users }: SetupWish, notes: readonly string[]): string {
  const parts = [
    ...buckets.map(bucketText),
    ...users.map(userText),
    ...notes.map((note) => `note: ${note}\n`),
  ];
  return parts.join("\n");
}

/** The same as one JSON document. */
export function renderSetupJson({ buckets, users }: SetupWish, notes: readonly string[]): string {
  const document = {
    buckets: buckets.map(({ bucket, roots, lifecycleRules, policyStatements, encryption }) => ({
      bucket,
      roots,
      public_access: "blocked",
      versions: "never kept",
      lifecycle: { Rules: lifecycleRules },
      policy: bucketPolicy(policyStatements) ?? null,
      encryption: encryption ?? null,
    })),
    policies: users.map(({ role, name, policy }) => ({
      role: role.kind,
      user: name,
      size_bytes: sizeOfPolicyBytes(policy),
      policy,
    })),
    notes,
  };
  return `${JSON.stringify(document)}\n`;
}

function bucketText({ bucket, roots, lifecycleRules, policyStatements, encryption }: BucketSettings): string {
  const policy = bucketPolicy(policyStatements);
  return [
    `bucket ${bucket} (${roots.join(", ")})`,
    "  public access  blocked, by all four settings",
    "  versions       never kept: a version outlives what is destroyed, and create-if-absent may not hold",
    `  encryption     ${encryption === undefined ? "as the server likes" : JSON.stringify(encryption)}`,
    ...lifecycleRules.map(
      (rule, index) => `  ${index === 0 ? "lifecycle" : "         "}      ${describeRule(rule)}`,
    ),
    json({ Rules: lifecycleRules }),
    ...(policy === undefined ? [] : ["  policy         plain http is forbidden:", json(policy)]),
    "",
  ].join("\n");
}

function userText({ role, name, policy }: UserWish): string {
  return [
    `user ${name}: ${purposeOf(role)}`,
    `  policy         ${sizeText(sizeOfPolicyBytes(policy))}:`,
    json(policy),
    "",
  ].join("\n");
}

function sizeText(sizeBytes: number): string {
  if (sizeBytes <= USER_POLICY_BYTES_MAX) {
    return `inline, ${sizeBytes} bytes of the ${USER_POLICY_BYTES_MAX} that Amazon allows a user`;
  }
  return `${sizeBytes} bytes: more than the ${USER_POLICY_BYTES_MAX} that Amazon allows inline; attach it as a managed policy, of at most ${MANAGED_POLICY_BYTES_MAX}`;
}

function purposeOf(role: Role): string {
  switch (role.kind) {
    case "node":
      return `adds new objects in the name of ${role.node}, reads its own part of the ledger`;
    case "analytics-reader":
      return "reads analytics";
    case "investigator":
      return role.grant === undefined
        ? "reads no logs without a grant (--day, --until)"
        : `reads raw and quarantine of ${role.grant.days.join(", ")} until ${new Date(role.grant.untilMs).toISOString()}`;
    case "purger":
      return "lists and destroys in the views, reads nothing there, records what it destroyed";
    case "auditor":
      return "lists everything, reads chains and manifests, changes nothing";
    case "custodian":
      return "lists raw and quarantine and reads neither, writes the control chain, publishes recipients";
  }
}

function bucketPolicy(statements: BucketSettings["policyStatements"]): object | undefined {
  return statements.length === 0 ? undefined : { Version: "2012-10-17", Statement: statements };
}

function json(value: unknown): string {
  return JSON.stringify(value, undefined, 2);
}

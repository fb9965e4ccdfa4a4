import type { BucketRule } from "./backstop-rules.ts";
import type { SetupStep } from "./plan-setup.ts";

/** What a step does, for a person. */
export function describeStep(step: SetupStep): string {
  switch (step.kind) {
    case "create-bucket":
      return `create the bucket ${step.bucket}`;
    case "block-public-access":
      return `bucket ${step.bucket}: block public access`;
    case "add-lifecycle-rules":
      return `bucket ${step.bucket}: ${step.rules.map(describeRule).join("; ")}`;
    case "set-encryption":
      return `bucket ${step.bucket}: encrypt by default with ${step.encryption.SSEAlgorithm}`;
    case "set-bucket-policy":
      return `bucket ${step.bucket}: forbid plain http`;
    case "make-identity":
      return "give the store its identity, published/store.json";
    case "create-user":
      return `create the user ${step.user}`;
    case "put-user-policy":
      return `user ${step.user}: ${step.isReplacing ? "replace" : "add"} the policy hostlog`;
    case "create-access-key":
      return `user ${step.user}: make an access key and append it to the credentials file`;
  }
}

/** What a rule of a bucket's lifecycle does, for a person. */
export function describeRule(rule: BucketRule): string {
  const below = `below ${prefixText(rule.Filter.Prefix)}`;
  if ("AbortIncompleteMultipartUpload" in rule) return `abort unfinished uploads after a day ${below}`;
  if ("NoncurrentVersionExpiration" in rule) {
    const { Expiration: expiration, NoncurrentVersionExpiration: noncurrent } = rule;
    return `as a backstop, expire objects after ${expiration.Days} days and versions after ${noncurrent.NoncurrentDays} ${below}`;
  }
  return `remove delete markers that nothing is left of ${below}`;
}

/** A bucket's root has no prefix. */
function prefixText(prefix: string): string {
  return prefix === "" ? "the bucket's root" : prefix;
}

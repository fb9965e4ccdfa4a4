import { isDeepStrictEqual } from "node:util";
import { UserError } from "../errors.ts";
import { exitCode } from "../exit-code.ts";
import type { BucketRule } from "./backstop-rules.ts";
import type { BucketSettings, DefaultEncryption } from "./bucket-settings.ts";
import type { Policy } from "./policy.ts";
import { mergeBucketPolicy, parse, statementsOf } from "./policy-json.ts";
import type { RootPlace } from "./s3-roots.ts";
import type { ServerTraits } from "./server-traits.ts";
import type { BucketState, SetupState, UserState } from "./setup-state.ts";
import type { SetupWish, UserWish } from "./setup-wish.ts";
import { grantEndMs, servesOtherStore } from "./user-policy.ts";

/** One change at the server. */
export type SetupStep =
  | { readonly kind: "create-bucket" | "block-public-access"; readonly bucket: string }
  | { readonly kind: "add-lifecycle-rules"; readonly bucket: string; readonly rules: readonly BucketRule[] }
  | { readonly kind: "set-encryption"; readonly bucket: string; readonly encryption: DefaultEncryption }
  /** `policy` is the whole JSON, the statements of others in it. */
  | { readonly kind: "set-bucket-policy"; readonly bucket: string; readonly policy: string }
  | { readonly kind: "make-identity" }
  | { readonly kind: "create-user" | "create-access-key"; readonly user: string }
  | {
      readonly kind: "put-user-policy";
      readonly user: string;
      readonly policy: Policy;
      readonly isReplacing: boolean;
    };

export interface SetupPlan {
  /** In the order in which they are done; none when all is as wanted. */
  readonly steps: readonly SetupStep[];
  /** A sentence each: what stays other than wanted, and what follows from it. */
  readonly notes: readonly string[];
}

export interface PlanGround {
  readonly wish: SetupWish;
  readonly state: SetupState;
  readonly places: readonly RootPlace[];
  readonly traits: ServerTraits;
  readonly nowMs: number;
  /** True when grants that have not ended stay, as nobody asked for the investigator by name. */
  readonly isKeepingGrants: boolean;
  /** True when users without an access key get one. */
  readonly isMakingKeys: boolean;
}

/**
 * What has to be done so that the server is as wanted. What others have set is added to and never taken away.
 * Throws UserError where that cannot be done.
 */
export function planSetup(ground: PlanGround): SetupPlan {
  const { wish, state } = ground;
  const buckets = wish.buckets.map((settings) => planBucket(settings, state.buckets.get(settings.bucket)));
  const hasPublished = ground.places.some(({ root }) => root === "published");
  const identity: readonly SetupStep[] =
    state.hasIdentity || !hasPublished ? [] : [{ kind: "make-identity" }];
  const users = wish.users.map((user) => planUser(user, ground));
  const parts = [...buckets, { steps: identity, notes: [] }, ...users];
  return { steps: parts.flatMap(({ steps }) => steps), notes: parts.flatMap(({ notes }) => notes) };
}

function planBucket(settings: BucketSettings, state: BucketState | undefined): SetupPlan {
  const { bucket, encryption } = settings;
  const steps: SetupStep[] = [];
  const notes: string[] = [];
  if (state?.exists !== true) steps.push({ kind: "create-bucket", bucket });
  if (state?.versioning === "Enabled" || state?.versioning === "Suspended") {
    notes.push(
      `bucket ${bucket} keeps versions (${state.versioning}): what is destroyed stays until its versions are removed too, and on some servers several writers can then create the same object. Take a bucket that never kept versions, for the ledger in any case.`,
    );
  }
  if (state?.isPublicBlocked === "unsupported") {
    notes.push(
      `bucket ${bucket}: this server has no block of public access; see to it that no ACL and no policy opens the bucket.`,
    );
  } else if (state?.isPublicBlocked !== true) steps.push({ kind: "block-public-access", bucket });
  steps.push(...lifecycleSteps(settings, state, notes));
  if (encryption !== undefined && state?.encryption === "unsupported") {
    notes.push(
      `bucket ${bucket}: this server has no default encryption; what hostlog stores asks for its own all the same.`,
    );
  } else if (encryption !== undefined && !isDeepStrictEqual(state?.encryption, encryption)) {
    steps.push({ kind: "set-encryption", bucket, encryption });
  }
  steps.push(...policySteps(settings, state, notes));
  return { steps, notes };
}

function lifecycleSteps(
  { bucket, lifecycleRules }: BucketSettings,
  state: BucketState | undefined,
  notes: string[],
): readonly SetupStep[] {
  const found = state?.lifecycleRules ?? [];
  if (found === "unsupported") {
    notes.push(
      `bucket ${bucket}: this server has no lifecycle; the parts of uploads that were never finished stay until retention finds them.`,
    );
    return [];
  }
  const rules = lifecycleRules.filter((rule) => !found.some((other) => isDeepStrictEqual(other, rule)));
  return rules.length === 0 ? [] : [{ kind: "add-lifecycle-rules", bucket, rules }];
}

function policySteps(
  { bucket, policyStatements }: BucketSettings,
  state: BucketState | undefined,
  notes: string[],
): readonly SetupStep[] {
  const found = state?.policy;
  if (state?.hasPolicies === false && policyStatements.length > 0) {
    notes.push(`bucket ${bucket}: this server has no policies of buckets; it cannot forbid plain http.`);
    return [];
  }
  const known = found === undefined ? [] : (statementsOf(found) ?? []);
  const isWhole = policyStatements.every((statement) =>
    known.some((other) => isDeepStrictEqual(other, statement)),
  );
  if (isWhole) return [];
  return [{ kind: "set-bucket-policy", bucket, policy: mergeBucketPolicy(bucket, found, policyStatements) }];
}

function planUser(wish: UserWish, ground: PlanGround): SetupPlan {
  const { users } = ground.state;
  if (users === "no-service") return { steps: [], notes: [] };
  const { name: user } = wish;
  const state = users.get(user);
  const steps: SetupStep[] = state?.exists === true ? [] : [{ kind: "create-user", user }];
  const notes: string[] = [];
  const grantEnd = keptGrantEndMs(wish, state, ground);
  if (grantEnd === undefined) steps.push(...userPolicySteps(wish, state, ground));
  else {
    notes.push(
      `${user} has a grant until ${new Date(grantEnd).toISOString()}, which stays; --role investigator without --day ends it.`,
    );
  }
  if (ground.isMakingKeys) {
    if ((state?.accessKeys ?? 0) === 0) steps.push({ kind: "create-access-key", user });
    else notes.push(`${user} has an access key already, so none was made; remove it to have a new one made.`);
  }
  return { steps, notes };
}

function userPolicySteps(
  { name: user, policy }: UserWish,
  state: UserState | undefined,
  { places, traits }: PlanGround,
): readonly SetupStep[] {
  const found = state?.policy;
  if (found !== undefined && isDeepStrictEqual(parse(found), policy)) return [];
  if (found !== undefined && servesOtherStore(found, places, traits)) {
    throw new UserError(
      `the user ${user} serves another store already; give the users of this one other names with --user-prefix`,
      exitCode.usage,
    );
  }
  return [{ kind: "put-user-policy", user, policy, isReplacing: found !== undefined }];
}

/** When the grant ends that is left as it is; undefined when there is none, or it is not to be kept. */
function keptGrantEndMs(
  { role }: UserWish,
  state: UserState | undefined,
  { isKeepingGrants, nowMs }: PlanGround,
): number | undefined {
  if (!isKeepingGrants || role.kind !== "investigator" || state?.policy === undefined) return undefined;
  const end = grantEndMs(state.policy);
  return end !== undefined && end > nowMs ? end : undefined;
}

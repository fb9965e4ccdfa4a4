import { describe, expect, it } from "vitest";
import { describeStep } from "../../src/access/describe-step.ts";
import { type PlanGround, planSetup } from "../../src/access/plan-setup.ts";
import { mergeBucketPolicy } from "../../src/access/policy-json.ts";
import type { Role } from "../../src/access/role.ts";
import type { RootPlace } from "../../src/access/s3-roots.ts";
import type { ServerTraits } from "../../src/access/server-traits.ts";
import type { BucketState, UserState } from "../../src/access/setup-state.ts";
import { setupWish } from "../../src/access/setup-wish.ts";
import { conditionalPutsOf, grantEndMs } from "../../src/access/user-policy.ts";
import { TERM_MAX } from "../../src/term.ts";
import { matrixDay } from "./support/access-matrix.ts";

const nowMs = Date.parse("2026-11-22T12:00:00Z");
const HOUR_MS = 3_600_000;
const traits: ServerTraits = { conditionalPuts: "enforced", transit: "enforced", partition: "aws" };
const places: readonly RootPlace[] = [
  { root: "raw", bucket: "logs", base: "hosting/raw/" },
  { root: "published", bucket: "logs", base: "hosting/published/" },
];
const terms = {
  classes: { standard: { raw: TERM_MAX, analytics: TERM_MAX } },
  quarantineTerm: { count: 90, unit: "d" },
} as const;
const auditor: Role = { kind: "auditor" };

/** As it is after a plan for these roles was carried out. */
function finished(roles: readonly Role[], change: Partial<PlanGround> = {}): PlanGround {
  const wish = setupWish({
    places,
    roles,
    encryption: { kind: "kms-key", key: "key-1" },
    traits,
    userPrefix: "hostlog",
    terms,
  });
  const [settings] = wish.buckets;
  if (settings === undefined) throw new Error("no bucket is wanted");
  const bucket: BucketState = {
    exists: true,
    versioning: "never",
    isPublicBlocked: true,
    lifecycleRules: settings.lifecycleRules,
    encryption: settings.encryption,
    hasPolicies: true,
    policy: mergeBucketPolicy("logs", undefined, settings.policyStatements),
  };
  const users = wish.users.map(({ name, policy }): readonly [string, UserState] => [
    name,
    { exists: true, policy: JSON.stringify(policy), accessKeys: 1 },
  ]);
  return {
    wish,
    state: { buckets: new Map([["logs", bucket]]), users: new Map(users), hasIdentity: true },
    places,
    traits,
    nowMs,
    isKeepingGrants: true,
    isMakingKeys: false,
    ...change,
  };
}

function withBucket(ground: PlanGround, change: Partial<BucketState>): PlanGround {
  const bucket = ground.state.buckets.get("logs");
  if (bucket === undefined) throw new Error("no bucket is there");
  return { ...ground, state: { ...ground.state, buckets: new Map([["logs", { ...bucket, ...change }]]) } };
}

function withUser(ground: PlanGround, name: string, change: Partial<UserState>): PlanGround {
  const user: UserState = { exists: true, policy: undefined, accessKeys: 0, ...change };
  return { ...ground, state: { ...ground.state, users: new Map([[name, user]]) } };
}

const stepsOf = (ground: PlanGround): readonly string[] => planSetup(ground).steps.map(describeStep);

describe("planSetup", () => {
  it("does nothing where all is as wanted", () => {
    expect(planSetup(finished([auditor]))).toEqual({ steps: [], notes: [] });
  });

  it("does everything where nothing is", () => {
    const ground = finished([auditor], { isMakingKeys: true });
    const state = { buckets: new Map(), users: new Map(), hasIdentity: false };
    expect(stepsOf({ ...ground, state })).toEqual([
      "create the bucket logs",
      "bucket logs: block public access",
      "bucket logs: abort unfinished uploads after a day below hosting/raw/; as a backstop, expire objects after 763 days and versions after 30 below hosting/raw/; remove delete markers that nothing is left of below hosting/raw/; abort unfinished uploads after a day below hosting/published/",
      "bucket logs: encrypt by default with aws:kms",
      "bucket logs: forbid plain http",
      "give the store its identity, published/store.json",
      "create the user hostlog-auditor",
      "user hostlog-auditor: add the policy hostlog",
      "user hostlog-auditor: make an access key and append it to the credentials file",
    ]);
  });

  it.each([
    ["public access is open", { isPublicBlocked: false }, "bucket logs: block public access"],
    [
      "another key encrypts",
      { encryption: { SSEAlgorithm: "AES256" } },
      "bucket logs: encrypt by default with aws:kms",
    ],
    ["the policy is somebody's own", { policy: '{"Statement":[]}' }, "bucket logs: forbid plain http"],
  ])("mends only what differs: %s", (_, change, step) => {
    expect(stepsOf(withBucket(finished([auditor]), change))).toEqual([step]);
  });

  it("adds only the rules that are missing, beside those of others", () => {
    const ground = finished([auditor]);
    const [first, ...others] = ground.wish.buckets[0]?.lifecycleRules ?? [];
    const found = withBucket(ground, { lifecycleRules: [{ ID: "of-others" }, first] });
    expect(planSetup(found).steps).toEqual([{ kind: "add-lifecycle-rules", bucket: "logs", rules: others }]);
  });

  it("never switches versions off, and says what they mean", () => {
    const plan = planSetup(withBucket(finished([auditor]), { versioning: "Suspended" }));
    expect(plan.steps).toEqual([]);
    expect(plan.notes.join()).toContain("keeps versions (Suspended)");
  });

  it("replaces a policy of ours that differs, and no policy that serves another store", () => {
    const ground = finished([auditor]);
    const policyAt = (resource: string): string =>
      JSON.stringify({ Statement: { Effect: "Allow", Action: "s3:GetObject", Resource: resource } });
    const ours = withUser(ground, "hostlog-auditor", { policy: policyAt("arn:aws:s3:::logs/hosting/raw/*") });
    expect(stepsOf(ours)).toEqual(["user hostlog-auditor: replace the policy hostlog"]);
    const others = withUser(ground, "hostlog-auditor", { policy: policyAt("arn:aws:s3:::logs/other/raw/*") });
    expect(() => planSetup(others)).toThrow("serves another store already");
  });

  it("keeps a grant that lasts unless the investigator was asked for, and takes one away that has ended", () => {
    const granted = (untilMs: number): string =>
      finished([{ kind: "investigator", grant: { days: [matrixDay], untilMs } }])
        .wish.users.map(({ policy }) => JSON.stringify(policy))
        .join();
    const found = (untilMs: number, isKeepingGrants: boolean): PlanGround =>
      withUser(
        finished([{ kind: "investigator", grant: undefined }], { isKeepingGrants }),
        "hostlog-investigator",
        { policy: granted(untilMs) },
      );
    expect(grantEndMs(granted(nowMs + HOUR_MS))).toBe(nowMs + HOUR_MS);
    expect(stepsOf(found(nowMs + HOUR_MS, true))).toEqual([]);
    expect(planSetup(found(nowMs + HOUR_MS, true)).notes.join()).toContain("which stays");
    expect(stepsOf(found(nowMs + HOUR_MS, false))).toHaveLength(1);
    expect(stepsOf(found(nowMs, true))).toHaveLength(1);
  });

  it("makes a key only for a user that has none", () => {
    const ground = finished([auditor], { isMakingKeys: true });
    expect(planSetup(ground).notes.join()).toContain("has an access key already");
    const policy = JSON.stringify(ground.wish.users[0]?.policy);
    expect(planSetup(withUser(ground, "hostlog-auditor", { policy })).steps).toEqual([
      { kind: "create-access-key", user: "hostlog-auditor" },
    ]);
  });

  it("leaves users alone where there is no service for them", () => {
    const ground = finished([auditor], { isMakingKeys: true });
    expect(stepsOf({ ...ground, state: { ...ground.state, users: "no-service" } })).toEqual([]);
  });
});

describe("the policy of a bucket", () => {
  const ours = { Sid: "Ours", Effect: "Deny", Action: "s3:GetObject", Resource: "*" } as const;

  it("keeps its id and the statements of others, and has ours once", () => {
    const others = { Sid: "Others", Effect: "Allow" };
    const found = JSON.stringify({ Id: "mine", Statement: [others, { ...ours, Action: "s3:PutObject" }] });
    expect(JSON.parse(mergeBucketPolicy("logs", found, [ours]))).toEqual({
      Id: "mine",
      Statement: [others, ours],
    });
  });

  it("may have one statement without a list", () => {
    const found = JSON.stringify({ Statement: { Sid: "Others" } });
    expect(JSON.parse(mergeBucketPolicy("logs", found, [ours]))).toEqual({
      Statement: [{ Sid: "Others" }, ours],
    });
  });

  it("is not replaced when it cannot be read", () => {
    expect(() => mergeBucketPolicy("logs", "{", [ours])).toThrow("nothing can be added to it");
  });
});

describe("what an earlier setup has found out", () => {
  const policyOf = (...statements: readonly object[]): string => JSON.stringify({ Statement: statements });
  const put = { Effect: "Allow", Action: ["s3:GetObject", "s3:PutObject"] };

  it("stands in the policies of those who put", () => {
    expect(conditionalPutsOf([])).toBeUndefined();
    expect(conditionalPutsOf([policyOf({ Effect: "Allow", Action: "s3:GetObject" })])).toBeUndefined();
    expect(conditionalPutsOf([policyOf(put)])).toBe("unknown-to-server");
    expect(conditionalPutsOf([policyOf(put, { Sid: "NoReplacing", Effect: "Deny" })])).toBe("enforced");
  });
});

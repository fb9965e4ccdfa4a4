import { describe, expect, it } from "vitest";
import { bucketRules } from "../../src/access/backstop-rules.ts";
import { bucketSettings } from "../../src/access/bucket-settings.ts";
import { assumedTraits, knownTraits, weaknessesOf } from "../../src/access/server-traits.ts";
import { keyNotes } from "../../src/access/setup-wish.ts";
import { TERM_MAX } from "../../src/term.ts";
import { permits } from "./support/evaluate-policy.ts";

const terms = {
  classes: { standard: { raw: TERM_MAX, analytics: TERM_MAX } },
  quarantineTerm: { count: 90, unit: "d" },
} as const;

describe("what a server is by its address", () => {
  it.each([
    [undefined, "eu-central-1", "aws"],
    [undefined, "cn-north-1", "aws-cn"],
    [undefined, "us-gov-west-1", "aws-us-gov"],
    ["https://logs.s3.eu-central-1.amazonaws.com", undefined, "aws"],
    ["https://s3.cn-north-1.amazonaws.com.cn", undefined, "aws-cn"],
    ["https://s3.us-gov-west-1.amazonaws.com", undefined, "aws-us-gov"],
  ])("Amazon's: %s in %s", (endpoint, region, partition) => {
    const known = knownTraits(endpoint, region);
    expect(known).toEqual({ isAmazon: true, conditionalPuts: "enforced", transit: "enforced", partition });
    expect(assumedTraits(known, undefined).notes).toEqual([]);
  });

  it("another's: it has to be asked what it can forbid", () => {
    const known = knownTraits("https://s3.amazonaws.com.example.net", "cn-north-1");
    expect(known).toMatchObject({
      isAmazon: false,
      conditionalPuts: undefined,
      transit: undefined,
      partition: "aws",
    });
    expect(assumedTraits(known, undefined).notes).toHaveLength(2);
    expect(assumedTraits(known, undefined).traits.conditionalPuts).toBe("unknown-to-server");
    expect(assumedTraits(known, "enforced").traits.conditionalPuts).toBe("enforced");
  });

  it("Amazon's with a key that no policy can name: the roles would lack leave to use it", () => {
    const arn = "arn:aws:kms:eu-central-1:123456789012:key/0123";
    const notesOf = (endpoint: string | undefined, key: string): number =>
      keyNotes(knownTraits(endpoint, undefined), { kind: "kms-key", key }).length;
    expect([notesOf(undefined, "alias/logs"), notesOf(undefined, arn)]).toEqual([1, 0]);
    expect(notesOf("https://s3.example.net", "testkey-1")).toBe(0);
  });

  it("one on this machine: plain http is all it has", () => {
    expect(knownTraits("http://127.0.0.1:7480", undefined).transit).toBe("plain");
  });

  it("leaves a sentence for each thing that it cannot forbid", () => {
    const traits = { conditionalPuts: "unknown-to-server", transit: "unseen", partition: "aws" } as const;
    expect(weaknessesOf(traits).map((sentence) => sentence.slice(0, 40))).toEqual([
      "this server cannot forbid a node to repl",
      "this server does not see that connection",
    ]);
  });
});

describe("the settings of buckets", () => {
  const traits = { conditionalPuts: "enforced", transit: "enforced", partition: "aws" } as const;
  const places = [
    { root: "raw", bucket: "logs", base: "a/raw/" },
    { root: "ledger", bucket: "ledger", base: "" },
    { root: "published", bucket: "logs", base: "a/published/" },
  ] as const;

  it("are one for each bucket, with rules for each root, of which only those of views let anything expire", () => {
    const settings = bucketSettings(places, { encryption: undefined, traits, terms });
    expect(settings.map(({ bucket, roots }) => [bucket, roots])).toEqual([
      ["logs", ["raw", "published"]],
      ["ledger", ["ledger"]],
    ]);
    const rulesOf = (bucket: number): readonly string[] =>
      settings[bucket]?.lifecycleRules.map(
        ({ ID: id, Filter: filter }) => `${id.replace(/-[0-9a-f]{12}$/, "")} ${filter.Prefix}`,
      ) ?? [];
    expect(rulesOf(0)).toEqual([
      "hostlog-abort-uploads a/raw/",
      "hostlog-backstop a/raw/",
      "hostlog-delete-markers a/raw/",
      "hostlog-abort-uploads a/published/",
    ]);
    expect(rulesOf(1)).toEqual(["hostlog-abort-uploads "]);
    expect(JSON.stringify(settings)).not.toMatch(/Transition/);
  });

  it("let nothing expire before its term has ended on every day of the calendar, and a month more", () => {
    for (const [root, days] of [
      ["raw", 731 + 30],
      ["analytics", 731 + 30],
      ["quarantine", 90 + 30],
    ] as const) {
      const [, backstop] = bucketRules({ root, bucket: "logs", base: "" }, terms);
      const expiry = backstop !== undefined && "Expiration" in backstop ? backstop.Expiration : undefined;
      expect(expiry !== undefined && "Days" in expiry && expiry.Days).toBeGreaterThanOrEqual(days);
    }
  });

  it("forbid plain http for our prefixes, not for what is beside them", () => {
    const [logs] = bucketSettings(places, { encryption: undefined, traits, terms });
    const allow = { Sid: "All", Effect: "Allow", Action: "s3:*", Resource: "*" } as const;
    const policy = { Version: "2012-10-17", Statement: [allow, ...(logs?.policyStatements ?? [])] } as const;
    const may = (key: string, isSecure: string | undefined): boolean =>
      permits(policy, {
        action: "s3:GetObject",
        resource: `arn:aws:s3:::logs/${key}`,
        context: isSecure === undefined ? {} : { "aws:SecureTransport": isSecure },
      });
    expect([may("a/raw/x", "true"), may("a/raw/x", "false"), may("a/raw/x", undefined)]).toEqual([
      true,
      false,
      false,
    ]);
    expect(may("beside/x", "false")).toBe(true);
    // Whoever administers the bucket can take it back over any connection.
    expect(
      permits(policy, { action: "s3:DeleteBucketPolicy", resource: "arn:aws:s3:::logs", context: {} }),
    ).toBe(true);
  });

  it.each([
    [undefined, undefined],
    [{ kind: "server-key" }, { SSEAlgorithm: "AES256" }],
    [{ kind: "kms-key", key: undefined }, { SSEAlgorithm: "aws:kms" }],
    [
      { kind: "kms-key", key: "key-1" },
      { SSEAlgorithm: "aws:kms", KMSMasterKeyID: "key-1" },
    ],
    [{ kind: "customer-key", keyFile: "/etc/hostlog/key" }, undefined],
  ] as const)("encrypt by default as the config says: %j", (encryption, expected) => {
    expect(bucketSettings(places, { encryption, traits, terms })[0]?.encryption).toEqual(expected);
  });
});

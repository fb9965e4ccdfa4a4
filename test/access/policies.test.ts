import { describe, expect, it } from "vitest";
import {
  MANAGED_POLICY_BYTES_MAX,
  type Policy,
  policyOf,
  sizeOfPolicyBytes,
  USER_POLICY_BYTES_MAX,
} from "../../src/access/policy.ts";
import { type Root, roots } from "../../src/access/rights.ts";
import { type Role, roleKinds } from "../../src/access/role.ts";
import { type RootPlace, s3Roots } from "../../src/access/s3-roots.ts";
import type { ServerTraits } from "../../src/access/server-traits.ts";
import { addDays } from "../../src/day.ts";
import {
  isAllowed,
  matrixDay,
  matrixNode,
  matrixRoles,
  renderMatrix,
  type TriedAction,
  triedActions,
  triedPlaces,
} from "./support/access-matrix.ts";
import { type PolicyRequest, permits } from "./support/evaluate-policy.ts";

const untilMs = Date.parse("2026-11-22T18:00:00Z");
const during = "2026-11-22T17:59:59Z";
const amazon: ServerTraits = { conditionalPuts: "enforced", transit: "enforced", partition: "aws" };
const ceph: ServerTraits = { ...amazon, conditionalPuts: "unknown-to-server" };

const oneBucket = placesOf((root) => `s3://logs/hosting/${root}`);
const layouts: Readonly<Record<string, readonly RootPlace[]>> = {
  "one bucket": oneBucket,
  "a bucket for each root, with the same prefix": placesOf((root) => `s3://logs-${root}/hosting`),
  "a bucket for each root, without a prefix": placesOf((root) => `s3://logs-${root}`),
};

describe("the rights", () => {
  it("are these", async () => {
    await expect(renderMatrix(matrixRoles(untilMs), isAllowed)).toMatchFileSnapshot(
      "../golden/access/matrix.txt",
    );
  });

  it("let the custodian alone put there for whom nodes seal, and let it read nothing that is sealed", () => {
    const recipients = {
      name: "recipients",
      root: "published",
      key: "recipients/000000000002.json",
    } as const;
    const place = { ...recipients, prefix: "recipients/" };
    const may = (action: TriedAction): readonly string[] =>
      matrixRoles(untilMs).flatMap(([title, role]) => (isAllowed(role, place, action) ? [title] : []));
    expect(may("put-new")).toEqual(["custodian"]);
    expect(may("delete")).toEqual([]);
    expect(may("get")).toHaveLength(matrixRoles(untilMs).length);
    const sealed = triedPlaces.filter(({ root }) => root === "raw" || root === "quarantine");
    const allowed = sealed.flatMap((one) =>
      triedActions.filter((action) => isAllowed({ kind: "custodian" }, one, action)),
    );
    expect([...new Set(allowed)]).toEqual(["list"]);
  });

  it("of a node have no way to read, list, replace or destroy what is in a view", () => {
    const node: Role = { kind: "node", node: matrixNode };
    const views = triedPlaces.filter(({ root }) => ["raw", "quarantine", "analytics"].includes(root));
    const allowed = views.flatMap((place) =>
      triedActions
        .filter((action) => isAllowed(node, place, action))
        .map((action) => `${action} ${place.name}`),
    );
    expect(allowed).toEqual(["put-new raw own", "put-new quarantine own", "put-new analytics own"]);
  });
});

describe("a policy", () => {
  it.each(Object.entries(layouts))("allows what the rights allow and nothing else: %s", (_, places) => {
    for (const [title, role] of matrixRoles(untilMs)) {
      const policy = policyOf(role, { places, traits: amazon });
      for (const place of triedPlaces) {
        const where = places.find(({ root }) => root === place.root) ?? outside(places);
        if (where === undefined) continue;
        for (const action of triedActions) {
          const request = requestOf(action, where, place, during);
          const isBucketOurs = places.some(
            ({ root, bucket }) => bucket === where.bucket && isAllowed(role, { ...place, root }, action),
          );
          const expected =
            action === "list-uploads"
              ? isBucketOurs && looksAt(role, where, places)
              : isAllowed(role, place, action);
          expect(permits(policy, request), `${title}: ${action} ${place.name}`).toBe(expected);
        }
      }
    }
  });

  it("lets who may put a new object put over it only where the server knows no better", () => {
    for (const [title, role] of matrixRoles(untilMs)) {
      const policy = policyOf(role, { places: oneBucket, traits: ceph });
      for (const place of triedPlaces) {
        const where = oneBucket.find(({ root }) => root === place.root);
        if (where === undefined) continue;
        const isPermitted = permits(policy, requestOf("put-over", where, place, during));
        expect(isPermitted, `${title}: ${place.name}`).toBe(isAllowed(role, place, "put-new"));
      }
    }
  });

  it("ends a grant at its instant, and leaves what needs none", () => {
    const role: Role = { kind: "investigator", grant: { days: [matrixDay], untilMs } };
    const policy = policyOf(role, { places: oneBucket, traits: amazon });
    const [raw] = triedPlaces;
    const published = triedPlaces.find(({ name }) => name === "published");
    if (raw === undefined || published === undefined) throw new Error("no place to try");
    const may = (place: typeof raw, at: string): boolean =>
      permits(policy, requestOf("get", rootPlace(oneBucket, place.root), place, at));
    expect([may(raw, during), may(raw, "2026-11-22T18:00:00Z")]).toEqual([true, false]);
    expect(may(published, "2026-11-22T18:00:00Z")).toBe(true);
  });

  it.each([
    ["another node whose name begins alike", "raw", "dt=2026-11-21/web-17.example_standard_00.parquet"],
    ["a longer name", "raw", "dt=2026-11-21/web-170_standard_00.parquet"],
    ["the name in another place", "raw", "dt=2026-11-21/web-1_web-17_00.parquet"],
    ["no day", "raw", "web-17_standard_00.parquet"],
    ["the chain of a longer name", "ledger", "chains/web-170/000000000001.json"],
    ["the secret of a longer name", "ledger", "secrets/web-170"],
    ["what lies below a secret", "ledger", "secrets/web-17/more"],
    ["the control chain", "ledger", "chains/control/000000000001.json"],
  ] as const)("of a node covers nothing of others: %s", (_, root, key) => {
    const policy = policyOf({ kind: "node", node: matrixNode }, { places: oneBucket, traits: amazon });
    const place = { name: key, root, key, prefix: key };
    for (const action of triedActions.filter((tried) => tried !== "list-uploads")) {
      expect(permits(policy, requestOf(action, rootPlace(oneBucket, root), place, during)), action).toBe(
        false,
      );
    }
  });

  it("names its statements, each differently, with letters and digits", () => {
    for (const [title, role] of matrixRoles(untilMs)) {
      for (const places of Object.values(layouts)) {
        const names = policyOf(role, { places, traits: amazon }).Statement.map(({ Sid }) => Sid);
        expect(new Set(names).size, `${title}: ${names.join()}`).toBe(names.length);
        expect(names.filter((name) => !/^[A-Za-z0-9]+$/.test(name))).toEqual([]);
      }
    }
  });

  it("passes over roots that lie in folders", () => {
    const places = oneBucket.filter(({ root }) => root === "raw");
    const text = JSON.stringify(policyOf({ kind: "node", node: matrixNode }, { places, traits: amazon }));
    expect(text).toContain("hosting/raw/");
    expect(text).not.toMatch(/ledger|published|analytics/);
  });

  it("gives leave to use a key of Amazon's key service, to encrypt or to decrypt as the role needs it", () => {
    const keyArn = "arn:aws:kms:eu-central-1:123456789012:key/0123";
    const actionsOf = (role: Role): unknown =>
      policyOf(role, { places: oneBucket, traits: amazon, keyArn }).Statement.find(
        ({ Resource: resource }) => resource === keyArn,
      )?.Action;
    expect(actionsOf({ kind: "node", node: matrixNode })).toEqual(["kms:GenerateDataKey", "kms:Decrypt"]);
    expect(actionsOf({ kind: "auditor" })).toBe("kms:Decrypt");
  });
});

describe("the size of a policy", () => {
  const longNode = "n".repeat(51);
  const bucketsOf = (length: number): readonly RootPlace[] =>
    placesOf((root) => `s3://${`logs-${root}-`.padEnd(length, "b")}/hosting`);

  it.each(roleKinds)("of %s fits a user, also where five roots are five buckets with long names", (kind) => {
    const role: Role =
      kind === "node"
        ? { kind, node: longNode }
        : kind === "investigator"
          ? { kind, grant: undefined }
          : { kind };
    // The purger names most of all; where it does not fit, setup says to attach it as a managed policy.
    const places = bucketsOf(kind === "purger" ? 40 : 60);
    const policy = policyOf(role, { places, traits: amazon });
    expect(sizeOfPolicyBytes(policy)).toBeLessThanOrEqual(USER_POLICY_BYTES_MAX);
  });

  it("of a grant grows with its days: a week fits a user, a month a managed policy", () => {
    const sizeOf = (count: number): number => {
      const days = Array.from({ length: count }, (_, index) => addDays(matrixDay, index));
      return sizeOfPolicyBytes(
        policyOf({ kind: "investigator", grant: { days, untilMs } }, { places: oneBucket, traits: amazon }),
      );
    };
    expect(sizeOf(7)).toBeLessThanOrEqual(USER_POLICY_BYTES_MAX);
    expect(sizeOf(31)).toBeLessThanOrEqual(MANAGED_POLICY_BYTES_MAX);
  });

  it("does not count blanks, as Amazon does not", () => {
    const policy: Policy = { Version: "2012-10-17", Statement: [] };
    expect(sizeOfPolicyBytes(policy)).toBe('{"Version":"2012-10-17","Statement":[]}'.length);
  });
});

function placesOf(url: (root: Root) => string): readonly RootPlace[] {
  return s3Roots(Object.fromEntries(roots.map((root) => [root, url(root)])) as Record<Root, string>);
}

function rootPlace(places: readonly RootPlace[], root: string): RootPlace {
  const place = places.find((candidate) => candidate.root === root);
  if (place === undefined) throw new Error(`no place for ${root}`);
  return place;
}

/** Beside the roots, where a bucket has room beside them. */
function outside(places: readonly RootPlace[]): RootPlace | undefined {
  const [first] = places;
  return first === undefined || first.base === "" ? undefined : { ...first, base: "" };
}

function looksAt(role: Role, where: RootPlace, places: readonly RootPlace[]): boolean {
  return places.some(
    ({ root, bucket }) =>
      bucket === where.bucket &&
      (role.kind === "auditor" ||
        (role.kind === "purger" && ["raw", "analytics", "quarantine"].includes(root))),
  );
}

const s3Names: Readonly<Record<TriedAction, string>> = {
  list: "s3:ListBucket",
  get: "s3:GetObject",
  "put-new": "s3:PutObject",
  "put-over": "s3:PutObject",
  delete: "s3:DeleteObject",
  "list-versions": "s3:ListBucketVersions",
  "delete-version": "s3:DeleteObjectVersion",
  "list-uploads": "s3:ListBucketMultipartUploads",
  "abort-upload": "s3:AbortMultipartUpload",
};

function requestOf(
  action: TriedAction,
  { bucket, base }: RootPlace,
  { key, prefix }: { readonly key: string; readonly prefix: string },
  at: string,
): PolicyRequest {
  const arn = `arn:aws:s3:::${bucket}`;
  const isListing = action === "list" || action === "list-versions";
  return {
    action: s3Names[action],
    resource: isListing || action === "list-uploads" ? arn : `${arn}/${base}${key}`,
    context: {
      "aws:CurrentTime": at,
      ...(isListing ? { "s3:prefix": `${base}${prefix}` } : {}),
      ...(action === "put-new" ? { "s3:if-none-match": "*" } : {}),
    },
  };
}

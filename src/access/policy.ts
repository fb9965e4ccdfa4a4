import { type Action, type Right, rightsOf } from "./rights.ts";
import type { Role } from "./role.ts";
import type { RootPlace } from "./s3-roots.ts";
import type { ServerTraits } from "./server-traits.ts";

/** Source: AWS Identity and Access Management user guide, "IAM JSON policy elements reference". */
export interface Policy {
  readonly Version: "2012-10-17";
  readonly Statement: readonly Statement[];
}

export interface Statement {
  readonly Sid: string;
  readonly Effect: "Allow" | "Deny";
  /** Of a bucket's policy only. */
  readonly Principal?: "*";
  readonly Action: string | readonly string[];
  readonly Resource: string | readonly string[];
  readonly Condition?: Condition;
}

export type Condition = Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;

/** What a user's policies may take together, blanks aside. Source: IAM user guide, "IAM and AWS STS quotas". */
export const USER_POLICY_BYTES_MAX = 2048;

/** What one managed policy may take, blanks aside. */
export const MANAGED_POLICY_BYTES_MAX = 6144;

/** Its presence says that the server knows the condition; see {@link ServerTraits}. */
export const NO_REPLACING = "NoReplacing";

/** What the policies are made for. */
export interface PolicyGround {
  readonly places: readonly RootPlace[];
  readonly traits: ServerTraits;
  /** The ARN of the key by which Amazon's key service encrypts, where one is named so. */
  readonly keyArn?: string | undefined;
}

const objectActions: readonly (readonly [action: Action, name: string, word: string])[] = [
  ["get", "s3:GetObject", "Get"],
  ["put-new", "s3:PutObject", "Put"],
  ["delete", "s3:DeleteObject", "Delete"],
  ["delete-version", "s3:DeleteObjectVersion", "DeleteVersion"],
  ["abort-upload", "s3:AbortMultipartUpload", "AbortUpload"],
];

const listActions: readonly (readonly [action: Action, name: string, word: string])[] = [
  ["list", "s3:ListBucket", "List"],
  ["list-versions", "s3:ListBucketVersions", "ListVersions"],
];

/** The role's whole policy, from {@link rightsOf} alone. What lies in folders is passed over. */
export function policyOf(role: Role, ground: PolicyGround): Policy {
  const rights = rightsOf(role);
  const statements = [
    ...objectStatements(rights, ground),
    ...listStatements(rights, ground),
    ...bucketStatements(rights, ground),
    ...keyStatements(rights, ground),
    ...denials(rights, ground),
  ];
  return { Version: "2012-10-17", Statement: statements };
}

/** Bytes as Amazon counts them for its limits. */
export function sizeOfPolicyBytes(policy: Policy): number {
  return Buffer.byteLength(JSON.stringify(policy).replaceAll(/\s/g, ""));
}

function objectStatements(rights: readonly Right[], ground: PolicyGround): readonly Statement[] {
  const pieces = rights.flatMap((right) => {
    const actions = objectActions.filter(([action]) => right.actions.includes(action));
    const resources = resourcesOf(right, ground);
    return actions.length === 0 || resources.length === 0
      ? []
      : [{ actions, resources, until: untilOf(right) }];
  });
  return groupBy(pieces, ({ actions, until }) => [actions, until]).map((group) => {
    const [{ actions, until }] = group;
    return {
      Sid: `${until === undefined ? "" : "Grant"}${actions.map(([, , word]) => word).join("")}`,
      Effect: "Allow",
      Action: oneOrMany(actions.map(([, name]) => name)),
      Resource: oneOrMany(group.flatMap(({ resources }) => resources)),
      ...(until === undefined ? {} : { Condition: until }),
    };
  });
}

/** What may be listed of one bucket. */
interface Listing {
  readonly bucket: string;
  readonly roots: readonly string[];
  readonly actions: typeof listActions;
  readonly prefixes: readonly string[];
  readonly until: Condition | undefined;
}

/** Buckets share a statement only when it is the same: a prefix that is allowed in one may be another's in the next. */
function listStatements(rights: readonly Right[], { places, traits }: PolicyGround): readonly Statement[] {
  const listings = rights.flatMap((right): readonly Listing[] => {
    const place = places.find(({ root }) => root === right.root);
    const actions = listActions.filter(([action]) => right.actions.includes(action));
    if (place === undefined || actions.length === 0) return [];
    const prefixes = right.keys.map((pattern) => `${place.base}${pattern}`);
    return [{ bucket: place.bucket, roots: [right.root], actions, prefixes, until: untilOf(right) }];
  });
  const ofBuckets = groupBy(listings, ({ bucket, actions, until }) => [bucket, actions, until]).map(
    (group) => ({
      ...group[0],
      roots: group.flatMap(({ roots }) => roots),
      prefixes: group.flatMap(({ prefixes }) => prefixes),
    }),
  );
  const alike = groupBy(ofBuckets, ({ actions, prefixes, until }) => [actions, prefixes, until]);
  return alike.map((group) => {
    const [{ actions, prefixes, until }] = group;
    // Without a prefix S3 lists the whole bucket, and the condition would have nothing to look at.
    const prefix = prefixes.includes("*") ? {} : { StringLike: { "s3:prefix": oneOrMany(prefixes) } };
    const condition = { ...prefix, ...until };
    const names = group.flatMap(({ roots }) => roots).map(capitalised);
    return {
      Sid: `${until === undefined ? "" : "Grant"}${actions.at(-1)?.[2]}${names.join("")}`,
      Effect: "Allow",
      Action: oneOrMany(actions.map(([, name]) => name)),
      Resource: oneOrMany(group.map(({ bucket }) => bucketArn(traits, bucket))),
      ...(Object.keys(condition).length === 0 ? {} : { Condition: condition }),
    };
  });
}

type Group<Item> = readonly [Item, ...Item[]];

/** Those whose keys are written alike, in the order of the first of each. */
function groupBy<Item>(items: readonly Item[], keyOf: (item: Item) => unknown): readonly Group<Item>[] {
  const groups = new Map<string, [Item, ...Item[]]>();
  for (const item of items) {
    const key = JSON.stringify(keyOf(item));
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return [...groups.values()];
}

/**
 * What S3 allows of a bucket as a whole only. Source: Service Authorization Reference, "Condition keys for
 * Amazon S3": ListBucketMultipartUploads has no `s3:prefix`.
 */
function bucketStatements(rights: readonly Right[], { places, traits }: PolicyGround): readonly Statement[] {
  const of = rights.filter(({ actions }) => actions.includes("list-uploads")).map(({ root }) => root);
  const buckets = new Set(places.filter(({ root }) => of.includes(root)).map(({ bucket }) => bucket));
  if (buckets.size === 0) return [];
  return [
    {
      Sid: "BucketState",
      Effect: "Allow",
      Action: ["s3:ListBucketMultipartUploads", "s3:GetBucketVersioning"],
      Resource: oneOrMany([...buckets].map((bucket) => bucketArn(traits, bucket))),
    },
  ];
}

/** The key service is asked in the caller's name, so that leave to get is not enough. Other servers do not ask. */
function keyStatements(rights: readonly Right[], { keyArn }: PolicyGround): readonly Statement[] {
  if (keyArn === undefined) return [];
  const has = (action: Action): boolean => rights.some(({ actions }) => actions.includes(action));
  const names = [...(has("put-new") ? ["kms:GenerateDataKey"] : []), ...(has("get") ? ["kms:Decrypt"] : [])];
  return [{ Sid: "UseKey", Effect: "Allow", Action: oneOrMany(names), Resource: keyArn }];
}

function denials(rights: readonly Right[], { places, traits }: PolicyGround): readonly Statement[] {
  const writing = rights.filter(({ actions }) => actions.includes("put-new"));
  const spared = writing.flatMap(({ root, except = [] }) =>
    places
      .filter((place) => place.root === root)
      .flatMap((place) => except.map((key) => objectArn(traits, place, key))),
  );
  const sparing: Statement = {
    Sid: "Spared",
    Effect: "Deny",
    Action: "s3:PutObject",
    Resource: oneOrMany(spared),
  };
  const replacing: Statement = {
    Sid: NO_REPLACING,
    Effect: "Deny",
    Action: "s3:PutObject",
    Resource: "*",
    Condition: { Null: { "s3:if-none-match": "true" } },
  };
  return [
    ...(spared.length === 0 ? [] : [sparing]),
    ...(writing.length === 0 || traits.conditionalPuts !== "enforced" ? [] : [replacing]),
  ];
}

function resourcesOf(right: Right, { places, traits }: PolicyGround): readonly string[] {
  const place = places.find(({ root }) => root === right.root);
  return place === undefined ? [] : right.keys.map((pattern) => objectArn(traits, place, pattern));
}

function untilOf({ untilMs }: Right): Condition | undefined {
  if (untilMs === undefined) return undefined;
  const until = new Date(untilMs).toISOString().replace(/\.\d+Z$/, "Z");
  return { DateLessThan: { "aws:CurrentTime": until } };
}

function objectArn(traits: ServerTraits, { bucket, base }: RootPlace, key: string): string {
  return `${bucketArn(traits, bucket)}/${base}${key}`;
}

/** Source: Amazon S3 user guide, "Policy resources for Amazon S3". */
export function bucketArn({ partition }: ServerTraits, bucket: string): string {
  return `arn:${partition}:s3:::${bucket}`;
}

function oneOrMany(items: readonly string[]): string | readonly string[] {
  const [only, ...others] = items;
  return only !== undefined && others.length === 0 ? only : items;
}

function capitalised(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

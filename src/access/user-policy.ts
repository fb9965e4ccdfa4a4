import { TRANSIT_SID } from "./bucket-settings.ts";
import { bucketArn, NO_REPLACING } from "./policy.ts";
import { type FoundStatement, statementsOf } from "./policy-json.ts";
import type { RootPlace } from "./s3-roots.ts";
import type { ServerTraits } from "./server-traits.ts";

/** When the grant in a user's policy ends, in ms since 1970; undefined when there is none. */
export function grantEndMs(policy: string): number | undefined {
  const ends = (statementsOf(policy) ?? []).map((statement) => {
    const condition = fieldOf(statement["Condition"], "DateLessThan");
    return Date.parse(String(fieldOf(condition, "aws:CurrentTime")));
  });
  const known = ends.filter((end) => !Number.isNaN(end));
  return known.length === 0 ? undefined : Math.max(...known);
}

/** True when a user's policy names objects, and none of them lies in these places. */
export function servesOtherStore(
  policy: string,
  places: readonly RootPlace[],
  traits: ServerTraits,
): boolean {
  const resources = (statementsOf(policy) ?? []).flatMap(({ Resource: resource }) => textsOf(resource));
  const objects = resources.filter(
    (arn) => arn.startsWith("arn:") && arn.includes("/") && arn.includes(":s3:"),
  );
  const ours = places.map(({ bucket, base }) => `${bucketArn(traits, bucket)}/${base}`);
  return objects.length > 0 && !objects.some((arn) => ours.some((start) => arn.startsWith(start)));
}

/** What an earlier setup has found out about the server, by the policies that it wrote. */
export function conditionalPutsOf(policies: readonly string[]): ServerTraits["conditionalPuts"] | undefined {
  const writers = policies.map((policy) => statementsOf(policy) ?? []).filter(mayPut);
  if (writers.length === 0) return undefined;
  const isForbidden = writers.some((statements) => statements.some(({ Sid }) => Sid === NO_REPLACING));
  return isForbidden ? "enforced" : "unknown-to-server";
}

/** True when setup has written into a bucket's policy that plain http is forbidden. */
export function forbidsPlainHttp(policy: string): boolean {
  return (statementsOf(policy) ?? []).some(
    ({ Sid }) => typeof Sid === "string" && Sid.startsWith(TRANSIT_SID),
  );
}

function mayPut(statements: readonly FoundStatement[]): boolean {
  return statements.some(
    ({ Effect: effect, Action: action }) => effect === "Allow" && textsOf(action).includes("s3:PutObject"),
  );
}

function textsOf(value: unknown): readonly string[] {
  const items: readonly unknown[] = Array.isArray(value) ? value : [value];
  return items.filter((item) => typeof item === "string");
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null
    ? Object.entries(value).find(([key]) => key === name)?.[1]
    : undefined;
}

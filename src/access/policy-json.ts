import { UserError } from "../errors.ts";
import { exitCode } from "../exit-code.ts";
import type { Statement } from "./policy.ts";

/** A statement that somebody wrote: nothing of it is certain but that it is an object. */
export type FoundStatement = Readonly<Record<string, unknown>>;

/** The statements of a policy's JSON; undefined for what is no policy. One statement may stand without a list. */
export function statementsOf(text: string): readonly FoundStatement[] | undefined {
  const policy = parse(text);
  const found = isObject(policy) ? policy["Statement"] : undefined;
  const statements: readonly unknown[] = Array.isArray(found) ? found : [found];
  return statements.every(isObject) ? statements : undefined;
}

/**
 * The JSON of a bucket's policy with our statements in it, each in place of the one with its Sid; those of others
 * stay as they are. Throws UserError for a policy that cannot be read: it would be lost.
 */
export function mergeBucketPolicy(
  bucket: string,
  found: string | undefined,
  statements: readonly Statement[],
): string {
  const known = found === undefined ? [] : statementsOf(found);
  if (known === undefined) {
    throw new UserError(
      `the policy of bucket ${bucket} is none that hostlog can read, so nothing can be added to it; add the statements above by hand, or remove the policy`,
      exitCode.config,
    );
  }
  const ours = new Set<unknown>(statements.map(({ Sid }) => Sid));
  const others = known.filter(({ Sid }) => !ours.has(Sid));
  return JSON.stringify({ ...policyFrame(found), Statement: [...others, ...statements] });
}

/** The JSON as a value, for comparing; undefined for what is no JSON. */
export function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The parts of a policy beside its statements, such as its id. */
function policyFrame(found: string | undefined): FoundStatement {
  const policy = found === undefined ? undefined : parse(found);
  return isObject(policy) ? policy : { Version: "2012-10-17" };
}

function isObject(value: unknown): value is FoundStatement {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

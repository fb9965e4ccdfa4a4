import type { Policy, Statement } from "../../../src/access/policy.ts";
import { fits } from "./access-matrix.ts";

/** What is asked of a server: an action on an ARN, in a context whose keys may be missing. */
export interface PolicyRequest {
  readonly action: string;
  readonly resource: string;
  readonly context: Readonly<Record<string, string>>;
}

/**
 * What a policy says of a request, as the IAM user guide describes it under "Policy evaluation logic": denied unless a
 * statement allows it and none denies it. It knows the conditions that our policies have, and throws for others.
 */
export function permits({ Statement: statements }: Policy, request: PolicyRequest): boolean {
  const effects = statements
    .filter((statement) => applies(statement, request))
    .map(({ Effect: effect }) => effect);
  return effects.includes("Allow") && !effects.includes("Deny");
}

function applies(statement: Statement, { action, resource, context }: PolicyRequest): boolean {
  return (
    many(statement.Action).some((pattern) => fits(pattern, action)) &&
    many(statement.Resource).some((pattern) => fits(pattern, resource)) &&
    Object.entries(statement.Condition ?? {}).every(([operator, tests]) =>
      Object.entries(tests).every(([key, wanted]) => holds(operator, context[key], many(wanted))),
    )
  );
}

function holds(operator: string, value: string | undefined, wanted: readonly string[]): boolean {
  switch (operator) {
    case "StringLike":
      return value !== undefined && wanted.some((pattern) => fits(pattern, value));
    case "DateLessThan":
      return value !== undefined && wanted.some((date) => Date.parse(value) < Date.parse(date));
    case "Null":
      return wanted.includes(String(value === undefined));
    case "BoolIfExists":
      return value === undefined || wanted.includes(value);
    default:
      throw new Error(`a condition that nobody evaluates: ${operator}`);
  }
}

function many(value: string | readonly string[]): readonly string[] {
  return typeof value === "string" ? [value] : value;
}

import { z } from "zod";
import type { ConfigProblem } from "./config-problem.ts";
import { configSchema } from "./config-schema.ts";
import { nearestWord } from "./nearest-word.ts";
import type { YamlDocument } from "./yaml-document.ts";

const secretPattern = /secret|passw|token|credential|access_?key/i;

/** What the schema has against a document, with places and in words that say what to do. */
export function problemsOfIssues(
  issues: readonly z.core.$ZodIssue[],
  document: YamlDocument,
): readonly ConfigProblem[] {
  return issues.flatMap((issue) => {
    if (issue.code === "unrecognized_keys") {
      return issue.keys.map((key) =>
        document.problemAtKey([...issue.path, key], messageForUnknown(key, issue.path)),
      );
    }
    if (issue.code === "invalid_key") {
      return issue.issues.map(({ message }) => document.problemAtKey(issue.path, message));
    }
    const message = issue.code === "invalid_type" ? messageForType(issue) : issue.message;
    return [document.problemAt(issue.path, message)];
  });
}

function messageForUnknown(key: string, path: readonly PropertyKey[]): string {
  if (secretPattern.test(key)) {
    return "secrets do not belong in this file: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, in the environment";
  }
  const nearest = nearestWord(key, knownKeys(path));
  const hint =
    nearest === undefined ? `known here: ${knownKeys(path).join(", ")}` : `did you mean ${nearest}?`;
  return `there is no setting ${JSON.stringify(key.slice(0, 64))}; ${hint}`;
}

function messageForType(issue: z.core.$ZodIssueInvalidType): string {
  if (issue.expected !== "object" && issue.expected !== "record") {
    const isMissing = issue.input === undefined;
    return isMissing ? `${String(issue.path.at(-1))} is missing here: ${issue.message}` : issue.message;
  }
  const name = issue.path.length === 0 ? "a config" : String(issue.path.at(-1));
  return `${name} holds keys with values: write them below it, indented, or leave it out`;
}

/** The keys that may stand where `path` leads to. */
function knownKeys(path: readonly PropertyKey[]): readonly string[] {
  // Its values may also be single terms, so its schema does not show them.
  if (path[0] === "classes") return ["raw", "analytics"];
  let schema: unknown = configSchema;
  for (const name of path) schema = shapeOf(schema)[String(name)];
  return Object.keys(shapeOf(schema));
}

function shapeOf(schema: unknown): Readonly<Record<string, unknown>> {
  const inner = schema instanceof z.ZodOptional || schema instanceof z.ZodPrefault ? schema.unwrap() : schema;
  return inner instanceof z.ZodObject ? inner.shape : {};
}

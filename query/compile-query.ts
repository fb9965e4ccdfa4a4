import { analyticsSchema } from "../src/schema/analytics-schema.ts";
import { compileConditions } from "./compile-conditions.ts";
import { compileSource } from "./compile-source.ts";
import { type CompiledQuery, compile } from "./compiled-query.ts";
import type { Question } from "./question.ts";
import { availableColumns, type ResultColumn } from "./result-column.ts";
import { type QueryView, viewSchemas } from "./view-schema.ts";

/** Where a question is asked. */
export interface Scope {
  /** Absolute paths of Parquet files. */
  readonly files: readonly string[];
  /** Client fields that are no single address and yet name one that is asked for. */
  readonly clientTexts: readonly string[];
}

/** Columns that are no column of the files. */
const derived: Readonly<Record<string, string>> = {
  client: "coalesce(line.client_ip, line.client_text)",
  target: "coalesce(line.path || coalesce('?' || line.query, ''), line.request_raw)",
};

/** Time first; then what makes the order of rows the same each time. */
const order = {
  raw: ["time", "node", "source", "source_offset"],
  analytics: ["time", "domain", "path", ...Object.keys(analyticsSchema.columns).filter(isTieBreaker)],
} as const satisfies Readonly<Record<QueryView, readonly string[]>>;

/**
 * Compiles a question to SQL over some Parquet files. What people typed, and the paths, travel as parameters
 * only: no part of the SQL text comes from outside the files of this folder.
 */
export function compileQuery(question: Question, { files, clientTexts }: Scope): CompiledQuery {
  return compile((bind) => {
    const columns = question.columns.map(
      (column) => `${expressionOf(column, question.view)} AS ${column.name}`,
    );
    const sql = `SELECT ${columns.join(", ")}
${compileSource(question.view, files, bind)}
WHERE ${compileConditions(question, clientTexts, bind)}
ORDER BY ${order[question.view].map((name) => `line.${name}`).join(", ")}`;
    return question.limit === undefined ? sql : `${sql}\nLIMIT ${bind(question.limit)}::BIGINT`;
  });
}

function expressionOf({ name }: ResultColumn, view: QueryView): string {
  const column = availableColumns(view).find((available) => available.name === name);
  if (column === undefined) throw new Error(`no column ${name} in ${view}`);
  if (column.kind === "time") return `epoch_ms(line.${name})`;
  if (viewSchemas[view].columns[name]?.type === "address") return `lower(hex(line.${name}))`;
  return derived[name] ?? `line.${name}`;
}

function isTieBreaker(name: string): boolean {
  return name !== "time" && name !== "domain" && name !== "path";
}

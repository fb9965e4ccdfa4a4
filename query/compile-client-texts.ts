import { compileConditions } from "./compile-conditions.ts";
import { compileSource } from "./compile-source.ts";
import { type CompiledQuery, compile } from "./compiled-query.ts";
import type { Question } from "./question.ts";

/**
 * The distinct client fields that are no single address, of the rows that match but for the address. Most
 * files have none, which the engine sees in their footers; `mentionsNetwork` decides about the others.
 */
export function compileClientTexts(question: Question, files: readonly string[]): CompiledQuery {
  return compile(
    (bind) => `SELECT DISTINCT line.client_text
${compileSource(question.view, files, bind)}
WHERE line.client_text IS NOT NULL
  AND ${compileConditions({ ...question, networks: [] }, [], bind)}`,
  );
}

import { compileConditions } from "./compile-conditions.ts";
import type { Scope } from "./compile-query.ts";
import { compileSource } from "./compile-source.ts";
import { type CompiledQuery, compile } from "./compiled-query.ts";
import type { Question } from "./question.ts";

/**
 * How many rows match, by minute since 1970, ascending: rows of (minute, count). It decides how the answer is
 * cut into pieces that can be sorted in memory, and how many rows a limit left out.
 */
export function compileCount(question: Question, { files, clientTexts }: Scope): CompiledQuery {
  return compile(
    (bind) => `SELECT epoch_ms(line.time) // 60000 AS minute, count(*) AS lines
${compileSource(question.view, files, bind)}
WHERE ${compileConditions(question, clientTexts, bind)}
GROUP BY minute
ORDER BY minute`,
  );
}

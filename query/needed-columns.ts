import { compileClientTexts } from "./compile-client-texts.ts";
import { compileCount } from "./compile-count.ts";
import { compileQuery } from "./compile-query.ts";
import type { Question } from "./question.ts";

/** Nothing that a person typed is in the text of a statement, so what looks like a column is one. */
const columnPattern = /\bline\.([a-z_]+)/g;

/** The columns that the statements of a question name. They are read from the statements, so none can be forgotten. */
export function neededColumns(question: Question): ReadonlySet<string> {
  const scope = { files: [], clientTexts: question.networks.length === 0 ? [] : [""] };
  const statements = [
    compileCount(question, scope),
    compileQuery(question, scope),
    ...(question.networks.length === 0 ? [] : [compileClientTexts(question, [])]),
  ];
  return new Set(
    statements.flatMap(({ sql }) => [...sql.matchAll(columnPattern)].map(([, name = ""]) => name)),
  );
}

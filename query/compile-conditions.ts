import type { Bind } from "./compiled-query.ts";
import type { DomainFilter } from "./domain-filter.ts";
import type { Question } from "./question.ts";
import type { PathPattern, TextPattern } from "./text-pattern.ts";

/** Not a character of a path that is often seen; LIKE's own default escape, the backslash, is in every encoded byte. */
const LIKE_ESCAPE = "!";

/**
 * The conditions of a question on `line`, joined by AND. `clientTexts` are the client fields that are no
 * single address and yet name one that is asked for.
 */
export function compileConditions(question: Question, clientTexts: readonly string[], bind: Bind): string {
  const conditions = [
    `line.time >= ${bind(iso(question.fromMs))}::TIMESTAMPTZ`,
    `line.time < ${bind(iso(question.toMs))}::TIMESTAMPTZ`,
    ...anyOf(domainConditions(question.domains, bind)),
    ...anyOf(addressConditions(question, clientTexts, bind)),
    ...anyOf(question.paths.map((pattern) => pathCondition(pattern, bind))),
    ...anyOf(
      question.statuses.map(
        ({ first, last }) => `line.status BETWEEN ${bind(first)}::SMALLINT AND ${bind(last)}::SMALLINT`,
      ),
    ),
    ...anyOf(question.methods.map((method) => `upper(line.method) = ${bind(method)}`)),
  ];
  if (question.agent !== undefined) {
    conditions.push(`contains(lower(line.user_agent), lower(${bind(question.agent)}))`);
  }
  return conditions.join("\n  AND ");
}

function anyOf(alternatives: readonly string[]): readonly string[] {
  if (alternatives.length <= 1) return alternatives;
  return [`(${alternatives.join(" OR ")})`];
}

/** All names in one IN, which the engine compares with the bounds of each row group. */
function domainConditions(domains: readonly DomainFilter[], bind: Bind): readonly string[] {
  const sites = domains.filter(({ kind }) => kind === "site").map(({ name }) => bind(name));
  const below = domains.filter(({ kind }) => kind === "below").map(({ name }) => bind(`.${name}`));
  return [
    ...(sites.length === 0 ? [] : [`line.domain IN (${sites.join(", ")})`]),
    ...below.map((suffix) => `ends_with(line.domain, ${suffix})`),
  ];
}

function addressConditions(
  { networks }: Question,
  clientTexts: readonly string[],
  bind: Bind,
): readonly string[] {
  const ranges = networks.map(
    ({ first, last }) => `line.client_ip_key BETWEEN ${bind(first)}::BLOB AND ${bind(last)}::BLOB`,
  );
  if (clientTexts.length === 0) return ranges;
  return [...ranges, `line.client_text IN (SELECT unnest(${bind(clientTexts)}::VARCHAR[]))`];
}

function pathCondition({ path, query }: PathPattern, bind: Bind): string {
  const onPath = textCondition("line.path", path, bind);
  return query === undefined ? onPath : `(${onPath} AND ${textCondition("line.query", query, bind)})`;
}

function textCondition(column: string, pattern: TextPattern, bind: Bind): string {
  const [whole = ""] = pattern;
  if (pattern.length <= 1) return `${column} = ${bind(whole)}`;
  return `${column} LIKE ${bind(pattern.map(escapeLike).join("%"))} ESCAPE '${LIKE_ESCAPE}'`;
}

function escapeLike(literal: string): string {
  return literal.replaceAll(/[!%_]/g, `${LIKE_ESCAPE}$&`);
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

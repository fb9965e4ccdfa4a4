import type { AnalyticsColumnName } from "../src/schema/analytics-schema.ts";
import type { RawColumnName } from "../src/schema/raw-schema.ts";
import type { RawColumns } from "../src/schema/table-columns.ts";

/** What becomes of a raw column: nothing, for a reason, or the analytics columns that are made from it. */
export type Rule =
  | { readonly drop: string }
  | { readonly feeds: readonly AnalyticsColumnName[]; readonly as: string };

/**
 * The privacy policy, column by column. There is no default: a column that is added to the raw schema does not
 * compile until somebody has decided here what statistics may learn from it. The table is what the anonymizer
 * obeys, not what it claims: a maker of analytics columns is handed the raw columns that feed them (see
 * {@link sourcesOf}) and cannot reach another.
 */
export const rules = {
  time: {
    feeds: ["time", "visit_start", "visitor_first_of_day"],
    as: "the hour; the instant only to tell visits apart",
  },
  received_at: { drop: "it joins a row to its batch" },
  domain: { feeds: ["domain", "visit_start", "visitor_first_of_day"], as: "itself" },
  client_ip: { drop: "client_ip_key says the same" },
  client_ip_key: {
    feeds: ["client_net", "country", "as_number", "visit_start", "visitor_first_of_day"],
    as: "its network; the whole of it only under a keyed hash in memory, to tell visits apart",
  },
  client_text: {
    feeds: ["visit_start", "visitor_first_of_day"],
    as: "a keyed hash in memory, to tell visits apart where servers log host names",
  },
  remote_user: { drop: "it names a person" },
  method: { feeds: ["method"], as: "a registered method" },
  path: { feeds: ["path"], as: "a path without what looks like personal data" },
  query: { drop: "forms, sessions and searches stand there" },
  protocol: { feeds: ["protocol"], as: "a known protocol" },
  request_raw: { drop: "it is no HTTP, and may hold anything" },
  status: { feeds: ["status"], as: "itself" },
  bytes_sent: { feeds: ["bytes_sent"], as: "itself" },
  referrer: { feeds: ["referrer_host"], as: "its host name" },
  user_agent: {
    feeds: ["browser", "browser_major", "os", "device", "is_bot", "visit_start", "visitor_first_of_day"],
    as: "words from closed lists and a small number; the whole only under a keyed hash in memory",
  },
  request_host: { drop: "the visitor writes it" },
  duration_ms: { drop: "it is fine enough to join a row to raw" },
  node: { drop: "it narrows a row down and no statistic needs it" },
  source: { drop: "it joins a row to its line" },
  source_offset: { drop: "it joins a row to its line" },
} as const satisfies { readonly [Column in RawColumnName]: Rule };

/** The raw columns from which the analytics columns `Name` are made. */
export type SourceOf<Name extends AnalyticsColumnName> = {
  [Column in RawColumnName]: (typeof rules)[Column] extends { readonly feeds: readonly (infer Fed)[] }
    ? Extract<Name, Fed> extends never
      ? never
      : Column
    : never;
}[RawColumnName];

export type Sources<Name extends AnalyticsColumnName> = Pick<RawColumns, SourceOf<Name>>;

/** Those columns of `raw` that may feed the analytics columns `names`: a record that has no others. */
export function sourcesOf<Name extends AnalyticsColumnName>(
  raw: RawColumns,
  names: readonly Name[],
): Sources<Name> {
  const fed = new Set<AnalyticsColumnName>(names);
  const isSource = ([, rule]: [string, Rule]): boolean =>
    "feeds" in rule && rule.feeds.some((name) => fed.has(name));
  const sources = Object.entries(rules).filter(isSource);
  return Object.fromEntries(
    sources.map(([column]) => [column, raw[column as RawColumnName]]),
  ) as Sources<Name>;
}

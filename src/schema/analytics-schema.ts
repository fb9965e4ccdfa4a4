import type { ColumnSchema, TableSchema } from "./table-schema.ts";

const columns = {
  time: { type: "timestamp", isNullable: false, about: "The hour of the request, UTC." },
  domain: { type: "text", isNullable: false, about: "The site, as in raw." },
  client_net: {
    type: "text",
    isNullable: true,
    about: "The client's network: /24 of IPv4, /48 of IPv6; `unknown` where the client is no single address.",
  },
  country: {
    type: "text",
    isNullable: true,
    about: "ISO 3166-1 alpha-2 code, if a country table is configured.",
  },
  as_number: {
    type: "int64",
    isNullable: true,
    about: "Autonomous system number, if a table is configured.",
  },
  method: { type: "text", isNullable: true, about: "A registered method, else `OTHER`." },
  path: {
    type: "text",
    isNullable: true,
    about: "The path without query; what looks like personal data is replaced.",
  },
  protocol: { type: "text", isNullable: true, about: "A known protocol, else `OTHER`." },
  status: { type: "int16", isNullable: true, about: "The response's status code." },
  bytes_sent: { type: "int64", isNullable: true, about: "Bytes sent." },
  referrer_host: { type: "text", isNullable: true, about: "The referring page's host name." },
  browser: {
    type: "text",
    isNullable: true,
    about: "The browser's family from a closed list, else `Other`.",
  },
  browser_major: { type: "int32", isNullable: true, about: "The browser's major version." },
  os: {
    type: "text",
    isNullable: true,
    about: "The operating system's family from a closed list, else `Other`.",
  },
  device: {
    type: "text",
    isNullable: true,
    about: "`desktop`, `mobile`, `tablet`, `tv`, `console`, `wearable` or `other`.",
  },
  is_bot: { type: "boolean", isNullable: false, about: "The agent says, or is known, to be a program." },
  visit_start: {
    type: "boolean",
    isNullable: false,
    about:
      "The first request of a visit: nothing from the same client and agent at the site for 30 minutes before.",
  },
  visitor_first_of_day: {
    type: "boolean",
    isNullable: false,
    about: "The first request of the client and agent at the site on this UTC day.",
  },
} as const satisfies Readonly<Record<string, ColumnSchema>>;

export type AnalyticsColumnName = keyof typeof columns;

/** What statistics may see: no address that identifies a visitor, no instant finer than an hour. */
export const analyticsSchema = {
  table: "analytics",
  version: 1,
  columns,
} as const satisfies TableSchema<AnalyticsColumnName>;

import type { ColumnSchema, TableSchema } from "./table-schema.ts";

const columns = {
  time: {
    type: "timestamp",
    isNullable: false,
    about: "When the server says the request was, to the ms it logged.",
  },
  received_at: {
    type: "timestamp",
    isNullable: false,
    about: "When hostlog read the line: one instant for a batch.",
  },
  domain: {
    type: "text",
    isNullable: false,
    about:
      "The site by the server's own configuration: lower case, punycode, no port; `unknown` if it has no usable name.",
  },
  client_ip: {
    type: "text",
    isNullable: true,
    about: "The client's address as RFC 5952 text, IPv4-mapped unwrapped.",
  },
  client_ip_key: {
    type: "address",
    isNullable: true,
    about: "The same address as 16 bytes, IPv4 as ::ffff:0:0/96, so that a network is a range.",
  },
  client_text: {
    type: "text",
    isNullable: true,
    about: "What stood in the client's field when it was not one address: a host name, a list, a socket.",
  },
  remote_user: { type: "text", isNullable: true, about: "The user name of HTTP authentication." },
  method: { type: "text", isNullable: true, about: "The request's method as sent." },
  path: { type: "text", isNullable: true, about: "The request's target up to the first `?`, not decoded." },
  query: {
    type: "text",
    isNullable: true,
    about: "The request's target after the first `?`; empty if nothing followed it.",
  },
  protocol: { type: "text", isNullable: true, about: "The request's protocol, such as `HTTP/1.1`." },
  request_raw: {
    type: "text",
    isNullable: true,
    about:
      "The whole request where it is no method, target and protocol: TLS on a plain port, probes, garbage.",
  },
  status: { type: "int16", isNullable: true, about: "The response's status code." },
  bytes_sent: {
    type: "int64",
    isNullable: true,
    about: "Bytes sent, with or without headers as the server's format has it.",
  },
  referrer: { type: "text", isNullable: true, about: "The Referer header." },
  user_agent: { type: "text", isNullable: true, about: "The User-Agent header." },
  request_host: {
    type: "text",
    isNullable: true,
    about: "The host the visitor asked for, where it differs from `domain`.",
  },
  duration_ms: { type: "double", isNullable: true, about: "How long the server took, in ms." },
  node: { type: "text", isNullable: false, about: "The hosting node that wrote the line." },
  source: {
    type: "text",
    isNullable: false,
    about: "The stream the line stands in, known by its bytes: 32 hex digits.",
  },
  source_offset: {
    type: "int64",
    isNullable: false,
    about: "Where the line begins in its stream, in decompressed bytes. With `source` it names the line.",
  },
} as const satisfies Readonly<Record<string, ColumnSchema>>;

export type RawColumnName = keyof typeof columns;

/** Every line that a server's format explains, with full addresses: for the investigation of breaches. */
export const rawSchema = { table: "raw", version: 1, columns } as const satisfies TableSchema<RawColumnName>;

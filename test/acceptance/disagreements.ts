/** A case of the corpus in which we answer other than the peer, by its id. The lines stay in the corpus. */
export interface Disagreement {
  readonly id: string;
  /** How the line was read: detected from itself alone, or by the server's own text that came with the case. */
  readonly by: "detection" | "format";
  readonly reason: string;
}

const escapesAreDecoded =
  "The peer keeps the server's escapes. We undo them once, so that a look-up finds what the visitor sent, and " +
  "write again only the bytes that are no text.";

const secondColumn =
  "The second column is a vhost. From the line alone it cannot be told from an ident; the server's own text tells.";

const noTime =
  "The format has no time: its lines could be filed under no day, so it is refused when it is read.";

export const disagreements: readonly Disagreement[] = [
  ...[
    "crowdsec-047",
    "crowdsec-054",
    "crowdsec-057",
    "crowdsec-136",
    "crowdsec-138",
    "crowdsec-140",
    "crowdsec-141",
    "crowdsec-143",
    "crowdsec-144",
    "crowdsec-158",
    "crowdsec-165",
    "fluentd-004",
    "vrl-018",
  ].map((id) => ({ id, by: "detection", reason: escapesAreDecoded }) as const),
  { id: "fluentd-008", by: "detection", reason: secondColumn },
  { id: "fluentd-009", by: "detection", reason: secondColumn },
  { id: "tailpipe-nginx-002", by: "detection", reason: secondColumn },
  {
    id: "tailpipe-nginx-005",
    by: "detection",
    reason:
      "A scheme in front, no ident, and the vhost in the tail: no layout of CLF. Detection refuses what it could only " +
      "misread (the scheme as a vhost); by the server's own text it agrees.",
  },
  {
    id: "beats-091",
    by: "detection",
    reason:
      "A vhost without a port before a client that is no address. A visitor's user name could make such columns, so " +
      "a vhost without a port is believed only before an address.",
  },
  {
    id: "lars-007",
    by: "detection",
    reason: "A list of clients. The peer skips the line; we keep it, with the list as the client's text.",
  },
  { id: "kassner-log-parser-006", by: "format", reason: noTime },
  { id: "tailpipe-nginx-012", by: "format", reason: noTime },
  {
    id: "lars-012",
    by: "format",
    reason: "A date of single digits, as no server writes it: the time must have its exact shape.",
  },
  {
    id: "lua-sandbox-lpeg-002",
    by: "format",
    reason:
      "The line goes on after the end of the format that was given for it: then it is of another format.",
  },
  {
    id: "nielsbasjes-logparser-016",
    by: "format",
    reason: "Jetty put a second blank before the duration, which the format does not have.",
  },
  {
    id: "tailpipe-nginx-008",
    by: "format",
    reason:
      "`$remote_usr` is no variable of nginx. The peer takes it for the user; we do not keep what we do not know.",
  },
];

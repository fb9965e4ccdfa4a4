import type { EscapeRule } from "../../src/text.ts";

/**
 * The fields that a format can find in a line, as indexes of spans. What is not among them has no place in
 * the stored record and is counted, not kept.
 */
export const field = {
  /** The client's address, or whatever stands in its place. */
  client: 0,
  remoteUser: 1,
  method: 2,
  path: 3,
  query: 4,
  protocol: 5,
  /** The whole request, only when it does not split into method, target and protocol and join back. */
  requestRaw: 6,
  referrer: 7,
  userAgent: 8,
  /** The site by the server's configuration: `$server_name`, `%v`, the first column of vhost_combined. */
  domain: 9,
  /** The host that the visitor asked for: `$host`, `$http_host`, `%{Host}i`. */
  requestHost: 10,
} as const;

export const FIELD_COUNT = 11;

/**
 * What a parser found in one line. One of these is made for a source and filled again for each line: no
 * object and no string is made on the way. Field `f` is `bytes[spans[2 f] .. spans[2 f + 1]]`, still escaped
 * as the server wrote it; absent (not in the format, `-`, empty) is -1 in both, except that an empty query
 * behind a `?` is an empty span.
 */
export interface ParsedLine {
  readonly spans: Int32Array;
  /** ms since 1970, UTC. */
  timeMs: number;
  /** NaN when absent. */
  status: number;
  bytesSent: number;
  durationMs: number;
  /** How many fields of the line have no place in the record (a tail after the agent, cookies, upstream times). */
  unkeptFields: number;
}

export function createParsedLine(): ParsedLine {
  return {
    spans: new Int32Array(FIELD_COUNT * 2).fill(-1),
    timeMs: Number.NaN,
    status: Number.NaN,
    bytesSent: Number.NaN,
    durationMs: Number.NaN,
    unkeptFields: 0,
  };
}

/**
 * A format, compiled once at start-up, where a mistake in it can be shown to the person who wrote it.
 */
export interface LineFormat {
  /** How it is named aloud: `combined`, or the server's own text. */
  readonly name: string;
  /** How the server escaped what it wrote into the spans. */
  readonly escape: EscapeRule;
  /** True when the lines name their site, so that a file's name need not. */
  readonly namesDomain: boolean;
  /** A parser for one source. Formats whose files explain themselves (`#Fields:`) keep what they read there. */
  open(): LineParser;
}

export interface LineParser {
  /**
   * Walks `bytes[start .. end]`, a line without its newline and carriage return, and fills `line`. Returns 0,
   * or the code of the reason (`src/reason.ts`) for which it is no line of this format; `line` then holds
   * nothing but, where it could be read, `timeMs` (else NaN). Never throws, makes no garbage, and takes time
   * linear in the line's length, whatever the line is.
   */
  parse(bytes: Uint8Array, start: number, end: number, line: ParsedLine): number;

  /** Of a parser that knows several layouts: how many lines each has read so far, the main one first. */
  countLines?(): readonly { readonly format: LineFormat; readonly lines: number }[];
}

/**
 * How a look-up and a custodian on another machine, or of another user, speak: HTTP/1.1 with JSON bodies, over a
 * unix socket or over TLS 1.2 or later in which both show a certificate.
 *
 * `POST /open-headers`, at most BODY_BYTES_MAX:
 *
 *     { "version": 1, "store": "ID", "lookup": "32 hex digits", "purpose": "query", "verify" or "hold",
 *       "case": "of a hold", "recipient": "age1…", "headers": [{ "view": "raw", "key": "dt=…", "header": "base64" }, …] }
 *
 * `recipient` is an X25519 pair of this request alone: the file keys in the answer are sealed for it, so that
 * neither a proxy nor whoever records the connection sees them. Who can change what is sent could put another in
 * its place; against that stand the socket's permissions and TLS.
 *
 * 200: one answer for each header, in their order, and the keys of those that opened, 16 bytes each, laid end to
 * end in that order and sealed as one age file:
 *
 *     { "version": 1, "answers": [{ "kind": "opened" }, { "kind": "destroyed", "at": "ISO 8601" },
 *       { "kind": "no-key" }, { "kind": "not-openable" }], "file_keys": "base64" }
 *
 * Anything else: nothing was opened, and why, in words for people; `exit_code` is that of the command that asked:
 *
 *     { "version": 1, "problem": "…", "exit_code": 75 }
 *
 * 400: not this protocol, or not admitted. 404, 405: no such thing. 408: sent too slowly. 409: the keyring is of
 * another store. 413: too large. 500: the keyring could not be read. 503, with `Retry-After` in seconds: too many
 * wait already, the log cannot be written, or it is ending.
 *
 * `GET /health`: 200, or 503 while it is ending:
 *
 *     { "version": 1, "store": "ID", "ending": false }
 */
export const PROTOCOL_VERSION = 1;

export const OPEN_HEADERS_PATH = "/open-headers";

export const HEALTH_PATH = "/health";

/** Of requests and of answers: room for as many headers as one request may have, base64 and names included. */
export const BODY_BYTES_MAX = 2 * 1024 * 1024;

/** A value's fields, unknown all of them; undefined for what is no JSON object. */
export function readJsonObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return fieldsOf(JSON.parse(text));
  } catch {
    return undefined;
  }
}

export function fieldsOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : undefined;
}

/** Undefined for what is not base64 in its one spelling. */
export function readBase64(value: unknown): Uint8Array | undefined {
  if (typeof value !== "string") return undefined;
  const bytes = Buffer.from(value, "base64");
  return bytes.toString("base64") === value ? bytes : undefined;
}

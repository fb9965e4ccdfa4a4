import { decodeRecipient, encodeRecipient } from "../seal/age-text.ts";
import { type OpenRequest, openPurposes, type SealedHeader } from "./custodian.ts";
import { fieldsOf, PROTOCOL_VERSION, readBase64, readJsonObject } from "./protocol.ts";

/** What is sent to `POST /open-headers`. */
export interface WireRequest {
  readonly storeId: string;
  /** For whom the answer's keys are sealed, 32 bytes. */
  readonly recipient: Uint8Array;
  readonly request: OpenRequest;
}

export type ParsedRequest =
  | { readonly kind: "request"; readonly wire: WireRequest }
  /** For people. It repeats nothing of what was sent. */
  | { readonly kind: "problem"; readonly problem: string };

export function encodeRequest({ storeId, recipient, request }: WireRequest): string {
  return JSON.stringify({
    version: PROTOCOL_VERSION,
    store: storeId,
    lookup: request.lookup,
    purpose: request.purpose,
    ...(request.case === undefined ? {} : { case: request.case }),
    recipient: encodeRecipient(recipient),
    headers: request.headers.map(({ view, key, header }) => ({
      view,
      key,
      header: Buffer.from(header).toString("base64"),
    })),
  });
}

/** Reads the shape alone; whether the request is admitted is decided behind it. Never throws. */
export function parseRequest(text: string): ParsedRequest {
  const fields = readJsonObject(text);
  if (fields === undefined) return problem("the request is no JSON object");
  const { version, store, lookup, recipient: recipientText, headers: list, case: caseText } = fields;
  if (version !== PROTOCOL_VERSION) {
    return problem(
      `the custodian speaks version ${PROTOCOL_VERSION} of the protocol, and the request is of another; use the same version of hostlog on both sides`,
    );
  }
  if (typeof store !== "string") return problem("the request names no store");
  if (typeof lookup !== "string") return problem("the request has no look-up's id");
  const purpose = openPurposes.find((known) => known === fields["purpose"]);
  if (purpose === undefined) return problem("the request has no purpose that is known");
  if (caseText !== undefined && typeof caseText !== "string") return problem("the request's case is no text");
  const recipient = typeof recipientText === "string" ? decodeRecipient(recipientText) : undefined;
  if (recipient === undefined) return problem("the request names no recipient for the answer");
  if (!Array.isArray(list)) return problem("the request has no headers");
  const headers: SealedHeader[] = [];
  for (const item of list) {
    const header = parseHeader(item);
    if (header === undefined) return problem(`header ${headers.length + 1} of the request cannot be read`);
    headers.push(header);
  }
  const request = { lookup, purpose, headers, ...(caseText === undefined ? {} : { case: caseText }) };
  return { kind: "request", wire: { storeId: store, recipient, request } };
}

function parseHeader(value: unknown): SealedHeader | undefined {
  const { view, key, header: text } = fieldsOf(value) ?? {};
  const header = readBase64(text);
  if ((view !== "raw" && view !== "quarantine") || typeof key !== "string" || header === undefined) {
    return undefined;
  }
  return { view, key, header };
}

function problem(text: string): ParsedRequest {
  return { kind: "problem", problem: text };
}

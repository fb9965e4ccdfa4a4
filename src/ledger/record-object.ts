import { sha256Hex } from "../sha256.ts";
import type { LedgerRecord, SignedRecord } from "./record.ts";
import { findSignatureOf, isSignatureOf, isSigningKey, type RecordSigner } from "./record-signer.ts";

/** What lies in a chain, read. */
export interface StoredRecord {
  readonly record: LedgerRecord;
  /** Of the stored bytes. */
  readonly sha256: string;
  /** The key by which it is signed, and its signature holds. Undefined for one of a release that did not sign. */
  readonly signedBy: string | undefined;
}

/**
 * What is signed: a line of context, so that no signature for something else can stand here, and the record's line
 * with its newline.
 */
function signedMessage(recordLine: string): Uint8Array {
  return Buffer.from(`hostlog record 2\n${recordLine}\n`);
}

/** The bytes of a record: its line of JSON, and behind it the line with the key and the signature (docs/ledger.md). */
export function encodeRecord(record: SignedRecord, signer: RecordSigner): Uint8Array {
  const line = JSON.stringify(record);
  const signature = Buffer.from(signer.sign(signedMessage(line))).toString("base64");
  return Buffer.from(`${line}\n${signatureLine(signer.key, signature)}\n`);
}

/** Of a record of version 2, in order: there are no others. */
const fields = "version,store,chain,sequence,previous,body";
const fieldsUnderFence = "version,store,chain,sequence,previous,fence,body";

export type RecordReading =
  | { readonly kind: "record"; readonly stored: StoredRecord }
  /** Not the bytes of a record of a version that is known. */
  | { readonly kind: "junk" }
  /** A record, and its signature is not that of the key it names. */
  | { readonly kind: "forged"; readonly key: string };

export function readRecord(bytes: Uint8Array): RecordReading {
  const parsed = parseRecord(bytes);
  if (parsed.kind !== "signed") return parsed;
  const { key, message, signature } = parsed;
  return judgeSignature(parsed, isSignatureOf(key, message, signature));
}

/** The same, for who reads many: the signature is verified on another thread. */
export async function readRecordApart(bytes: Uint8Array): Promise<RecordReading> {
  const parsed = parseRecord(bytes);
  if (parsed.kind !== "signed") return parsed;
  const { key, message, signature } = parsed;
  return judgeSignature(parsed, await findSignatureOf(key, message, signature));
}

interface SignedBytes {
  readonly kind: "signed";
  readonly record: LedgerRecord;
  readonly sha256: string;
  readonly key: string;
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
}

function judgeSignature({ record, sha256, key }: SignedBytes, isRight: boolean): RecordReading {
  return isRight ? { kind: "record", stored: { record, sha256, signedBy: key } } : { kind: "forged", key };
}

function parseRecord(bytes: Uint8Array): RecordReading | SignedBytes {
  const text = decodeText(bytes);
  if (text === undefined) return { kind: "junk" };
  const [line = "", signatureText, ...rest] = text.split("\n");
  const record = parseLine(line);
  if (record === undefined) return { kind: "junk" };
  const sha256 = sha256Hex(bytes);
  if (record.version === 1) {
    if (text.slice(line.length).trim() !== "") return { kind: "junk" };
    return { kind: "record", stored: { record, sha256, signedBy: undefined } };
  }
  const seal = parseSignature(signatureText ?? "");
  // One way only to write a record, so that none of its bytes can be changed unseen, also in the last of a chain.
  const isCanonical =
    seal !== undefined &&
    rest.length === 1 &&
    rest[0] === "" &&
    Object.keys(record).join() === (record.fence === undefined ? fields : fieldsUnderFence) &&
    JSON.stringify(record) === line &&
    hasWholeNumbers(record) &&
    signatureLine(seal.key, seal.signature) === signatureText;
  if (!isCanonical) return { kind: "junk" };
  const signature = Buffer.from(seal.signature, "base64");
  return { kind: "signed", record, sha256, key: seal.key, message: signedMessage(line), signature };
}

/** Other numbers are not the same to every reader: there are none in a record. */
function hasWholeNumbers(value: unknown): boolean {
  if (typeof value === "object" && value !== null) return Object.values(value).every(hasWholeNumbers);
  return typeof value !== "number" || Number.isSafeInteger(value);
}

function signatureLine(key: string, signature: string): string {
  return JSON.stringify({ key, signature });
}

function decodeText(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** A record of version 1 may be followed by white space, which its hash covers. */
function parseLine(line: string): LedgerRecord | undefined {
  const record: Partial<LedgerRecord> | undefined = readJson(line);
  const isRecord =
    typeof record?.chain === "string" &&
    isCount(record.sequence) &&
    typeof record.previous === "string" &&
    typeof record.body === "object" &&
    record.body !== null &&
    typeof record.body.kind === "string";
  if (!isRecord) return undefined;
  if (record.version === 1) return record as LedgerRecord;
  const isSigned =
    record.version === 2 &&
    typeof record.store === "string" &&
    (record.fence === undefined || isCount(record.fence));
  return isSigned ? (record as LedgerRecord) : undefined;
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) > 0;
}

function parseSignature(line: string): { readonly key: string; readonly signature: string } | undefined {
  const value: { key?: unknown; signature?: unknown } | undefined = readJson(line);
  if (typeof value?.key !== "string" || typeof value.signature !== "string") return undefined;
  const isCanonical = Buffer.from(value.signature, "base64").toString("base64") === value.signature;
  return isCanonical && isSigningKey(value.key) ? { key: value.key, signature: value.signature } : undefined;
}

function readJson(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

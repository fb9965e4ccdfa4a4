import { type ExitCode, exitCode } from "../exit-code.ts";
import { openForIdentity } from "../seal/open-bytes.ts";
import { SealBrokenError } from "../seal/seal-broken-error.ts";
import { sealBytes } from "../seal/seal-bytes.ts";
import type { HeaderAnswer } from "./custodian.ts";
import { fieldsOf, PROTOCOL_VERSION, readBase64, readJsonObject } from "./protocol.ts";

/** The key of an object. Source: C2SP age.md, "File key". */
const FILE_KEY_BYTES = 16;

/** Of what is shown of a custodian's words. */
const PROBLEM_LENGTH_MAX = 1000;

/** Why nothing was opened. */
export interface WireProblem {
  readonly problem: string;
  readonly exitCode: ExitCode;
}

/** Seals the keys for `recipient`, 32 bytes; nothing else of the answer is secret. */
export function encodeAnswer(answers: readonly HeaderAnswer[], recipient: Uint8Array): string {
  const opened = answers.flatMap((answer) => (answer.kind === "opened" ? [answer.fileKey] : []));
  const fileKeys = Buffer.concat(opened);
  const sealed = sealBytes(fileKeys, [recipient]);
  fileKeys.fill(0);
  return JSON.stringify({
    version: PROTOCOL_VERSION,
    answers: answers.map((answer) => (answer.kind === "opened" ? { kind: "opened" } : answer)),
    file_keys: Buffer.from(sealed).toString("base64"),
  });
}

/**
 * The answers to as many headers as were asked for, opened with the identity of the request. Undefined for
 * anything that is no such answer. Never throws.
 */
export function parseAnswer(
  text: string,
  identity: Uint8Array,
  headers: number,
): readonly HeaderAnswer[] | undefined {
  const { version, answers: list, file_keys: sealedText } = readJsonObject(text) ?? {};
  const sealed = readBase64(sealedText);
  if (version !== PROTOCOL_VERSION || !Array.isArray(list) || list.length !== headers) return undefined;
  const fileKeys = sealed === undefined ? undefined : openKeys(sealed, identity);
  if (fileKeys === undefined) return undefined;
  const answers: HeaderAnswer[] = [];
  let used = 0;
  for (const item of list) {
    const answer = parseOne(item, fileKeys.subarray(used, used + FILE_KEY_BYTES));
    if (answer === undefined) return undefined;
    if (answer.kind === "opened") used += FILE_KEY_BYTES;
    answers.push(answer);
  }
  const isWhole = used === fileKeys.length;
  fileKeys.fill(0);
  return isWhole ? answers : undefined;
}

export function encodeProblem({ problem, exitCode: code }: WireProblem): string {
  return JSON.stringify({ version: PROTOCOL_VERSION, problem, exit_code: code });
}

/** Undefined for what no custodian of this version says. */
export function parseProblem(text: string): WireProblem | undefined {
  const { version, problem, exit_code: code } = readJsonObject(text) ?? {};
  const known = Object.values(exitCode).find((one) => one === code);
  if (version !== PROTOCOL_VERSION || typeof problem !== "string" || known === undefined) return undefined;
  return { problem: problem.slice(0, PROBLEM_LENGTH_MAX), exitCode: known };
}

function openKeys(sealed: Uint8Array, identity: Uint8Array): Uint8Array | undefined {
  try {
    return openForIdentity(sealed, identity);
  } catch (error) {
    if (error instanceof SealBrokenError) return undefined;
    throw error;
  }
}

function parseOne(value: unknown, fileKey: Uint8Array): HeaderAnswer | undefined {
  const { kind, at } = fieldsOf(value) ?? {};
  if (kind === "no-key" || kind === "not-openable") return { kind };
  if (kind === "destroyed")
    return typeof at === "string" && !Number.isNaN(Date.parse(at)) ? { kind, at } : undefined;
  return kind === "opened" && fileKey.length === FILE_KEY_BYTES
    ? { kind, fileKey: fileKey.slice() }
    : undefined;
}

import { setTimeout as delay } from "node:timers/promises";
import type { CustodianSettings } from "../../../config/config.ts";
import { UserError } from "../../errors.ts";
import { exitCode } from "../../exit-code.ts";
import { generateIdentity } from "../../seal/x25519.ts";
import type { Custodian, HeaderAnswer, OpenRequest } from "../custodian.ts";
import { HEALTH_PATH, OPEN_HEADERS_PATH, PROTOCOL_VERSION, readJsonObject } from "../protocol.ts";
import { splitRequest } from "../request-limits.ts";
import { parseAnswer, parseProblem } from "../wire-answer.ts";
import { encodeRequest } from "../wire-request.ts";
import { type Answered, type CustodianClient, createCustodianClient } from "./custodian-client.ts";

/** How long a look-up waits for a custodian. */
export interface CustodianPatience {
  /** For one answer. */
  readonly answerMs: number;
  /** In all, for a custodian that has too many others to serve. */
  readonly busyMs: number;
}

const usualPatience: CustodianPatience = { answerMs: 60_000, busyMs: 120_000 };

const BUSY_DELAY_MS_MIN = 100;

const SERVICE_UNAVAILABLE = 503;

/**
 * The custodian of the settings. Asks nothing yet. Throws UserError for certificates that make no sense; its
 * `openHeaders` for a custodian that is away (75), is not to be trusted (78), or refuses, in its words.
 * `storeId`: a custodian of another store refuses.
 */
export async function connectCustodian(
  settings: CustodianSettings,
  storeId: string,
  patience: CustodianPatience = usualPatience,
): Promise<Custodian> {
  const client = await createCustodianClient(settings, patience.answerMs);
  let last: Promise<unknown> = Promise.resolve();

  async function openAll(request: OpenRequest): Promise<readonly HeaderAnswer[]> {
    const answers: HeaderAnswer[] = [];
    for (const part of splitRequest(request)) answers.push(...(await openPart(part)));
    return answers;
  }

  async function openPart(request: OpenRequest): Promise<readonly HeaderAnswer[]> {
    const { identity, recipient } = generateIdentity();
    try {
      const body = encodeRequest({ storeId, recipient, request });
      const answered = await askPatiently(client, body, patience.busyMs);
      if (answered.status !== 200) throw refusal(settings.url, answered);
      const answers = parseAnswer(answered.text, identity, request.headers.length);
      if (answers === undefined) throw notACustodian(settings.url);
      return answers;
    } finally {
      identity.fill(0);
    }
  }

  return {
    name: settings.url,
    openHeaders(request) {
      const answers = last.then(() => openAll(request));
      last = answers.catch(() => undefined);
      return answers;
    },
    async close() {
      client.close();
    },
  };
}

/** What `GET /health` says. */
export interface CustodianHealth {
  readonly storeId: string;
  /** True once it was told to end. */
  readonly isEnding: boolean;
}

/** Throws UserError as `openHeaders` does. */
export async function readCustodianHealth(
  settings: CustodianSettings,
  answerMs = usualPatience.answerMs,
): Promise<CustodianHealth> {
  const client = await createCustodianClient(settings, answerMs);
  try {
    const { text } = await client.ask({ method: "GET", path: HEALTH_PATH });
    const { version, store, ending } = readJsonObject(text) ?? {};
    if (version !== PROTOCOL_VERSION || typeof store !== "string" || typeof ending !== "boolean") {
      throw notACustodian(settings.url);
    }
    return { storeId: store, isEnding: ending };
  } finally {
    client.close();
  }
}

async function askPatiently(client: CustodianClient, body: string, busyMs: number): Promise<Answered> {
  let leftMs = busyMs;
  for (;;) {
    const answered = await client.ask({ method: "POST", path: OPEN_HEADERS_PATH, body });
    if (answered.status !== SERVICE_UNAVAILABLE || answered.retryAfterMs === undefined) return answered;
    const delayMs = Math.max(answered.retryAfterMs, BUSY_DELAY_MS_MIN);
    if (delayMs > leftMs) return answered;
    await delay(delayMs);
    leftMs -= delayMs;
  }
}

function refusal(url: string, { status, text }: Answered): UserError {
  const said = parseProblem(text);
  if (said !== undefined) return new UserError(`the custodian at ${url}: ${said.problem}`, said.exitCode);
  return status >= 500
    ? new UserError(`the custodian at ${url} failed (status ${status}); its log says why`, exitCode.tryAgain)
    : notACustodian(url);
}

function notACustodian(url: string): UserError {
  return new UserError(
    `${url} does not answer as a custodian of this version of hostlog does; correct custodian.url, or use the same version on both sides`,
    exitCode.config,
  );
}

import { Agent, type ClientRequest, type IncomingMessage, request as plainRequest } from "node:http";
import { Agent as SecureAgent, request as secureRequest } from "node:https";
import type { TLSSocket } from "node:tls";
import type { CustodianSettings } from "../../../config/config.ts";
import { UserError } from "../../errors.ts";
import { connectionTroubleOf } from "../connection-trouble.ts";
import { parseCustodianAddress } from "../custodian-address.ts";
import { BODY_BYTES_MAX } from "../protocol.ts";
import { readTlsFiles } from "./tls-files.ts";

export interface Asked {
  readonly method: "GET" | "POST";
  readonly path: string;
  /** JSON. */
  readonly body?: string;
}

export interface Answered {
  readonly status: number;
  readonly text: string;
  /** How long the custodian asks to be left alone; undefined when it does not say. */
  readonly retryAfterMs: number | undefined;
}

/** Asks a custodian, one thing at a time. */
export interface CustodianClient {
  /** Throws UserError when there is no answer, or when who answers is not to be trusted. */
  ask(asked: Asked): Promise<Answered>;
  /** Ends what is under way. */
  close(): void;
}

/** A connection that takes longer to be made is given up. */
const CONNECT_MS_MAX = 10_000;

/** `answerMs`: until when an answer must be there; the custodian may have others to serve before. */
export async function createCustodianClient(
  settings: CustodianSettings,
  answerMs: number,
): Promise<CustodianClient> {
  const { options, begin } = await transportOf(settings);
  const closing = new AbortController();
  const agent =
    begin === plainRequest ? new Agent({ keepAlive: true }) : new SecureAgent({ keepAlive: true });

  function askOnce(asked: Asked, seen: Seen): Promise<Answered> {
    const signal = AbortSignal.any([closing.signal, AbortSignal.timeout(answerMs)]);
    return new Promise((resolve, reject) => {
      const { method, path, body } = asked;
      const content =
        body === undefined
          ? {}
          : { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
      const request = begin({
        ...options,
        agent,
        method,
        path,
        signal,
        headers: { accept: "application/json", ...content },
      });
      request.on("error", reject);
      request.on("response", (response) => {
        seen.hasAnswered = true;
        readAnswer(response).then(resolve, reject);
      });
      watchConnecting(request, seen);
      request.end(body);
    });
  }

  return {
    async ask(asked) {
      const seen: Seen = { isSecured: false, hasAnswered: false };
      for (const isLast of [false, true]) {
        try {
          return await askOnce(asked, seen);
        } catch (error) {
          // A connection that was kept may have been closed at that moment; asking twice does no harm.
          if (isLast || !hasHungUp(error)) throw troubleOf(error, settings.url, seen);
        }
      }
      throw new Error("an attempt neither ended nor failed");
    },
    close() {
      closing.abort();
      agent.destroy();
    },
  };
}

/** What was seen of the attempts. */
interface Seen {
  /** TLS was agreed on, as far as the client can tell. */
  isSecured: boolean;
  hasAnswered: boolean;
}

interface Transport {
  readonly options: object;
  readonly begin: typeof plainRequest;
}

async function transportOf({ url, authorityFile, clientCertificate }: CustodianSettings): Promise<Transport> {
  const address = parseCustodianAddress(url);
  if (address === undefined) throw new Error(`${url} is no place of a custodian, and the config accepted it`);
  if (address.kind === "unix") {
    return { options: { socketPath: address.path, host: "custodian" }, begin: plainRequest };
  }
  const named = (setting: string, file: string | undefined): { setting: string; file: string } | undefined =>
    file === undefined ? undefined : { setting: `custodian.${setting}`, file };
  const files = await readTlsFiles({
    authority: named("ca_file", authorityFile),
    certificate: named("client_certificate_file", clientCertificate?.certificateFile),
    key: named("client_key_file", clientCertificate?.keyFile),
  });
  const options = {
    host: address.host,
    port: address.port,
    ...files,
    minVersion: "TLSv1.2",
    // Neither --tls-min-v1.0 nor NODE_TLS_REJECT_UNAUTHORIZED, set for another program's sake, weakens it.
    rejectUnauthorized: true,
  };
  return { options, begin: secureRequest };
}

function watchConnecting(request: ClientRequest, seen: Seen): void {
  request.on("socket", (socket) => {
    if (!socket.connecting) return;
    const isSecure = "encrypted" in socket;
    const timer = setTimeout(
      () => request.destroy(Object.assign(new Error("no connection in time"), { code: "ETIMEDOUT" })),
      CONNECT_MS_MAX,
    );
    socket.once(isSecure ? "secureConnect" : "connect", () => {
      clearTimeout(timer);
      seen.isSecured ||= isSecure && (socket as TLSSocket).authorized;
    });
    socket.once("close", () => clearTimeout(timer));
  });
}

async function readAnswer(response: IncomingMessage): Promise<Answered> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    sizeBytes += chunk.length;
    if (sizeBytes > BODY_BYTES_MAX) {
      response.destroy();
      throw Object.assign(new Error("the answer is too large"), { code: "HPE_TOO_LARGE" });
    }
    chunks.push(chunk);
  }
  const seconds = response.headers["retry-after"] ?? "";
  return {
    status: response.statusCode ?? 0,
    text: Buffer.concat(chunks).toString("utf8"),
    retryAfterMs: /^\d{1,4}$/.test(seconds) ? Number(seconds) * 1000 : undefined,
  };
}

function hasHungUp(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ECONNRESET" || error.code === "EPIPE");
}

function troubleOf(error: unknown, url: string, { isSecured, hasAnswered }: Seen): unknown {
  if (!(error instanceof Error)) return error;
  const isTimeout = error.name === "AbortError" || error.name === "TimeoutError";
  const code = isTimeout ? "ETIMEDOUT" : "code" in error ? String(error.code) : error.name;
  const trouble = connectionTroubleOf(code, isSecured && !hasAnswered);
  if (trouble === undefined) return error;
  return new UserError(`the custodian at ${url} ${trouble.sentence} (${code})`, trouble.exitCode, {
    cause: error,
  });
}

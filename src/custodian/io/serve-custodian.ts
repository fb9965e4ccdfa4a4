import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { TLSSocket } from "node:tls";
import { exitCode } from "../../exit-code.ts";
import type { CustodianAddress } from "../custodian-address.ts";
import { encodeProblem } from "../wire-answer.ts";
import { type CustodianService, createAnswering, type Reply } from "./answer-request.ts";
import { listen } from "./listen.ts";
import { withSocketPath } from "./socket-path.ts";
import type { TlsFiles } from "./tls-files.ts";

/** How long others may take. */
export interface ServerPatience {
  /** Until the head of a request is there, or a handshake is done. */
  readonly headMs: number;
  /** Until all of a request is there. */
  readonly requestMs: number;
  /** Without a word, between requests and while an answer is taken. */
  readonly idleMs: number;
}

/** A whole request is there within seconds, on any line that a look-up can be made over. */
const usualPatience: ServerPatience = { headMs: 10_000, requestMs: 30_000, idleMs: 60_000 };

/** Each may hold a request of BODY_BYTES_MAX while it comes in. */
const CONNECTIONS_MAX = 64;

const HEAD_BYTES_MAX = 8 * 1024;

export interface ServeWish {
  readonly address: CustodianAddress;
  /** For https: with `ca`, the authorities that certify clients. */
  readonly tls: TlsFiles;
  readonly patience?: ServerPatience;
  /** Called when requests are answered, with the place as clients name it. */
  readonly onListening: (place: string) => void;
}

/**
 * Answers requests until the service's signal is aborted, then ends after the one at hand. Throws UserError when
 * the place is taken, or cannot be used.
 */
export async function serveCustodian(service: CustodianService, wish: ServeWish): Promise<void> {
  const { address } = wish;
  if (address.kind === "https") return serve(service, wish);
  return withSocketPath(address.path, () => serve(service, wish));
}

async function serve(service: CustodianService, wish: ServeWish): Promise<void> {
  const { address, patience = usualPatience, onListening } = wish;
  const { signal } = service;
  const answering = createAnswering(service);
  const unanswered = new Set<ServerResponse>();
  const server = createListener(wish, patience, (request, response) => {
    unanswered.add(response);
    response.on("close", () => unanswered.delete(response));
    void answering.answer(request, askerOf(request.socket)).then((reply) => send(response, reply));
  });
  server.on("tlsClientError", (trouble: NodeJS.ErrnoException, socket: TLSSocket) => {
    const { authorizationError } = socket;
    const reason = authorizationError ? String(authorizationError) : (trouble.code ?? trouble.name);
    service.note(`a client was turned away before it could ask: ${reason}`).catch(() => undefined);
  });
  onListening(await listen(server, address));
  if (!signal.aborted) await once(signal, "abort");
  const closed = once(server, "close");
  server.close();
  await answering.idle();
  // An answer that nobody takes holds nothing up for longer.
  await Promise.race([allGone(unanswered), delay(patience.headMs, undefined, { ref: false })]);
  server.closeAllConnections();
  await closed;
}

function createListener(
  { address, tls }: ServeWish,
  { headMs, requestMs, idleMs }: ServerPatience,
  handle: (request: IncomingMessage, response: ServerResponse) => void,
): Server {
  const limits = {
    headersTimeout: headMs,
    requestTimeout: requestMs,
    keepAliveTimeout: idleMs,
    // How often Node looks for those that are too slow.
    connectionsCheckingInterval: Math.min(headMs, 1000),
    maxHeaderSize: HEAD_BYTES_MAX,
  };
  const mutualTls = {
    ...tls,
    handshakeTimeout: headMs,
    minVersion: "TLSv1.2",
    requestCert: true,
    rejectUnauthorized: true,
  } as const;
  const server: Server =
    address.kind === "unix"
      ? createServer(limits, handle)
      : createSecureServer({ ...limits, ...mutualTls }, handle);
  server.maxConnections = CONNECTIONS_MAX;
  server.setTimeout(idleMs + requestMs);
  server.on("clientError", refuseGarbled);
  return server;
}

function send(response: ServerResponse, reply: Reply | undefined): void {
  if (reply === undefined) {
    response.destroy();
    return;
  }
  const { status, body, retryAfterSeconds, closes = false } = reply;
  response.statusCode = status;
  response.setHeader("content-type", "application/json");
  response.setHeader("content-length", Buffer.byteLength(body));
  response.setHeader("cache-control", "no-store");
  if (retryAfterSeconds !== undefined) response.setHeader("retry-after", retryAfterSeconds);
  if (closes) response.setHeader("connection", "close");
  response.end(body);
}

/** What is no HTTP, or too slow, is told so as everything else is, and the connection ends. */
function refuseGarbled(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  const isSlow = error.code === "ERR_HTTP_REQUEST_TIMEOUT";
  const body = isSlow
    ? encodeProblem({ problem: "the request came too slowly", exitCode: exitCode.tryAgain })
    : encodeProblem({ problem: "the request is no HTTP that a custodian reads", exitCode: exitCode.config });
  const head = [
    `HTTP/1.1 ${isSlow ? "408 Request Timeout" : "400 Bad Request"}`,
    "connection: close",
    "content-type: application/json",
    `content-length: ${Buffer.byteLength(body)}`,
  ];
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`);
}

/** Whose certificate it was, or that the system let it use the socket. */
function askerOf(socket: Socket): string {
  if (!(socket instanceof TLSSocket)) return "a user of the socket";
  const name: unknown = socket.getPeerCertificate().subject?.CN;
  return typeof name === "string" ? `"${name}"` : "a certificate without one name";
}

async function allGone(unanswered: ReadonlySet<ServerResponse>): Promise<void> {
  const gone = [...unanswered].map(
    (response) => new Promise<void>((resolve) => response.on("close", () => resolve())),
  );
  await Promise.all(gone);
}

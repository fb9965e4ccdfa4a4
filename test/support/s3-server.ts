import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { answerS3, type S3Answer, type S3Operation, type S3Request } from "./s3-answer.ts";

/** What goes wrong with one request. */
export type S3Fault =
  | { readonly kind: "error"; readonly status: number; readonly code: string }
  /** The connection ends before anything is done. */
  | { readonly kind: "reset" }
  /** All is done, then the connection ends without an answer. */
  | { readonly kind: "lost-response" }
  /** The answer breaks off in the middle of its body. */
  | { readonly kind: "half-body" }
  /** No answer, and the connection stays. */
  | { readonly kind: "stall" }
  /** The answer comes byte by byte, 50 in a second. */
  | { readonly kind: "drip" }
  /** The answer is given, changed. */
  | { readonly kind: "change"; readonly change: (answer: S3Answer) => S3Answer };

export interface S3Server {
  readonly endpoint: string;
  /** By `bucket/key`. */
  readonly objects: Map<string, Buffer>;
  /** What was asked, in order. */
  readonly operations: S3Operation[];
  /** The names of all headers that any request had. */
  readonly headerNames: Set<string>;
  /** What DeleteObjects and DeleteObject say of a `bucket/key` instead of deleting it. */
  readonly undeletable: Map<string, string>;
  /** The next requests of the operation meet these faults, one each. */
  inject(operation: S3Operation, ...faults: readonly S3Fault[]): void;
  close(): Promise<void>;
}

/**
 * An S3 server in memory, on the loopback address: real HTTP, path style, signatures not verified. It lists
 * 100 objects on a page, so that listings are continued.
 */
export async function startS3Server(): Promise<S3Server> {
  const objects = new Map<string, Buffer>();
  const undeletable = new Map<string, string>();
  const operations: S3Operation[] = [];
  const headerNames = new Set<string>();
  const faults = new Map<S3Operation, S3Fault[]>();

  const handle = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const request = await readRequest(incoming);
    operations.push(request.operation);
    for (const name of Object.keys(request.headers)) headerNames.add(name);
    const fault = faults.get(request.operation)?.shift();
    if (fault?.kind === "reset") return void response.destroy();
    if (fault?.kind === "stall") return;
    if (fault?.kind === "error") return send(response, errorAnswer(fault), request);
    const answer = answerS3(request, { objects, undeletable });
    if (fault?.kind === "lost-response") return void response.destroy();
    if (fault?.kind === "half-body") return sendHalf(response, answer);
    if (fault?.kind === "drip") return drip(response, answer);
    send(response, fault?.kind === "change" ? fault.change(answer) : answer, request);
  };

  const server = createServer((incoming, response) => {
    handle(incoming, response).catch((error: unknown) => response.destroy(error as Error));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    objects,
    undeletable,
    operations,
    headerNames,
    inject(operation, ...more) {
      faults.set(operation, [...(faults.get(operation) ?? []), ...more]);
    },
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error === undefined ? resolve() : reject(error)));
        server.closeAllConnections();
      }),
  };
}

async function readRequest(incoming: IncomingMessage): Promise<S3Request> {
  const { pathname, searchParams } = new URL(incoming.url ?? "/", "http://localhost");
  const name = decodeURIComponent(pathname.slice(1));
  const method = incoming.method ?? "";
  return {
    operation: operationOf(method, searchParams),
    name: name.replace(/\/$/, ""),
    query: searchParams,
    headers: incoming.headers,
    body: await buffer(incoming),
  };
}

function operationOf(method: string, query: URLSearchParams): S3Operation {
  if (method === "POST" && query.has("delete")) return "DeleteObjects";
  if (method === "GET" && query.has("list-type")) return "ListObjectsV2";
  if (method === "PUT") return "PutObject";
  if (method === "HEAD") return "HeadObject";
  return method === "DELETE" ? "DeleteObject" : "GetObject";
}

function errorAnswer({ status, code }: { readonly status: number; readonly code: string }): S3Answer {
  return { status, body: Buffer.from(`<Error><Code>${code}</Code><Message></Message></Error>`) };
}

function send(
  response: ServerResponse,
  { status, headers = {}, body }: S3Answer,
  { operation }: S3Request,
): void {
  response.writeHead(status, { "content-length": body.length, ...headers });
  response.end(operation === "HeadObject" ? undefined : body);
}

function sendHalf(response: ServerResponse, { status, headers = {}, body }: S3Answer): void {
  response.writeHead(status, { "content-length": body.length, ...headers });
  response.write(body.subarray(0, body.length / 2), () => response.destroy());
}

function drip(response: ServerResponse, { status, headers = {}, body }: S3Answer): void {
  response.writeHead(status, { "content-length": body.length, ...headers });
  let sent = 0;
  const timer = setInterval(() => response.write(body.subarray(sent, ++sent)), 20);
  response.on("close", () => clearInterval(timer));
}

import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { setTimeout as delay, setImmediate as turn } from "node:timers/promises";
import type { SecureVersion } from "node:tls";
import { answerRequest, type S3Inside } from "./s3/answer-request.ts";
import type { S3BucketSettings } from "./s3/bucket-settings.ts";
import { openContents, type S3Upload, type VersioningState } from "./s3/contents.ts";
import { operationOf } from "./s3/operation-of.ts";
import { drip, send, sendHalf } from "./s3/send.ts";
import { defaultSwitches, type S3Switches } from "./s3/switches.ts";
import { failed, type S3Answer, type S3Headers, type S3Operation, type S3Request } from "./s3-answer.ts";

/** What goes wrong with one request. */
export type S3Fault =
  | { readonly kind: "error"; readonly status: number; readonly code: string; readonly headers?: S3Headers }
  /** The connection ends before anything is done. */
  | { readonly kind: "reset" }
  /** The connection ends as soon as the first bytes of the request's body are there. */
  | { readonly kind: "half-request" }
  /** The request's body is not read, and the connection stays. */
  | { readonly kind: "deaf" }
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

export interface S3Server extends S3Switches {
  readonly endpoint: string;
  /** The current objects, by `bucket/key`. */
  readonly objects: Map<string, Buffer>;
  /** By bucket; one that is not named never kept versions. */
  readonly versioning: Map<string, VersioningState>;
  /** All versions and markers of a `bucket/key`, newest first. */
  versionsOf(name: string): readonly SeenVersion[];
  /** Multipart uploads that were never finished, by upload id. */
  readonly uploads: Map<string, S3Upload>;
  /** By `bucket?versioning`, `bucket?lifecycle` and so on; unset: as in a new bucket of Amazon's. */
  readonly settings: S3BucketSettings;
  /** Buckets that are not there until somebody creates them; all others are. */
  readonly missingBuckets: Set<string>;
  /** What was asked, in order. */
  readonly operations: S3Operation[];
  readonly requests: readonly SeenRequest[];
  /** The names of all headers that any request had. */
  readonly headerNames: Set<string>;
  /** Until when object lock keeps a version, ISO 8601, by `bucket/key?versionId=ID`. */
  readonly locks: Map<string, string>;
  /** What DeleteObjects and DeleteObject say of a `bucket/key` instead of deleting it. */
  readonly undeletable: Map<string, string>;
  /** The next requests of the operation meet these faults, one each. */
  inject(operation: S3Operation, ...faults: readonly S3Fault[]): void;
  close(): Promise<void>;
}

export interface SeenVersion {
  readonly versionId: string;
  readonly isMarker: boolean;
  readonly body: Buffer;
}

export interface SeenRequest {
  readonly operation: S3Operation;
  readonly name: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
}

export interface S3ServerOptions {
  readonly tls?: {
    readonly certificate: string | Buffer;
    readonly key: string | Buffer;
    /** Who must have certified the client. */
    readonly clientAuthority?: string | Buffer;
    /** The latest version of TLS that the server speaks, if need be an ancient one. */
    readonly versionMax?: SecureVersion;
  };
}

/**
 * An S3 server in memory, on the loopback address: real HTTP, path style, signatures not verified. It does
 * what Amazon S3 does where a test has not switched that off, but lists 100 entries on a page, so that
 * listings are continued.
 */
export async function startS3Server(options: S3ServerOptions = {}): Promise<S3Server> {
  const switches = defaultSwitches();
  const contents = openContents();
  const inside = {
    contents,
    settings: new Map(),
    undeletable: new Map<string, string>(),
    locks: new Map<string, string>(),
    missingBuckets: new Set<string>(),
  };
  const operations: S3Operation[] = [];
  const requests: SeenRequest[] = [];
  const headerNames = new Set<string>();
  const faults = new Map<S3Operation, S3Fault[]>();

  const server = listener(options, (incoming, response) => {
    const seen = readHead(incoming);
    operations.push(seen.operation);
    requests.push(seen);
    for (const name of Object.keys(seen.headers)) headerNames.add(name);
    const fault = faults.get(seen.operation)?.shift();
    handle(seen, fault, { incoming, response, inside, switches }).catch((error: unknown) =>
      response.destroy(error instanceof Error ? error : undefined),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const scheme = options.tls === undefined ? "http" : "https";
  return Object.assign(switches, {
    endpoint: `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    objects: contents.objects,
    versioning: contents.versioning,
    versionsOf: contents.versionsOf,
    uploads: contents.uploads,
    settings: inside.settings,
    missingBuckets: inside.missingBuckets,
    undeletable: inside.undeletable,
    locks: inside.locks,
    operations,
    requests,
    headerNames,
    inject(operation: S3Operation, ...more: readonly S3Fault[]) {
      faults.set(operation, [...(faults.get(operation) ?? []), ...more]);
    },
    close: () =>
      new Promise<void>((resolve, reject) => {
        server.close((error) => (error === undefined ? resolve() : reject(error)));
        server.closeAllConnections();
      }),
  });
}

type Handler = (incoming: IncomingMessage, response: ServerResponse) => void;

function listener({ tls }: S3ServerOptions, handler: Handler): ReturnType<typeof createServer> {
  if (tls === undefined) return createServer(handler);
  const { certificate, key, clientAuthority, versionMax } = tls;
  return createTlsServer(
    {
      cert: certificate,
      key,
      ...(clientAuthority === undefined ? {} : { ca: clientAuthority, requestCert: true }),
      // What is older than TLS 1.2 uses hashes that OpenSSL allows at its lowest security level only.
      ...(versionMax === undefined
        ? {}
        : { maxVersion: versionMax, minVersion: "TLSv1", ciphers: "DEFAULT@SECLEVEL=0" }),
    },
    handler,
  );
}

function readHead(incoming: IncomingMessage): SeenRequest {
  const { method = "", url = "/", headers } = incoming;
  const { pathname, searchParams: query } = new URL(url, "http://localhost");
  const name = decodeURIComponent(pathname.slice(1)).replace(/^([^/]*)\/$/, "$1");
  return { operation: operationOf(method, name, query, headers), name, query, headers };
}

interface Exchange {
  readonly incoming: IncomingMessage;
  readonly response: ServerResponse;
  readonly inside: S3Inside;
  readonly switches: S3Switches;
}

async function handle(
  seen: SeenRequest,
  fault: S3Fault | undefined,
  { incoming, response, inside, switches }: Exchange,
): Promise<void> {
  if (fault?.kind === "deaf") return;
  if (fault?.kind === "half-request") return void incoming.once("data", () => response.destroy());
  const isRaced = isRacedCreate(seen, inside, switches);
  const request: S3Request = { ...seen, body: await buffer(incoming), isRaced };
  const dateMs = Date.now() + switches.clockSkewMs;
  if (fault?.kind === "reset") return void response.destroy();
  if (fault?.kind === "stall") return;
  if (fault?.kind === "error") {
    return send(response, failed(fault.status, fault.code, fault.headers), dateMs);
  }
  if (isRaced) await allHaveCome();
  const answer = answerRequest(request, inside, switches);
  if (fault?.kind === "lost-response") return void response.destroy();
  if (fault?.kind === "half-body") return sendHalf(response, answer, dateMs);
  if (fault?.kind === "drip") return drip(response, answer, dateMs);
  send(response, fault?.kind === "change" ? fault.change(answer) : answer, dateMs);
}

function isRacedCreate(
  { name, headers }: SeenRequest,
  { contents }: S3Inside,
  switches: S3Switches,
): boolean {
  return switches.isCreateRacy && headers["if-none-match"] === "*" && contents.current(name) === undefined;
}

/** Time enough for those that were sent at once, also when this process was kept from reading them. */
async function allHaveCome(): Promise<void> {
  for (let round = 0; round < 10; round++) {
    await delay(10);
    await turn();
  }
}

import { TLSSocket } from "node:tls";
import type { S3Client } from "@aws-sdk/client-s3";
import { isLoopback } from "../../loopback.ts";
import type { ServerSighting, Transit } from "../s3-observations.ts";

/** The parts of a request and of an answer, whole or an error's, that say how they travelled. */
interface SentRequest {
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number;
}
interface ReceivedAnswer {
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body?: { readonly socket?: unknown };
}

/** A date has whole seconds, cut off: on average half a second is missing. */
const HALF_SECOND_MS = 500;

/**
 * Looks at each answer that the client gets, errors included, and returns how to see the last one. The
 * connection itself says what TLS there is, also behind a proxy.
 */
export function sightServer(client: S3Client): () => ServerSighting | undefined {
  let last: ServerSighting | undefined;
  client.middlewareStack.add(
    (next) => async (args) => {
      const sentMs = Date.now();
      const result = await next(args);
      const { protocol, hostname, port } = args.request as SentRequest;
      const { headers, body } = result.response as ReceivedAnswer;
      const serverMs = Date.parse(headers["date"] ?? "") + HALF_SECOND_MS;
      const transit = transitOf(protocol, hostname, body?.socket);
      last = {
        host: `${protocol}//${hostname}${port === undefined ? "" : `:${port}`}`,
        transit: last?.transit.kind === "tls" && !isWhole(transit) ? last.transit : transit,
        clockAheadMs: Number.isNaN(serverMs) ? undefined : serverMs - (sentMs + Date.now()) / 2,
      };
      return result;
    },
    // Before the answer is read and turned into a value or an error.
    { name: "sightServer", step: "deserialize", priority: "low" },
  );
  return () => last;
}

const UNKNOWN_AUTHORITY = "an authority that is not known";

function transitOf(protocol: string, hostname: string, socket: unknown): Transit {
  if (protocol !== "https:") return isLoopback(hostname) ? { kind: "loopback" } : { kind: "plain" };
  if (!(socket instanceof TLSSocket)) return { kind: "tls", version: "TLS", authority: UNKNOWN_AUTHORITY };
  const { issuer } = socket.getPeerCertificate();
  const authority = String(issuer?.O ?? issuer?.CN ?? UNKNOWN_AUTHORITY);
  return { kind: "tls", version: socket.getProtocol() ?? "TLS", authority };
}

/** A connection that takes up an earlier session brings no certificate. */
function isWhole(transit: Transit): boolean {
  return transit.kind !== "tls" || transit.authority !== UNKNOWN_AUTHORITY;
}

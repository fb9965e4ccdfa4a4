import { type ClientRequestArgs, Agent as PlainAgent } from "node:http";
import { type RequestOptions, Agent as SecureAgent } from "node:https";
import { type LookupFunction, Socket } from "node:net";
import type { Duplex } from "node:stream";
import { UserError } from "../../errors.ts";
import { exitCode } from "../../exit-code.ts";
import { isLoopback } from "../../loopback.ts";
import { chooseProxy, type Proxy } from "./choose-proxy.ts";
import { type Destination, openTunnel } from "./open-tunnel.ts";
import type { TlsFiles } from "./tls-files.ts";

/**
 * More than any command has under way at once (a few objects, each in a few parts), so that none waits for
 * another's connection; few enough that a fleet of nodes does not exhaust a small server.
 */
const SOCKETS_MAX = 32;

/**
 * Then an idle connection is closed: a firewall on the way may have forgotten it without a word, and the next
 * request on it would wait in vain.
 */
const IDLE_MAX_MS = 15_000;

const SECURE_PORT = 443;

type Callback = (error: Error | null, stream: Duplex) => void;

/** Connects to servers on this machine, without TLS, and to nothing else. */
export class LoopbackAgent extends PlainAgent {
  readonly #url: string;

  constructor(url: string) {
    super({ keepAlive: true, maxSockets: SOCKETS_MAX, timeout: IDLE_MAX_MS });
    this.#url = url;
  }

  override createConnection(options: ClientRequestArgs, callback?: Callback): Duplex | null | undefined {
    const host = options.host ?? "";
    if (isLoopback(host)) return super.createConnection({ ...options, lookup: lookUpLoopback }, callback);
    callback?.(
      new UserError(
        `${this.#url}: the endpoint http://${host} would send logs and signatures in the clear; use https://`,
        exitCode.config,
      ),
      new Socket(),
    );
    return undefined;
  }
}

/** Connects by TLS 1.2 or later, through the proxy that the environment names for the host. */
export class TransitAgent extends SecureAgent {
  readonly #connectMs: number;

  /** A tunnel gets `connectMs` until the proxy has opened it. */
  constructor(files: TlsFiles, connectMs: number) {
    super({
      ...files,
      keepAlive: true,
      maxSockets: SOCKETS_MAX,
      timeout: IDLE_MAX_MS,
      minVersion: "TLSv1.2",
      // Neither --tls-min-v1.0 nor NODE_TLS_REJECT_UNAUTHORIZED, set for another program's sake, weakens it.
      rejectUnauthorized: true,
    });
    this.#connectMs = connectMs;
  }

  override createConnection(options: RequestOptions, callback?: Callback): Duplex | null | undefined {
    const destination = { host: options.host ?? "", port: Number(options.port ?? SECURE_PORT) };
    try {
      const proxy = chooseProxy(destination.host, destination.port);
      if (proxy === undefined) return super.createConnection(options, callback);
      void this.#connectBehind(proxy, destination, options, callback);
    } catch (error) {
      callback?.(error instanceof Error ? error : new Error(String(error)), new Socket());
    }
    return undefined;
  }

  /** Tunnels that are being opened do not count towards the bound on sockets: our callers' own bounds hold. */
  async #connectBehind(
    proxy: Proxy,
    destination: Destination,
    options: RequestOptions,
    callback?: Callback,
  ): Promise<void> {
    try {
      const socket = await openTunnel(proxy, destination, this.#connectMs);
      const stream = super.createConnection(Object.assign({}, options, { socket }));
      if (stream !== null && stream !== undefined) callback?.(null, stream);
    } catch (error) {
      callback?.(error instanceof Error ? error : new Error(String(error)), new Socket());
    }
  }
}

/** Asks no name server, which might know a `localhost` elsewhere. Source: RFC 6761 section 6.3. */
const lookUpLoopback: LookupFunction = (_hostName, { all }, callback) => {
  if (all !== true) {
    callback(null, "127.0.0.1", 4);
    return;
  }
  callback(null, [
    { address: "127.0.0.1", family: 4 },
    { address: "::1", family: 6 },
  ]);
};

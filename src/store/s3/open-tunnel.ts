import { request as requestPlain } from "node:http";
import { request as requestSecure } from "node:https";
import { isIPv6, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { UserError } from "../../errors.ts";
import { exitCode } from "../../exit-code.ts";
import type { Proxy } from "./choose-proxy.ts";
import { isTransient, s3TroubleOf } from "./s3-trouble.ts";

/** By its code `attempt` sees that the S3 server was never asked, and may be asked again. */
class ProxyUnavailableError extends UserError {
  readonly code = "ECONNREFUSED";
}

export interface Destination {
  /** A name or an address, without brackets. */
  readonly host: string;
  readonly port: number;
}

/**
 * A connection to `destination` through a proxy, on which TLS can begin. Ends within `timeoutMs`, whatever the
 * proxy does. Throws UserError that names the proxy's host and its variable, never its credentials.
 * Source: RFC 9110 section 9.3.6 (CONNECT), RFC 7617 (Basic).
 */
export function openTunnel(proxy: Proxy, destination: Destination, timeoutMs: number): Promise<Duplex> {
  const { url, credentials } = proxy;
  const host = isIPv6(destination.host) ? `[${destination.host}]` : destination.host;
  const request = url.protocol === "https:" ? requestSecure : requestPlain;
  return new Promise((resolve, reject) => {
    const connect = request({
      agent: false,
      host: url.hostname.replaceAll(/[[\]]/g, ""),
      port: url.port === "" ? undefined : Number(url.port),
      method: "CONNECT",
      path: `${host}:${destination.port}`,
      headers: { host: `${host}:${destination.port}`, ...authorizationOf(credentials) },
      minVersion: "TLSv1.2",
      rejectUnauthorized: true,
    });
    const timer = setTimeout(() => {
      connect.destroy(Object.assign(new Error("the proxy is silent"), { code: "ETIMEDOUT" }));
    }, timeoutMs);
    connect.once("connect", ({ statusCode = 0 }, socket: Socket, head) => {
      clearTimeout(timer);
      if (statusCode >= 200 && statusCode < 300) {
        if (head.length > 0) socket.unshift(head);
        resolve(socket);
        return;
      }
      socket.destroy();
      reject(refused(proxy, statusCode));
    });
    connect.once("error", (error: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      reject(unreachable(proxy, error));
    });
    connect.end();
  });
}

function authorizationOf(credentials: string): Readonly<Record<string, string>> {
  if (credentials === "") return {};
  const pair = credentials.includes(":") ? credentials : `${credentials}:`;
  return { "proxy-authorization": `Basic ${Buffer.from(pair).toString("base64")}` };
}

function refused({ url, variable }: Proxy, status: number): UserError {
  const name = `the proxy ${url.host} of ${variable}`;
  if (status >= 500) {
    return new ProxyUnavailableError(
      `${name} cannot reach the S3 server (HTTP ${status}); check s3.endpoint and the proxy's own log, then try again`,
      exitCode.tryAgain,
    );
  }
  return new UserError(
    status === 407
      ? `${name} wants credentials, or others than it was given (HTTP 407); write them into the variable: http://user:password@host:port, with %40 for @`
      : `${name} does not let hostlog through to the S3 server (HTTP ${status}); have it allowed there, or name the server in NO_PROXY`,
    exitCode.config,
  );
}

function unreachable({ url, variable }: Proxy, error: NodeJS.ErrnoException): UserError {
  const code = error.code ?? error.name;
  const name = `the proxy ${url.host} of ${variable}`;
  if (isTransient(s3TroubleOf({ code }))) {
    return new ProxyUnavailableError(
      `${name} does not answer (${code}); check it and the variable, or name the S3 server in NO_PROXY, then try again`,
      exitCode.tryAgain,
      { cause: error },
    );
  }
  return new UserError(
    `${name} cannot be spoken to (${code}); correct the variable, or name its authority's file in NODE_EXTRA_CA_CERTS`,
    exitCode.config,
    { cause: error },
  );
}

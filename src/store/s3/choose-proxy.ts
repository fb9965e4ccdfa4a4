import { getProxyForUrl } from "proxy-from-env";
import { UserError } from "../../errors.ts";
import { exitCode } from "../../exit-code.ts";
import { isLoopback } from "../../loopback.ts";

export interface Proxy {
  /** http: or https:, a host and perhaps a port. */
  readonly url: URL;
  /** `user:password`, or empty. */
  readonly credentials: string;
  /** The environment's variable that names it. */
  readonly variable: string;
}

/** In the order in which they count. Source: curl's manual, "ENVIRONMENT"; a small letter goes first. */
const variables = ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"];

/**
 * The proxy through which an https server is reached, by HTTPS_PROXY, ALL_PROXY and NO_PROXY. Undefined for a
 * server on this machine, which no proxy could reach. Without a scheme a proxy is spoken to in plain HTTP, as
 * curl and the AWS CLI do; what passes through it is TLS all the same. Throws UserError for a variable that
 * makes no sense; it never repeats its value, which may hold a password.
 */
export function chooseProxy(hostName: string, port: number): Proxy | undefined {
  if (isLoopback(hostName)) return undefined;
  const host = hostName.includes(":") ? `[${hostName.replaceAll(/[[\]]/g, "")}]` : hostName;
  // The package decides whether; which variable it was it does not say.
  const isProxied = getProxyForUrl(`https://${host}:${port}`) !== "";
  const variable = variables.find((name) => (process.env[name] ?? "") !== "");
  if (!isProxied || variable === undefined) return undefined;
  const text = process.env[variable] ?? "";
  const withScheme = text.includes("://") ? text : `http://${text}`;
  const url = URL.canParse(withScheme) ? new URL(withScheme) : undefined;
  const credentials = url === undefined ? undefined : credentialsOf(url);
  if (credentials === undefined || (url?.protocol !== "http:" && url?.protocol !== "https:")) {
    throw new UserError(
      `${variable} names no proxy that hostlog can speak to; write http://proxy.example.net:3128, or name the S3 server in NO_PROXY`,
      exitCode.config,
    );
  }
  return { url, credentials, variable };
}

/** Undefined for a % that stands for no byte. */
function credentialsOf({ username, password }: URL): string | undefined {
  try {
    const user = decodeURIComponent(username);
    return password === "" ? user : `${user}:${decodeURIComponent(password)}`;
  } catch {
    return undefined;
  }
}

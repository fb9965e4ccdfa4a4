/** Where a custodian is asked. */
export type CustodianAddress =
  | { readonly kind: "unix"; readonly path: string }
  /** `port` 0: to listen at one that is free. */
  | { readonly kind: "https"; readonly host: string; readonly port: number };

/** Reads `unix:/run/hostlog/custodian.sock` or `https://host:port`: the config's custodian.url, and --listen. */
export function parseCustodianAddress(text: string): CustodianAddress | undefined {
  // Longer paths do not fit into an address of a socket. Source: unix(7), sun_path.
  if (/^unix:\/[^\0]{1,100}$/.test(text)) return { kind: "unix", path: text.slice("unix:".length) };
  if (!/^https:\/\/[^/?#@\s]+$/.test(text) || !URL.canParse(text)) return undefined;
  const { hostname, port } = new URL(text);
  return { kind: "https", host: withoutBrackets(hostname), port: port === "" ? 443 : Number(port) };
}

/** An IPv6 address as sockets take it. */
function withoutBrackets(host: string): string {
  return host.startsWith("[") ? host.slice(1, -1) : host;
}

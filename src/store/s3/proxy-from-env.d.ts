/** The package ships no types. Source: its index.js. */
declare module "proxy-from-env" {
  /** The proxy for a URL by the variables of the process; empty for none. */
  export function getProxyForUrl(url: string | URL): string;
}

import { isLoopback } from "../src/loopback.ts";

/**
 * What is wrong with the URL of an S3 server, or undefined. Without TLS only this machine's own server is
 * accepted: addresses of visitors would cross the network in the clear, and the request's signature with them.
 */
export function problemOfEndpoint(text: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== "https:" && url.protocol !== "http:")) {
    return "this is no URL of a server: write https://s3.example.net";
  }
  if (url.username !== "" || url.password !== "") {
    return "keys do not belong in a URL: put them into AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY";
  }
  if (url.search !== "" || url.hash !== "")
    return "an endpoint has no ? and no #: write https://s3.example.net";
  if (url.protocol === "http:" && !isLoopback(url.hostname)) {
    return "without TLS logs would cross the network in the clear: write https://, or run a tunnel on this machine";
  }
  return undefined;
}

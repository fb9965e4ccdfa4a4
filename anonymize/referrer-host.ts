import { domainToUnicode } from "node:url";
import { canonicalHost } from "../src/host-name.ts";
import { hidePersonal } from "./hide-personal.ts";

/** Longer ones are read no further: a host name has 253 characters, credentials before it are no one's. */
const AUTHORITY_LENGTH_MAX = 1024;

const authority = /^https?:\/\/([^/?#\\]*)/i;

/**
 * The host of the page that a Referer header names, in its canonical form; undefined if it names none, or only
 * an address: a referring address is as personal as any. Scheme, credentials, port, path and query go.
 *
 * The visitor writes this header, and some providers write the client's address into its host name. Labels that
 * look like personal data go with all before them: `ip-192-0-2-7.dyn.example.net` is `dyn.example.net`.
 */
export function referrerHost(text: string): string | undefined {
  const found = authority.exec(text)?.[1];
  if (found === undefined || found.length > AUTHORITY_LENGTH_MAX) return undefined;
  const host = canonicalHost(found.slice(found.lastIndexOf("@") + 1));
  return host === undefined || host.startsWith("[") ? undefined : withoutPersonal(host);
}

function withoutPersonal(host: string): string | undefined {
  const unicode = domainToUnicode(host);
  const hidden = hidePersonal(unicode);
  if (hidden === unicode) return host;
  const labels = hidden.split(".");
  const kept = labels.length - 1 - labels.findLastIndex((label) => label.includes(":"));
  return kept < 2 ? undefined : host.split(".").slice(-kept).join(".");
}

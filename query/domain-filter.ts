import { canonicalHost } from "../src/host-name.ts";

/** `site` is one name as it is stored; `below` is every name below it, at any depth, and not itself. */
export type DomainFilter =
  | { readonly kind: "site"; readonly name: string }
  | { readonly kind: "below"; readonly name: string };

/** Reads `Example.org`, `münchen.example`, `*.example.org`; undefined for what is no host name. */
export function parseDomainFilter(text: string): DomainFilter | undefined {
  const kind = text.startsWith("*.") ? "below" : "site";
  const name = canonicalHost(kind === "below" ? text.slice(2) : text);
  return name === undefined ? undefined : { kind, name };
}

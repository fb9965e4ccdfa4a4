import { isNodeName } from "../src/partition.ts";

/** A machine's host name as a node name: lower case, what a node name cannot hold replaced by hyphens. */
export function nodeNameOf(hostName: string): string {
  const name = hostName
    .toLowerCase()
    .replaceAll(/[^a-z0-9.-]/g, "-")
    .replaceAll(/\.{2,}/g, ".")
    .replaceAll(/^[.-]+/g, "")
    .slice(0, 63)
    .replaceAll(/[.-]+$/g, "");
  return isNodeName(name) ? name : "node";
}

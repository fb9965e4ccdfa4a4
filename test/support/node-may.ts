import type { S3Operation } from "./s3-answer.ts";

/**
 * The rights of the node web01, where each root lies at `logs` in a bucket of its own, `bucket-raw` and so on: it may put
 * objects that carry its name, and read what is published and its own part of the ledger.
 */
export function nodeMay(operation: S3Operation, name: string, query: URLSearchParams): boolean {
  const own = /^bucket-ledger\/logs\/(?:(?:chains|manifests)\/web01\/.+|secrets\/web01)$/;
  const published = /^bucket-published\/logs\/.+$/;
  const put = /^bucket-(?:raw|analytics|quarantine)\/logs\/dt=\d{4}-\d\d-\d\d\/web01_[^/]+$/;
  if (operation === "PutObject") return put.test(name) || own.test(name);
  if (operation === "GetObject" || operation === "HeadObject") return own.test(name) || published.test(name);
  if (operation !== "ListObjectsV2") return false;
  const prefix = query.get("prefix") ?? "";
  if (name === "bucket-published") return prefix.startsWith("logs/");
  return name === "bucket-ledger" && /^logs\/(?:(?:chains|manifests)\/web01\/|secrets\/web01)/.test(prefix);
}

/** The settings of such a store. */
export function storesOfNodeMay(endpoint: string): readonly string[] {
  const roots = ["raw", "analytics", "quarantine", "ledger", "published"];
  return [
    `s3: { endpoint: "${endpoint}", region: us-east-1, force_path_style: true }`,
    "stores:",
    ...roots.map((root) => `  ${root}: s3://bucket-${root}/logs`),
  ];
}

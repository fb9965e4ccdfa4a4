import { failed, type S3Answer, type S3Request } from "../s3-answer.ts";
import { escapeXml } from "./xml.ts";

/** Few, so that listings are continued. */
const PAGE_MAX = 100;

export interface Page<T> {
  readonly entries: readonly T[];
  readonly isTruncated: boolean;
}

/** The first entries, at most as many as the request wants in the parameter. */
export function pageOf<T>(entries: readonly T[], { query }: S3Request, parameter: string): Page<T> {
  const wanted = Math.min(Number(query.get(parameter) ?? PAGE_MAX), PAGE_MAX);
  return { entries: entries.slice(0, wanted), isTruncated: entries.length > wanted };
}

/** The product never asks for folders, so this server does not make them up. */
export function refusalOfListing({ query }: S3Request): S3Answer | undefined {
  return query.has("delimiter") ? failed(501, "NotImplemented") : undefined;
}

/** The entries of a bucket whose keys begin as the request wants, in the order of the keys' bytes. */
export function inBucket<T>(
  entries: Iterable<readonly [string, T]>,
  { name: bucket, query }: S3Request,
): readonly (readonly [string, T])[] {
  const start = `${bucket}/${query.get("prefix") ?? ""}`;
  return [...entries]
    .filter(([name]) => name.startsWith(start))
    .map(([name, entry]) => ({ key: name.slice(bucket.length + 1), bytes: Buffer.from(name), entry }))
    .sort((left, right) => Buffer.compare(left.bytes, right.bytes))
    .map(({ key, entry }) => [key, entry] as const);
}

export function isAfter(key: string, marker: string): boolean {
  return Buffer.compare(Buffer.from(key), Buffer.from(marker)) > 0;
}

/** With `encoding-type=url` a key is written as in a URL, which the SDK hands on as it stands. */
export function keyText(key: string, { query }: S3Request): string {
  if (query.get("encoding-type") !== "url") return escapeXml(key);
  return encodeURIComponent(key).replaceAll("%2F", "/");
}

import { type Root, roots } from "./rights.ts";

/** Where a root lies in S3. */
export interface RootPlace {
  readonly root: Root;
  readonly bucket: string;
  /** What stands before every key: empty, or a prefix with its slash. */
  readonly base: string;
}

const pattern = /^s3:\/\/([^/]+)(?:\/(.+))?$/;

/** The roots that lie in S3, in the order of `roots`. `urls` are of a config that was checked. */
export function s3Roots(urls: Readonly<Record<Root, string>>): readonly RootPlace[] {
  return roots.flatMap((root) => {
    const [, bucket, prefix] = pattern.exec(urls[root]) ?? [];
    if (bucket === undefined) return [];
    return [{ root, bucket, base: prefix === undefined ? "" : `${prefix}/` }];
  });
}

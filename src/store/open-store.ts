import { isAbsolute } from "node:path";
import { fileURLToPath } from "node:url";
import type { S3Settings } from "../../config/config.ts";
import { UserError } from "../errors.ts";
import { exitCode } from "../exit-code.ts";
import { createFolderStore } from "./folder-store.ts";
import { isKey, type ObjectStore } from "./object-store.ts";

/** Source of a bucket's form: Amazon S3 user guide, "Bucket naming rules"; a prefix is what may begin a key. */
const s3Pattern = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/([^/].*?)?)?\/*$/;

/**
 * What the longest key leaves of the 1,024 bytes of an S3 key, its slash apart: a store's prefix of 500 with the
 * name of a root. Source: Amazon S3 user guide, "Naming Amazon S3 objects".
 */
const PREFIX_LENGTH_MAX = 511;

/**
 * The store at a root's URL: `file:///srv/hostlog/raw` or `s3://bucket/prefix`. Nothing is read or made yet.
 * Throws UserError for anything else; the message does not repeat a URL, which might hold credentials.
 */
export async function openStore(url: string, settings: S3Settings): Promise<ObjectStore> {
  const path = folderPath(url);
  if (path !== undefined) return createFolderStore(path, url);
  const [, bucket, prefix = ""] = s3Pattern.exec(url) ?? [];
  if (bucket !== undefined && prefix.length > PREFIX_LENGTH_MAX) {
    throw new UserError(
      `the prefix of an S3 root may have ${PREFIX_LENGTH_MAX} characters, and this one has ${prefix.length}; write a shorter one`,
      exitCode.usage,
    );
  }
  if (bucket !== undefined && (prefix === "" || isKey(prefix))) {
    // The AWS SDK takes several times as long to load as all the rest: only those who use it wait for it.
    const { openS3Store } = await import("./s3-store.ts");
    return openS3Store({ bucket, prefix }, settings);
  }
  throw new UserError(
    "this is no URL of a store; write file:///srv/hostlog or s3://bucket/prefix (credentials go into AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY)",
    exitCode.usage,
  );
}

/** Undefined for what is no URL of a local folder: `file://host/…`, a relative path, `%2F` in it. */
function folderPath(url: string): string | undefined {
  if (!url.startsWith("file:///") || /[?#]/.test(url)) return undefined;
  try {
    const path = fileURLToPath(url);
    return isAbsolute(path) && !path.includes("\0") ? path : undefined;
  } catch {
    return undefined;
  }
}

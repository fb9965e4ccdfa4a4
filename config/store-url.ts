import { isAbsolute, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { isKey } from "../src/store/object-store.ts";

export type ParsedStoreUrl =
  | { readonly kind: "url"; readonly url: string }
  | { readonly kind: "problem"; readonly message: string };

const FORMS = "file:///srv/hostlog or s3://bucket/prefix";

/** Source of a bucket's form: Amazon S3 user guide, "Bucket naming rules". */
const s3Pattern = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*))?$/;

/**
 * With its slash and the longest key below it, a prefix fills the 1,024 bytes of an S3 key. Source: Amazon S3
 * user guide, "Naming Amazon S3 objects".
 */
const PREFIX_LENGTH_MAX = 500;

const schemePattern = /^[A-Za-z][A-Za-z0-9+.-]*:/;

/**
 * Reads the URL of a store or root and gives it its one spelling: no trailing slash, no `..`. An absolute
 * path is taken for its `file://` URL; so is a relative one where `workingDirectory` is given.
 */
export function parseStoreUrl(text: string, workingDirectory?: string): ParsedStoreUrl {
  if (text.startsWith("s3://")) return parseS3(text);
  if (text.startsWith("file:")) return parseFile(text);
  if (schemePattern.test(text)) return problem(unknownScheme(text));
  if (text.trim() === "") return problem(`an empty name is no store: write ${FORMS}`);
  if (isAbsolute(text)) return folder(text);
  if (workingDirectory !== undefined) return folder(resolve(workingDirectory, text));
  return problem(`a relative path would mean another folder wherever hostlog is started: write ${FORMS}`);
}

function parseS3(text: string): ParsedStoreUrl {
  if (text.includes("@")) {
    return problem(
      "keys do not belong in a URL: put them into AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and write s3://bucket/prefix",
    );
  }
  const [, bucket, rest = ""] = s3Pattern.exec(text) ?? [];
  if (bucket === undefined)
    return problem("this is no bucket's name: write s3://bucket/prefix, in lower case");
  const prefix = rest.replace(/\/+$/, "");
  if (prefix === "") return { kind: "url", url: `s3://${bucket}` };
  if (prefix.length > PREFIX_LENGTH_MAX) {
    return problem(
      `a prefix may have ${PREFIX_LENGTH_MAX} characters, and this one has ${prefix.length}: write a shorter one`,
    );
  }
  if (isKey(prefix)) return { kind: "url", url: `s3://${bucket}/${prefix}` };
  return problem("a prefix may hold letters, digits, _ = . - and single slashes: write s3://bucket/prefix");
}

function parseFile(text: string): ParsedStoreUrl {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !text.startsWith("file:///") || url.search !== "" || url.hash !== "") {
    return problem("a folder's URL has three slashes and an absolute path: write file:///srv/hostlog");
  }
  try {
    return folder(fileURLToPath(url));
  } catch {
    return problem("this URL is no path of a folder: write file:///srv/hostlog, without %2F");
  }
}

function folder(path: string): ParsedStoreUrl {
  if (path.includes("\0")) return problem(`a path cannot hold a NUL: write ${FORMS}`);
  return { kind: "url", url: pathToFileURL(resolve(path)).href.replace(/\/+$/, "") };
}

function unknownScheme(text: string): string {
  const scheme = text.slice(0, text.indexOf(":"));
  const isHttp = scheme === "http" || scheme === "https";
  return isHttp
    ? `a store is not named by ${scheme}: put the server into s3.endpoint and write s3://bucket/prefix`
    : `there is no store of the kind ${scheme}: write ${FORMS}`;
}

function problem(message: string): ParsedStoreUrl {
  return { kind: "problem", message };
}

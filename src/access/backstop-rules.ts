import type { Config } from "../../config/config.ts";
import { sha256Hex } from "../sha256.ts";
import { daysAtMost } from "../term.ts";
import { isView, type Root } from "./rights.ts";
import type { RootPlace } from "./s3-roots.ts";

/** Source: Amazon S3 API, "LifecycleRule". Each does one thing, as servers do not take every mixture. */
export type BucketRule = RuleHead &
  (
    | { readonly AbortIncompleteMultipartUpload: { readonly DaysAfterInitiation: number } }
    | {
        readonly Expiration: { readonly Days: number };
        readonly NoncurrentVersionExpiration: { readonly NoncurrentDays: number };
      }
    | { readonly Expiration: { readonly ExpiredObjectDeleteMarker: true } }
  );

interface RuleHead {
  readonly ID: string;
  readonly Status: "Enabled";
  readonly Filter: { readonly Prefix: string };
}

export type KeptTerms = Pick<Config, "classes" | "quarantineTerm">;

/**
 * So much later than retention the bucket's own rules come, so that they find work only where retention was not run for
 * a month, which is an alarm from its second day on.
 */
const BACKSTOP_MARGIN_DAYS = 30;

/** None of ours takes that long, and the parts of unfinished uploads are in no listing of objects. */
const UPLOAD_DAYS = 1;

/**
 * The rules for one root. Unfinished uploads are aborted below all. What lies in a view expires once nothing hostlog
 * does can still be under way: a lifecycle counts from when an object was made, which is on its day or later, rounds up to
 * the next midnight, and comes when it likes; what it removes has no certificate, and `verify` calls it missing. It also
 * ends versions and delete markers that somebody switched on. Ledger and published expire never. Source: Amazon S3 user
 * guide, "Lifecycle configuration elements".
 */
export function bucketRules({ root, base }: RootPlace, terms: KeptTerms): readonly BucketRule[] {
  const abort: BucketRule = {
    ...head("abort-uploads", base),
    AbortIncompleteMultipartUpload: { DaysAfterInitiation: UPLOAD_DAYS },
  };
  const days = keptDaysAtMost(root, terms);
  if (days === undefined) return [abort];
  return [
    abort,
    {
      ...head("backstop", base),
      Expiration: { Days: days + BACKSTOP_MARGIN_DAYS },
      NoncurrentVersionExpiration: { NoncurrentDays: BACKSTOP_MARGIN_DAYS },
    },
    { ...head("delete-markers", base), Expiration: { ExpiredObjectDeleteMarker: true } },
  ];
}

/** An upper bound for the days that anything is kept in a root; undefined: for ever. */
function keptDaysAtMost(root: Root, { classes, quarantineTerm }: KeptTerms): number | undefined {
  if (!isView(root)) return undefined;
  if (root === "quarantine") return daysAtMost(quarantineTerm);
  return Math.max(...Object.values(classes).map((terms) => daysAtMost(terms[root])));
}

/** The id says which prefix the rule is for, so that stores that share a bucket keep apart. */
function head(purpose: string, base: string): RuleHead {
  return {
    ID: `hostlog-${purpose}-${sha256Hex(base).slice(0, 12)}`,
    Status: "Enabled",
    Filter: { Prefix: base },
  };
}

import { type Answer, judge } from "./answer.ts";
import { type Check, type Finding, ok, refused, warning } from "./finding.ts";
import type { LifecycleRule } from "./s3-observations.ts";

/** The storage classes from which an object must be restored before it can be read. Source: Amazon S3 User Guide, "Storage classes". */
const ARCHIVES: ReadonlySet<string> = new Set(["GLACIER", "DEEP_ARCHIVE"]);

/** A rule that comes sooner behind the term may be first once retention was not run for some nights. */
const BACKSTOP_DAYS_MIN = 7;

export interface KeptHere {
  /** What stands before every key of the root: empty, or a prefix with its slash. */
  readonly base: string;
  /** The longest that anything here is kept, in days; undefined: for ever. */
  readonly termDays: number | undefined;
}

/**
 * What the bucket's own rules would do to the root. A rule that expires objects before their term destroys
 * evidence and looks like tampering, since no record of the ledger names it: refused. One that expires them
 * later is a mere backstop, and no proof of anything.
 */
export function judgeLifecycle(
  lifecycle: Answer<readonly LifecycleRule[]>,
  kept: KeptHere,
): readonly Finding[] {
  const act = "see the bucket's lifecycle rules";
  const unsupported = (check: Check): Finding =>
    ok(check, "the server knows no lifecycle rules", "Nothing but hostlog removes objects here.");
  const touching = (rules: readonly LifecycleRule[]): readonly LifecycleRule[] =>
    rules.filter((rule) => touches(rule, kept.base));
  return [
    judge(
      "expiry-rules",
      lifecycle,
      { act, unknown: "A rule could destroy what is not due.", unsupported: unsupported("expiry-rules") },
      (rules) => judgeExpiry(touching(rules), kept),
    ),
    judge(
      "archive-rules",
      lifecycle,
      {
        act,
        unknown: "A rule could move objects where they cannot be read.",
        unsupported: unsupported("archive-rules"),
      },
      (rules) => judgeArchives(touching(rules)),
    ),
    judge(
      "upload-rule",
      lifecycle,
      {
        act,
        unknown: "Parts of unfinished uploads may stay for ever.",
        unsupported: unsupported("upload-rule"),
      },
      (rules) => judgeUploadRule(rules, kept),
    ),
  ];
}

/** A prefix may lie within the root, or the root within the prefix. */
function touches({ prefix, isForTags }: LifecycleRule, base: string): boolean {
  return !isForTags && (prefix.startsWith(base) || base.startsWith(prefix));
}

function judgeExpiry(rules: readonly LifecycleRule[], { termDays }: KeptHere): Finding {
  const expiring = rules.filter(({ expiry }) => expiry !== undefined);
  if (expiring.length === 0) {
    return ok(
      "expiry-rules",
      "no rule of the bucket expires objects",
      "Nothing but hostlog removes objects here. As a backstop hostlog setup s3 adds a rule that comes a month after retention.",
    );
  }
  const early = expiring.find((rule) => isEarly(rule, termDays));
  if (early !== undefined) {
    return refused(
      "expiry-rules",
      `the rule "${early.id}" expires objects ${whenOf(early)}, and they are kept ${termDays === undefined ? "for ever" : `up to ${termDays} days`}`,
      "It would destroy evidence, which looks like tampering: take the rule away; retention removes what is due.",
    );
  }
  const soon = expiring.find((rule) => !isLate(rule, termDays));
  if (soon !== undefined) {
    return warning(
      "expiry-rules",
      `the rule "${soon.id}" expires objects ${whenOf(soon)}, within ${BACKSTOP_DAYS_MIN} days of their term`,
      "After a few nights without retention it would remove what has no certificate then: put it off to a month behind the term, as hostlog setup s3 does.",
    );
  }
  const [late] = expiring;
  return ok(
    "expiry-rules",
    `the rule "${late?.id ?? ""}" expires objects ${late === undefined ? "" : whenOf(late)}, after hostlog does`,
    "A backstop: where retention was not run for so long, objects go without a certificate, and verify misses them.",
  );
}

function isLate({ expiry }: LifecycleRule, termDays: number | undefined): boolean {
  if (expiry === undefined || expiry === "at a date" || termDays === undefined) return false;
  return expiry.days >= termDays + BACKSTOP_DAYS_MIN;
}

function isEarly({ expiry }: LifecycleRule, termDays: number | undefined): boolean {
  return expiry === "at a date" || termDays === undefined || (expiry !== undefined && expiry.days < termDays);
}

function whenOf({ expiry }: LifecycleRule): string {
  return expiry === undefined || expiry === "at a date" ? "at a date" : `after ${expiry.days} days`;
}

function judgeArchives(rules: readonly LifecycleRule[]): Finding {
  const rule = rules.find(({ storageClasses }) => storageClasses.some((name) => ARCHIVES.has(name)));
  if (rule === undefined) {
    return ok(
      "archive-rules",
      "no rule of the bucket moves objects into an archive",
      "Objects stay readable.",
    );
  }
  const archives = rule.storageClasses.filter((name) => ARCHIVES.has(name));
  return warning(
    "archive-rules",
    `the rule "${rule.id}" moves objects into ${archives.join(", ")}`,
    "Reading them fails until they are restored by hand, and a breach does not wait: take the rule away.",
  );
}

function judgeUploadRule(rules: readonly LifecycleRule[], { base }: KeptHere): Finding {
  const covers = rules.some((rule) => rule.abortsUploads && !rule.isForTags && base.startsWith(rule.prefix));
  return covers
    ? ok("upload-rule", "the bucket removes unfinished uploads by a rule", "Parts do not pile up.")
    : warning(
        "upload-rule",
        "no rule of the bucket removes unfinished uploads",
        'What is left by a process that died takes up space until a purge comes by: add AbortIncompleteMultipartUpload after 1 day, as "hostlog setup s3" does.',
      );
}

/** An object in an archive tier cannot be read before somebody has restored it. Source: Amazon S3 user guide, "Intelligent-Tiering". */
export function judgeTiering(tiering: Answer<readonly string[]>): Finding {
  const otherwise = {
    act: "see whether the server moves objects into archive tiers",
    unknown: "It could move objects where they cannot be read at once.",
    unsupported: ok("tiering", "the server knows no tiers", "Objects stay readable."),
  };
  return judge("tiering", tiering, otherwise, (tiers) =>
    tiers.length === 0
      ? ok("tiering", "no rule moves objects into archive tiers", "Objects stay readable.")
      : warning(
          "tiering",
          `objects that are seldom read go into ${[...new Set(tiers)].join(", ")}`,
          "Raw is read in a breach only, and then at once: leave the root out of the archive tiers.",
        ),
  );
}

import { type Answer, judge } from "./answer.ts";
import { type Finding, isView, notTried, ok, refused, type Subject, warning } from "./finding.ts";
import type { RemovalSighting, S3Writing, UnfinishedUploads } from "./s3-observations.ts";

/** How many keys are named; the rest is counted. */
const NAMED_MAX = 5;

export function judgeBatchDelete({ batchDelete }: Pick<S3Writing, "batchDelete">): Finding {
  const falls = warning(
    "delete",
    "the server refuses DeleteObjects as this program sends it",
    "hostlog falls back to single deletes: a purge takes up to a thousand times as many requests.",
  );
  const otherwise = {
    act: "remove objects",
    unknown: "Whether a purge can remove by the thousand is not known.",
    unsupported: falls,
  };
  return judge("delete", batchDelete, otherwise, (outcome) =>
    outcome === "deleted"
      ? ok("delete", "several objects are removed by one DeleteObjects", "A purge removes by the thousand.")
      : falls,
  );
}

/** In a view, and for who purges, all that remains counts; elsewhere nothing is ever purged. */
export function judgeRemoval(subject: Subject, { removal }: Pick<S3Writing, "removal">): readonly Finding[] {
  const otherwise = {
    act: "remove objects",
    unknown: "Whether anything remains of what is removed is not known.",
  };
  const left = removal.kind === "given" ? judgeLeft(removal.value) : [];
  return [
    judge("removal", removal, otherwise, ({ hidden }) =>
      judge(
        "removal",
        hidden,
        {
          act: "list versions and unfinished uploads",
          unknown:
            "Whether anything remains of what is removed is not known; a purge needs s3:ListBucketVersions and s3:ListBucketMultipartUploads.",
        },
        (count) => judgeHidden(subject, count),
      ),
    ),
    ...left,
  ];
}

function judgeHidden(subject: Subject, count: number): Finding {
  if (count === 0)
    return ok("removal", "nothing remains of objects that were removed", "What is purged is gone.");
  const fact = `of objects that were removed ${count} versions, delete markers or uploads remain`;
  return isView(subject)
    ? refused(
        "removal",
        fact,
        "A purge could not destroy what is due: give the purger s3:DeleteObjectVersion and s3:AbortMultipartUpload, and switch object lock off.",
      )
    : warning("removal", fact, "They take up space, and nobody sees them in a listing.");
}

function judgeLeft({ left }: RemovalSighting): readonly Finding[] {
  if (left.length === 0) return [];
  const named = left.slice(0, NAMED_MAX).join(", ");
  const more = left.length > NAMED_MAX ? ` and ${left.length - NAMED_MAX} more` : "";
  return [
    warning(
      "left-over",
      `probe objects could not be removed again: ${named}${more}`,
      "Remove them by hand; they hold nothing but a few random bytes.",
    ),
  ];
}

export function judgeUploads(
  uploads: Answer<UnfinishedUploads>,
  { abort }: Pick<S3Writing, "abort">,
): Finding {
  if (abort.kind === "given" && abort.value === "cannot-abort") {
    return warning(
      "uploads",
      "these credentials can begin an upload in parts and cannot abort it",
      "Large objects are sent by one put; allow s3:AbortMultipartUpload to change that.",
    );
  }
  const otherwise = {
    act: "list unfinished uploads",
    unknown: "Whether parts of uploads that were never finished lie here is not known.",
    unsupported: notTried(
      "uploads",
      "the server knows no uploads in parts",
      "Large objects are sent by one put.",
    ),
  };
  return judge("uploads", uploads, otherwise, ({ count, oldCount, isAll }) => {
    const number = isAll ? `${count}` : `more than ${count}`;
    if (oldCount === 0)
      return ok("uploads", `${number} unfinished uploads, none older than a day`, "Nothing to do.");
    return warning(
      "uploads",
      `${number} unfinished uploads, ${oldCount} of them older than a day`,
      "Their parts take up space and are in no listing: a purge removes those of its days, a lifecycle rule (AbortIncompleteMultipartUpload) the others.",
    );
  });
}

import { type Answer, judge } from "./answer.ts";
import { type Finding, isView, ok, refused, type Subject, warning } from "./finding.ts";
import type { ObjectLock, Versioning } from "./s3-observations.ts";

export function judgeVersioning(subject: Subject, versioning: Answer<Versioning>): Finding {
  const otherwise = {
    act: "see whether the bucket keeps versions",
    unknown: "Where it does, creations at once may not be safe, and a removal must find each version.",
    unsupported: ok("versioning", "the server knows no versions", "What is removed leaves none."),
  };
  return judge("versioning", versioning, otherwise, (state) => {
    if (state === "never") {
      return ok("versioning", "the bucket never kept versions", "What is removed leaves none.");
    }
    if (state === "Suspended") {
      return warning(
        "versioning",
        "the bucket kept versions once, and new ones are suspended",
        "Older copies may be left; hostlog looks for them at each removal, which takes more requests.",
      );
    }
    return subject === "ledger"
      ? refused(
          "versioning",
          "the bucket keeps versions",
          "On some servers several writers at once then all succeed, and a chain would fork: give the ledger a bucket that never kept versions.",
        )
      : warning(
          "versioning",
          "the bucket keeps versions",
          "A removal has to find and remove each of them, and what is replaced lives on: a bucket that never kept versions is better.",
        );
  });
}

export function judgeObjectLock(subject: Subject, objectLock: Answer<ObjectLock | undefined>): Finding {
  const otherwise = {
    act: "see whether the bucket locks objects",
    unknown: "What is locked cannot be destroyed in time.",
    unsupported: ok("object-lock", "the server knows no object lock", "What is due can be destroyed."),
  };
  return judge("object-lock", objectLock, otherwise, (lock) => {
    if (lock === undefined)
      return ok("object-lock", "the bucket has no object lock", "What is due can be destroyed.");
    const fact =
      lock.defaultRetention === undefined
        ? "the bucket has object lock, without a default"
        : `the bucket has object lock: each object is locked for ${lock.defaultRetention}`;
    return isView(subject)
      ? refused(
          "object-lock",
          fact,
          "What is locked cannot be destroyed in time, and object lock cannot be switched off: use another bucket for this view.",
        )
      : warning(
          "object-lock",
          fact,
          "Object lock implies versions, and nothing here ever needs to be locked.",
        );
  });
}

/** Who removes versions has no second factor at three in the morning, and a purge is not to have one. */
export function judgeMfaDelete(mfaDelete: Answer<boolean>): Finding {
  const otherwise = {
    act: "see whether versions are removed with a second factor only",
    unknown: "Then no purge could remove them.",
    unsupported: ok(
      "mfa-delete",
      "the server knows no second factor for removals",
      "What is due can be destroyed.",
    ),
  };
  return judge("mfa-delete", mfaDelete, otherwise, (isOn) =>
    isOn
      ? refused(
          "mfa-delete",
          "the bucket asks for a second factor before a version is destroyed",
          "No purge that runs by itself has one, so that versions would stay: switch MFA delete off, or use another bucket.",
        )
      : ok("mfa-delete", "no second factor is needed to destroy versions", "A purge can do it by itself."),
  );
}

/** Removals of versions are never replicated. Source: Amazon S3 user guide, "What does Amazon S3 replicate?". */
export function judgeReplication(subject: Subject, replication: Answer<readonly string[]>): Finding {
  const otherwise = {
    act: "see whether the bucket is replicated",
    unknown: "A copy elsewhere would outlive what is destroyed here.",
    unsupported: ok("replication", "the server knows no replication", "There is one copy."),
  };
  return judge("replication", replication, otherwise, (buckets) => {
    if (buckets.length === 0) return ok("replication", "nothing here is replicated", "There is one copy.");
    const fact = `what is stored here is replicated to ${[...new Set(buckets)].join(", ")}`;
    return isView(subject)
      ? refused(
          "replication",
          fact,
          "A removal does not reach the copies, and no certificate speaks of them: end the replication and empty the copies, or run retention on each as a store of its own.",
        )
      : ok(
          "replication",
          fact,
          "A copy of what names no visitor; check from time to time that it is the same.",
        );
  });
}

/** Why no probe object may be written: it would stay for as long as the lock lasts. */
export function reasonNotToWrite(objectLock: Answer<ObjectLock | undefined>): string | undefined {
  const isLocked = objectLock.kind === "given" && objectLock.value?.defaultRetention !== undefined;
  return isLocked ? "a probe object would be locked, so none was written" : undefined;
}

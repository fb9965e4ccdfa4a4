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

/** Why no probe object may be written: it would stay for as long as the lock lasts. */
export function reasonNotToWrite(objectLock: Answer<ObjectLock | undefined>): string | undefined {
  const isLocked = objectLock.kind === "given" && objectLock.value?.defaultRetention !== undefined;
  return isLocked ? "a probe object would be locked, so none was written" : undefined;
}

import { judge } from "./answer.ts";
import { type Finding, ok, refused, type Subject, warning } from "./finding.ts";
import type { ChecksumSighting, S3Writing } from "./s3-observations.ts";

export function judgeChecksum({ checksum }: Pick<S3Writing, "checksum">): Finding {
  const otherwise = {
    act: "store a probe object",
    unknown: "Whether damage on the way is noticed is not known.",
  };
  return judge("checksum", checksum, otherwise, (sighting) => {
    const instead = comparedInstead(sighting);
    if (sighting.refusesWrong && sighting.isReturned) {
      return ok(
        "checksum",
        "a wrong SHA-256 is refused, and the stored one is named",
        "Damage on the way is noticed.",
      );
    }
    if (sighting.refusesWrong) {
      return warning(
        "checksum",
        "a wrong SHA-256 is refused, but the answer does not name the stored one",
        instead,
      );
    }
    return warning("checksum", "an object with a wrong SHA-256 is accepted", instead);
  });
}

function comparedInstead({ isReturned, hasDigestTag }: ChecksumSighting): string {
  if (isReturned) return "hostlog compares the SHA-256 that the answer names, so damage is still noticed.";
  return hasDigestTag
    ? "hostlog compares the ETag, which is the MD5, instead."
    : "Nothing can be compared after a put: have verify --read run from time to time.";
}

export function judgeRead({ read }: Pick<S3Writing, "read">): Finding {
  const otherwise = {
    act: "read the probe object",
    unknown: "Whether parts of objects can be read is not known.",
    unsupported: refused("read", "the server knows no ranges", "Objects could not be read in parts."),
  };
  return judge("read", read, otherwise, (outcome) => {
    switch (outcome) {
      case "exact":
        return ok("read", "a range of an object is read exactly", "Large objects are read in parts.");
      case "ignores-ranges":
        return refused(
          "read",
          "the server ignores ranges",
          "Large objects could not be read: use another server.",
        );
      case "other-bytes":
        return refused(
          "read",
          "the bytes that were read are not those that were stored",
          "Nothing that is read here can be relied on: check the server's disks and any cache before it.",
        );
    }
  });
}

export function judgeList(subject: Subject, { list }: Pick<S3Writing, "list">): Finding {
  const otherwise = { act: "list", unknown: "Whether listings are whole is not known." };
  return judge("list", list, otherwise, ({ isCurrent, isInOrder, knowsStartAfter }) => {
    if (!isInOrder) {
      return refused(
        "list",
        "the server lists objects in no order",
        "A purge or an audit that pages through would miss objects: use another server.",
      );
    }
    if (!isCurrent) return judgeLag(subject);
    if (!knowsStartAfter) {
      return warning(
        "list",
        "the server ignores start-after",
        "hostlog passes over what comes before by itself; long chains take many more requests to read.",
      );
    }
    return ok(
      "list",
      "objects are listed at once, in order, and after a given key",
      "Listings can be relied on.",
    );
  });
}

/** A chain's end is found by listing; the views are listed again before anything is called destroyed. */
function judgeLag(subject: Subject): Finding {
  const fact = "an object was not listed as soon as it was stored";
  return subject === "ledger"
    ? refused(
        "list",
        fact,
        "The end of a chain would not be found, and lines might be stored twice: use a server with consistent listings.",
      )
    : warning(
        "list",
        fact,
        "A look-up may miss the newest objects, and a purge lists again before it calls anything destroyed.",
      );
}

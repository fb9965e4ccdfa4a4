import { judge } from "./answer.ts";
import { type Finding, ok, refused, warning } from "./finding.ts";
import type { S3Writing } from "./s3-observations.ts";

const unknown = "Whether two imports at once could store the same lines twice is not known.";

export function judgeCreate({ create }: Pick<S3Writing, "create">): Finding {
  const noConditions = refused(
    "create",
    "the server knows no conditional put (If-None-Match)",
    "Objects would be replaced and lines lost: use a server that has it.",
  );
  const otherwise = {
    act: "store a probe object",
    unknown,
    unsupported: noConditions,
    failed: (message: string) =>
      refused("create", `a probe object could not be stored: ${message}`, "Nothing can be stored here."),
  };
  return judge("create", create, otherwise, (outcome) =>
    outcome === "refuses-second"
      ? ok("create", "a second creation of a key is refused", "What is stored is never replaced by hostlog.")
      : refused(
          "create",
          "the server ignores If-None-Match: a second creation of a key replaced the first",
          "Objects would be replaced and lines lost: use a server that honours it.",
        ),
  );
}

export function judgeRace({ race }: Pick<S3Writing, "race">): Finding {
  return judge("atomic", race, { act: "store a probe object", unknown }, ({ attempts, created }) => {
    if (created > 1) {
      return refused(
        "atomic",
        `of ${attempts} creations of one key at once ${created} succeeded`,
        "Two imports at once could both believe to have committed: use a bucket without versioning, or another server.",
      );
    }
    // The fixed probe of a role that cannot remove it is there from its first time in a month on.
    if (created === 0) {
      return ok(
        "atomic",
        `the probe object was there already, and none of ${attempts} creations at once replaced it`,
        "How many win at once was tried when it was first stored this month, and is tried anew next month.",
      );
    }
    return ok(
      "atomic",
      `of ${attempts} creations of one key at once one succeeded`,
      "Imports can run at once.",
    );
  });
}

export function judgeReplace({ replace }: Pick<S3Writing, "replace">): Finding {
  const otherwise = {
    act: "store a probe object",
    unknown: "Whether these credentials could replace objects is not known.",
  };
  return judge("replace", replace, otherwise, (mayReplace) =>
    mayReplace
      ? warning(
          "replace",
          "these credentials can replace objects by a put without a condition",
          'hostlog never does; whoever steals them can: verify finds a replaced object, but not once its record is replaced too. On servers that know s3:if-none-match the policies of "hostlog setup s3" forbid it.',
        )
      : ok(
          "replace",
          "a put without a condition is refused",
          "Who steals these credentials cannot replace objects.",
        ),
  );
}

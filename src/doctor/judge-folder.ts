import { formatBytes } from "../format-bytes.ts";
import { type Answer, judge } from "./answer.ts";
import { type Finding, notTried, ok, refused, type Subject, warning } from "./finding.ts";
import type { FileSystemSighting, FolderObservations, FolderWriting } from "./folder-observations.ts";

/** Below this a batch of the usual size, its spool and the engine's scratch may not fit at once. */
const FREE_BYTES_MIN = 1024 ** 3;
const FREE_PERCENT_MIN = 5;

/** Each object is a file, in a folder for each day. */
const FREE_INODES_MIN = 10_000;

/** File times are compared with the clock to find what dead processes left (a day) and locks (a minute). */
const CLOCK_MS_MAX = 60_000;

/** What follows for a root in a folder or, as "state", for the state directory. */
export function judgeFolder(subject: Subject, seen: FolderObservations): readonly Finding[] {
  const { presence, mode, fileSystem, writing } = seen;
  const found = judgePresence(presence);
  if (presence.kind === "unusable") return [found];
  return [
    found,
    judgeMode(mode),
    judgeFileSystem(subject, fileSystem),
    judgeSpace(fileSystem),
    ...judgeWriting(subject, writing),
  ];
}

function judgePresence(presence: FolderObservations["presence"]): Finding {
  switch (presence.kind) {
    case "there":
      return ok("folder", "the folder is there and can be written", "Nothing to do.");
    case "absent":
      return ok("folder", "the folder is not there yet and can be made", "The first ingest makes it.");
    case "unusable":
      return refused(
        "folder",
        presence.message,
        "Nothing can be stored here: put that right, or name another folder.",
      );
  }
}

function judgeMode(mode: number | undefined): Finding {
  if (mode === undefined)
    return ok("mode", "there is no folder yet", "It is made for this user only (0700).");
  const text = (mode & 0o777).toString(8).padStart(4, "0");
  if ((mode & 0o007) !== 0) {
    return refused(
      "mode",
      `every user of this machine may look into the folder (mode ${text})`,
      'Visitors\' addresses would lie open: run "chmod o-rwx" on it.',
    );
  }
  return ok(
    "mode",
    `only its owner and group may enter (mode ${text})`,
    "Other users of this machine see nothing.",
  );
}

const noFileSystem = { act: "ask", unknown: "What the file system promises is not known." };

function judgeFileSystem(subject: Subject, fileSystem: Answer<FileSystemSighting>): Finding {
  return judge("file-system", fileSystem, noFileSystem, ({ kind, promise }) => {
    if (kind === "local") return ok("file-system", "the file system is local", promise);
    const consequence =
      subject === "state" ? `${promise} Locks and the spool belong on a local disk.` : promise;
    return warning("file-system", `the file system is of the kind "${kind}"`, consequence);
  });
}

function judgeSpace(fileSystem: Answer<FileSystemSighting>): Finding {
  return judge("space", fileSystem, noFileSystem, ({ freeBytes, freePercent, freeInodes }) => {
    const files = freeInodes === undefined ? "" : `, ${freeInodes.toLocaleString("en-US")} files`;
    const fact = `free: ${formatBytes(freeBytes)} (${freePercent} %)${files}`;
    const isLow =
      freeBytes < FREE_BYTES_MIN ||
      freePercent < FREE_PERCENT_MIN ||
      (freeInodes !== undefined && freeInodes < FREE_INODES_MIN);
    return isLow
      ? warning("space", fact, "It will soon be full; ingest then stops and loses nothing: make room.")
      : ok("space", fact, "There is room.");
  });
}

function judgeWriting(subject: Subject, writing: Answer<FolderWriting>): readonly Finding[] {
  if (writing.kind !== "given") {
    const unknown = "Whether objects can be created once and removed here is not known.";
    const failed = (message: string): Finding =>
      refused("create", `a probe file could not be written: ${message}`, "Nothing can be stored here.");
    return [
      judge("create", writing, { act: "write here", unknown, failed }, () => notTried("create", "", unknown)),
    ];
  }
  const { isSecondRefused, race, isRead, isListed, left, clockAheadMs } = writing.value;
  return [
    isSecondRefused && race.created === 1
      ? ok(
          "create",
          `of ${race.attempts} creations of one name at once one succeeded`,
          "Imports can run at once.",
        )
      : refused(
          "create",
          `of ${race.attempts} creations of one name at once ${race.created} succeeded`,
          "Two imports at once could both believe to have committed: use another file system.",
        ),
    isRead && isListed
      ? ok("list", "what was written was read and listed at once", "Listings can be relied on.")
      : warning(
          "list",
          "what was written was not read or listed at once",
          "A cache of the mount may lag behind.",
        ),
    left.length === 0
      ? ok("removal", "probe files were removed again", "What is purged is gone.")
      : warning("left-over", `could not be removed again: ${left.join(", ")}`, "Remove it by hand."),
    judgeFileClock(subject, clockAheadMs),
  ];
}

function judgeFileClock(subject: Subject, aheadMs: number): Finding {
  const seconds = Math.round(Math.abs(aheadMs) / 1000);
  const fact =
    seconds === 0
      ? "the times of new files agree with this machine's clock"
      : `the times of new files are ${seconds} s ${aheadMs < 0 ? "behind" : "ahead of"} this machine's clock`;
  if (Math.abs(aheadMs) <= CLOCK_MS_MAX) return ok("clock", fact, "Locks and left-overs are judged rightly.");
  return warning(
    "clock",
    fact,
    subject === "state"
      ? "A lock that is held might be taken for a dead one: set the file server's clock."
      : "What dead processes left might be removed too early or late: set the file server's clock.",
  );
}

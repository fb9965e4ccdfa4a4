import { describe, expect, it } from "vitest";
import { parseDay } from "../../src/day.ts";
import { given, notAsked } from "../../src/doctor/answer.ts";
import { exitCodeOf, type Finding, ok, refused, warning } from "../../src/doctor/finding.ts";
import type { FolderObservations, FolderWriting } from "../../src/doctor/folder-observations.ts";
import { judgeAbilities } from "../../src/doctor/judge-abilities.ts";
import { judgeRace } from "../../src/doctor/judge-creation.ts";
import { judgeEncryption } from "../../src/doctor/judge-encryption.ts";
import { judgeFolder } from "../../src/doctor/judge-folder.ts";
import { judgeBatchDelete, judgeRemoval, judgeUploads } from "../../src/doctor/judge-removal.ts";
import { judgeServer } from "../../src/doctor/judge-server.ts";
import { judgeApart } from "../../src/doctor/judge-state.ts";
import { judgeChecksum, judgeList, judgeRead } from "../../src/doctor/judge-transfer.ts";
import { renderReportJson, renderReportText } from "../../src/doctor/render-report.ts";
import { isAbandoned, probeRun } from "../../src/doctor/run-name.ts";
import type { Transit } from "../../src/doctor/s3-observations.ts";
import { termDaysOf } from "../../src/doctor/term-days.ts";
import { parseKey } from "../../src/partition.ts";
import { isKey } from "../../src/store/object-store.ts";
import { parseTerm, type Term } from "../../src/term.ts";

function verdictOf({ verdict }: Finding): string {
  return verdict;
}

describe("judgeServer", () => {
  const tls = (version: string): Transit => ({ kind: "tls", version, authority: "Example CA" });
  it.each<[Transit, string]>([
    [{ kind: "loopback" }, "ok"],
    [{ kind: "plain" }, "refused"],
    [tls("TLSv1.3"), "ok"],
    [tls("TLSv1.2"), "ok"],
    [tls("TLSv1.1"), "refused"],
    [tls("TLSv1"), "refused"],
  ])("judges transit by %o", (transit, verdict) => {
    const [finding] = judgeServer({ host: "s3.example.org", transit, clockAheadMs: 0 });
    expect(finding).toMatchObject({ check: "transit", verdict });
  });

  it.each([
    [0, "ok"],
    [59_999, "ok"],
    [60_000, "warning"],
    [-300_000, "warning"],
    [300_001, "refused"],
    [-300_001, "refused"],
    [undefined, "warning"],
  ])("judges a clock that is %s ms ahead", (clockAheadMs, verdict) => {
    const server = { host: "s3.example.org", transit: { kind: "loopback" }, clockAheadMs } as const;
    expect(judgeServer(server)[1]).toMatchObject({ check: "clock", verdict });
  });

  it("knows nothing of a server that gave no answer", () => {
    expect(judgeServer(undefined).map(verdictOf)).toEqual(["not-tried", "not-tried"]);
  });
});

describe("what was tried", () => {
  it("is refused where several creations won, and well where the object was there already", () => {
    const race = (created: number): string => verdictOf(judgeRace({ race: given({ attempts: 8, created }) }));
    expect([0, 1, 2, 8].map(race)).toEqual(["ok", "ok", "refused", "refused"]);
  });

  it.each([
    [true, true, true, "ok", "Damage on the way is noticed"],
    [true, false, true, "warning", "MD5"],
    [true, false, false, "warning", "Nothing can be compared"],
    [false, true, false, "warning", "still noticed"],
    [false, false, true, "warning", "MD5"],
    [false, false, false, "warning", "verify --read"],
  ])(
    "compares what it can: wrong one refused %s, returned %s, ETag %s",
    (refusesWrong, isReturned, hasDigestTag, verdict, words) => {
      const finding = judgeChecksum({ checksum: given({ refusesWrong, isReturned, hasDigestTag }) });
      expect(finding).toMatchObject({ verdict, consequence: expect.stringContaining(words) });
    },
  );

  it("needs ranges, and the bytes that were stored", () => {
    const read = (outcome: "exact" | "ignores-ranges" | "other-bytes"): string =>
      verdictOf(judgeRead({ read: given(outcome) }));
    expect([read("exact"), read("ignores-ranges"), read("other-bytes")]).toEqual([
      "ok",
      "refused",
      "refused",
    ]);
  });

  it("needs an order in listings, and can do without start-after", () => {
    const list = (isInOrder: boolean, knowsStartAfter: boolean): string =>
      verdictOf(judgeList("raw", { list: given({ isCurrent: true, isInOrder, knowsStartAfter }) }));
    expect([list(true, true), list(true, false), list(false, true)]).toEqual(["ok", "warning", "refused"]);
  });

  it("falls back to single deletes where a server knows no batches", () => {
    expect(judgeBatchDelete({ batchDelete: { kind: "unsupported" } })).toMatchObject({ verdict: "warning" });
  });

  it("does not call a removal whole that could not be looked at", () => {
    const removal = given({ left: [], hidden: { kind: "denied" } as const });
    expect(judgeRemoval("raw", { removal }).map(verdictOf)).toEqual(["not-tried"]);
  });

  it("names some of what is left, and counts the rest", () => {
    const left = Array.from({ length: 7 }, (_, index) => `key-${index}`);
    const [, finding] = judgeRemoval("raw", { removal: given({ left, hidden: given(0) }) });
    expect(finding?.fact).toContain("key-4 and 2 more");
  });

  it.each([
    [0, 0, "aborted", "ok"],
    [3, 0, "aborted", "ok"],
    [3, 1, "aborted", "warning"],
    [0, 0, "cannot-abort", "warning"],
    [0, 0, "cannot-begin", "ok"],
  ] as const)("judges %i unfinished uploads, %i old ones, when one %s", (count, oldCount, abort, verdict) => {
    const finding = judgeUploads(given({ count, oldCount, isAll: true }), { abort: given(abort) });
    expect(finding).toMatchObject({ verdict });
  });

  it("goes by the bucket's default where no object could be stored", () => {
    const unknown = notAsked("nothing was to be written");
    expect(judgeEncryption("raw", undefined, unknown, given("AES256"))).toMatchObject({ verdict: "ok" });
    expect(judgeEncryption("raw", undefined, unknown, given(undefined))).toMatchObject({
      verdict: "warning",
    });
    // What the config asks for is seen at an object only.
    expect(judgeEncryption("raw", "kms-key", unknown, given("aws:kms"))).toMatchObject({
      verdict: "not-tried",
    });
  });

  it("says in one line what the credentials can do", () => {
    const may = {
      list: true,
      read: false,
      write: undefined,
      replace: undefined,
      remove: true,
      listVersions: false,
    };
    expect(judgeAbilities(may).fact).toBe(
      "with these credentials one may list, remove objects; may not read, list versions; may or may not write new objects, replace objects",
    );
  });
});

describe("judgeFolder", () => {
  const writing: FolderWriting = {
    isSecondRefused: true,
    race: { attempts: 8, created: 1 },
    isRead: true,
    isListed: true,
    left: [],
    clockAheadMs: 0,
  };
  const space = {
    kind: "local",
    promise: "It lasts.",
    freeBytes: 2 ** 40,
    freePercent: 50,
    freeInodes: 10 ** 6,
  };
  const folder: FolderObservations = {
    path: "/srv/hostlog/raw",
    presence: { kind: "there" },
    mode: 0o40700,
    fileSystem: given(space),
    writing: given(writing),
  };
  const troubles = (change: Partial<FolderObservations>): readonly string[] =>
    judgeFolder("raw", { ...folder, ...change })
      .filter(({ verdict }) => verdict !== "ok")
      .map(({ verdict, check }) => `${verdict} ${check}`);

  it.each<[string, Partial<FolderObservations>, readonly string[]]>([
    ["all is well", {}, []],
    ["its group may look in", { mode: 0o40750 }, []],
    ["everybody may look in", { mode: 0o40701 }, ["refused mode"]],
    ["it is in memory", { fileSystem: given({ ...space, kind: "memory" }) }, ["warning file-system"]],
    ["it is nearly full", { fileSystem: given({ ...space, freePercent: 4 }) }, ["warning space"]],
    ["it has few files left", { fileSystem: given({ ...space, freeInodes: 9_999 }) }, ["warning space"]],
    ["it makes files as needed", { fileSystem: given({ ...space, freeInodes: undefined }) }, []],
    [
      "a name is given twice",
      { writing: given({ ...writing, race: { attempts: 8, created: 2 } }) },
      ["refused create"],
    ],
    ["a file is replaced", { writing: given({ ...writing, isSecondRefused: false }) }, ["refused create"]],
    ["a listing lags", { writing: given({ ...writing, isListed: false }) }, ["warning list"]],
    ["a file remains", { writing: given({ ...writing, left: ["probe/1-a/first"] }) }, ["warning left-over"]],
    ["its clock is another", { writing: given({ ...writing, clockAheadMs: -61_000 }) }, ["warning clock"]],
    [
      "nothing can be written",
      { writing: { kind: "failed", message: "the disk is full", mayPass: true } },
      ["refused create"],
    ],
  ])("when %s", (_name, change, expected) => {
    expect(troubles(change)).toEqual(expected);
  });

  it("wants the state apart from every root", () => {
    const roots = ["/srv/hostlog/raw"];
    expect(verdictOf(judgeApart("/srv/hostlog/raw/state", roots))).toBe("refused");
    expect(verdictOf(judgeApart("/srv/hostlog/raw", roots))).toBe("refused");
    expect(verdictOf(judgeApart("/srv/hostlog/raw-state", roots))).toBe("ok");
  });
});

describe("the probe's keys", () => {
  it("are keys that nobody takes for an object of ours", () => {
    const run = probeRun(Date.UTC(2026, 10, 22), "0123456789ab");
    expect(isKey(`${run}/list-1`)).toBe(true);
    expect(parseKey(`${run}/list-1`)).toBeUndefined();
  });

  it("say when they were abandoned", () => {
    const nowMs = Date.UTC(2026, 10, 22);
    const ageOf = (ms: number): boolean => isAbandoned(`${probeRun(nowMs - ms, "ab")}/first`, nowMs);
    expect([ageOf(0), ageOf(3_600_000), ageOf(3_600_001)]).toEqual([false, false, true]);
    expect(isAbandoned("probe/notes.txt", nowMs)).toBe(false);
  });
});

describe("termDaysOf", () => {
  const term = (text: string): Term => {
    const parsed = parseTerm(text);
    if (parsed === undefined) throw new Error(text);
    return parsed;
  };
  const policy = {
    classes: {
      standard: { raw: term("30d"), analytics: term("2y") },
      shop: { raw: term("90d"), analytics: term("1y") },
    },
    quarantineTerm: term("60d"),
  };
  it("is that of the class that is kept longest, and for ever where nothing is destroyed", () => {
    const today = parseDay("2026-11-22");
    if (today === undefined) throw new Error("no day");
    const days = (["raw", "analytics", "quarantine", "ledger", "published"] as const).map((root) =>
      termDaysOf(root, policy, today),
    );
    expect(days).toEqual([90, 731, 60, undefined, undefined]);
  });
});

describe("the report", () => {
  const groups = [
    {
      subject: "raw",
      place: "s3://logs/raw",
      findings: [ok("create", "a", "b"), warning("replace", "c", "d")],
    },
    {
      subject: "ledger",
      place: "s3://logs/ledger",
      findings: [refused("atomic", "e", "f"), warning("replace", "c", "d")],
    },
  ] as const;

  it("ends with what is worst, each check once", () => {
    const lines = renderReportText(groups).trimEnd().split("\n");
    expect(lines.slice(-4)).toEqual([
      "REFUSED 1: atomic (ledger)",
      "warning 2: replace (raw, ledger)",
      "not tried 0",
      "ok 1",
    ]);
  });

  it("is one document for programs", () => {
    expect(JSON.parse(renderReportJson(groups))).toMatchObject({
      version: 1,
      counts: { refused: 1, warning: 2, not_tried: 0, ok: 1 },
      groups: [{ subject: "raw" }, { subject: "ledger" }],
    });
  });

  it("ends a refusal with 78, else what was missed with 75, else a warning with 2", () => {
    expect(exitCodeOf(groups, true)).toBe(78);
    expect(exitCodeOf(groups.slice(0, 1), true)).toBe(75);
    expect(exitCodeOf(groups.slice(0, 1), false)).toBe(2);
    expect(exitCodeOf([], false)).toBe(0);
  });
});

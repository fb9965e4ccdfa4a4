import { describe, expect, it } from "vitest";
import { type Answer, given, notAsked } from "../../src/doctor/answer.ts";
import type { Finding } from "../../src/doctor/finding.ts";
import { judgeKeys, judgeSeal } from "../../src/doctor/judge-keys.ts";
import type { KeyObservations, RecipientsSighting } from "../../src/doctor/key-observations.ts";
import type { SealMode } from "../../src/seal/seal-mode.ts";

const published: RecipientsSighting = {
  generation: 3,
  providerKey: "ed25519:key",
  isPinned: true,
  daysLeft: 400,
  missing: [],
};

const healthy: KeyObservations = {
  keyring: {
    kind: "here",
    keyringKind: "small",
    folder: "/keys/1",
    isInsideStore: false,
    rootBeside: undefined,
  },
  recipients: given(published),
  custodian: { kind: "serves", url: "unix:/run/hostlog/custodian.sock", isOfThisStore: true },
  lookUps: {
    memory: given({ kind: "there", path: "/dev/shm/hostlog-0", roomBytes: 4 * 1024 ** 3 }),
    swaps: [],
  },
  cores: given({ hasMemory: false, isWritten: false }),
};

function judged(change: Partial<KeyObservations>): readonly Finding[] {
  return judgeKeys({ ...healthy, ...change });
}

function troubles(change: Partial<KeyObservations>): readonly string[] {
  return judged(change)
    .filter(({ verdict }) => verdict !== "ok")
    .map(({ verdict, check }) => `${verdict} ${check}`);
}

function publishedWith(change: Partial<RecipientsSighting>): Partial<KeyObservations> {
  return { recipients: given({ ...published, ...change }) };
}

describe("judgeSeal", () => {
  it.each<readonly [Answer<SealMode | undefined>, string, string]>([
    [given("age"), "ok", "are sealed"],
    [given("none"), "ok", "are not sealed"],
    [given(undefined), "not-tried", "nothing was ever put"],
    [{ kind: "denied" }, "not-tried", "may not"],
    [{ kind: "failed", message: "no such host", mayPass: true }, "warning", "no such host"],
  ])("says of %o: %s", (seal, verdict, fact) => {
    expect(judgeSeal(seal)).toMatchObject({ check: "seal", verdict, fact: expect.stringContaining(fact) });
  });
});

describe("judgeKeys", () => {
  it("finds nothing wrong where nothing is", () => {
    expect(troubles({})).toEqual([]);
  });

  it.each([
    [{ recipients: given(undefined) }, "refused recipients", 'run "hostlog init"'],
    [
      { recipients: { kind: "failed", message: "it was forged", mayPass: false } },
      "refused recipients",
      "their logs stay",
    ],
    [
      { recipients: { kind: "failed", message: "no answer", mayPass: true } },
      "warning recipients",
      "not known",
    ],
    [{ recipients: { kind: "denied" } }, "not-tried recipients", "not known"],
    [publishedWith({ isPinned: false }), "warning recipients", "keys.provider"],
    [publishedWith({ daysLeft: 59 }), "warning days-left", "hostlog keys ensure"],
    [
      publishedWith({ daysLeft: undefined, missing: ["raw short"] }),
      "refused days-left",
      "hostlog keys ensure",
    ],
    [{ keyring: { kind: "unusable", message: "others may read it" } }, "refused keyring", "until then"],
    [
      { custodian: { kind: "unreached", url: "unix:/run/c.sock", message: "it is away" } },
      "warning custodian",
      "nodes do not need it",
    ],
    [
      { custodian: { kind: "serves", url: "unix:/run/c.sock", isOfThisStore: false } },
      "refused custodian",
      "custodian.url",
    ],
    [
      { lookUps: { memory: given({ kind: "unusable", because: "no room" }), swaps: [] } },
      "warning memory",
      "$HOSTLOG_MEMORY",
    ],
    [
      { lookUps: { memory: given({ kind: "there", path: "/dev/shm/x", roomBytes: 2 ** 20 }), swaps: [] } },
      "warning memory",
      "on a disk",
    ],
    [
      { lookUps: { memory: notAsked("nothing was to be written"), swaps: [] } },
      "not-tried memory",
      "not known",
    ],
    [{ cores: given({ hasMemory: true, isWritten: false }) }, "warning core-files", "Lines or keys"],
    [{ cores: given({ hasMemory: false, isWritten: true }) }, "warning core-files", "prlimit"],
    [{ cores: notAsked("this system does not say") }, "not-tried core-files", "crash"],
  ] satisfies readonly (readonly [Partial<KeyObservations>, string, string])[])(
    "of %o says %s, what follows and what to do",
    (change, trouble, consequence) => {
      expect(troubles(change)).toEqual([trouble]);
      const [, check = ""] = trouble.split(" ");
      expect(judged(change).find((finding) => finding.check === check)?.consequence).toContain(consequence);
    },
  );

  it.each([
    [{ isInsideStore: true, rootBeside: undefined }, "inside the store"],
    [{ isInsideStore: false, rootBeside: "/srv/hostlog/raw" }, "same file system as /srv/hostlog/raw"],
  ])("warns of a keyring that a copy of the store would hold: %o", (change, fact) => {
    const keyring = { kind: "here", keyringKind: "team", folder: "/keys/1", ...change } as const;
    expect(judged({ keyring })).toContainEqual(
      expect.objectContaining({
        check: "keys-apart",
        verdict: "warning",
        fact: expect.stringContaining(fact),
      }),
    );
  });

  it("has 60 days for the bound", () => {
    expect(troubles(publishedWith({ daysLeft: 60 }))).toEqual([]);
  });

  it("warns of a swap on a disk, and does not know of one that it cannot see", () => {
    const memory = given({ kind: "unusable", because: "none" } as const);
    const swapOf = (swaps: readonly string[] | undefined): string | undefined =>
      judged({ lookUps: { memory, swaps } }).find(({ check }) => check === "swap")?.verdict;
    expect([swapOf(["/dev/sda2"]), swapOf([]), swapOf(undefined)]).toEqual(["warning", "ok", "not-tried"]);
  });

  it("asks a machine without anybody to ask for keys nothing of look-ups", () => {
    const checks = judged({ keyring: { kind: "elsewhere" }, custodian: undefined, lookUps: undefined });
    expect(checks.map(({ check }) => check)).toEqual(["recipients", "days-left", "keyring", "core-files"]);
  });
});

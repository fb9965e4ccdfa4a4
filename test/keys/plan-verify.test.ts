import { describe, expect, it } from "vitest";
import type { Day } from "../../src/day.ts";
import { isInsideStore } from "../../src/keyring/is-inside-store.ts";
import type { KeyEntry } from "../../src/keyring/keyring.ts";
import { planVerify, type VerifySight } from "../../src/keyring/plan-verify.ts";

const firstDay = "2026-11-21" as Day;
const name = "raw/2026-11-21/standard";

function entry(change: Partial<KeyEntry> = {}): KeyEntry {
  const made = { createdAt: "2026-11-20T00:00:00.000Z", destroyedAt: undefined };
  return { view: "raw", retentionClass: "standard", day: firstDay, recipient: "age1own", ...made, ...change };
}

function sight(change: Partial<VerifySight> = {}, recipient: string | null = "age1own"): VerifySight {
  return {
    entries: [entry()],
    trials: new Map([[name, { kind: "right" }]]),
    published: {
      version: 1,
      store: "1",
      generation: 1,
      at: "2026-11-20T00:00:00.000Z",
      series: [{ view: "raw", retentionClass: "standard", firstDay, recipients: [recipient] }],
    },
    groups: [{ name, objects: 2, example: "raw/one" }],
    closed: [],
    ...change,
  };
}

describe("planVerify", () => {
  it("finds nothing where every day with objects has a key that is right and published", () => {
    expect(planVerify(sight())).toEqual([]);
    expect(planVerify(sight({ published: undefined }))).toEqual([]);
  });

  it.each([
    [
      "a lost key",
      sight({ trials: new Map([[name, { kind: "lost", message: "it is gone" }]]) }),
      "it is gone",
    ],
    ["a foreign recipient on the store", sight({}, "age1other"), "published with another recipient"],
    ["a kept key that is published as destroyed", sight({}, null), "published as destroyed"],
    [
      "objects without a key",
      sight({ entries: [] }),
      "no key for 2 objects of raw/2026-11-21/standard, such as raw/one",
    ],
    [
      "an object that is sealed for another",
      sight({ closed: [{ key: "raw/one" }] }),
      "raw/one is not sealed for",
    ],
  ])("takes %s seriously", (_, seen, text) => {
    expect(planVerify(seen)).toEqual([{ isSerious: true, text: expect.stringContaining(text) }]);
  });

  it("names objects whose key was destroyed as due for purge", () => {
    const entries = [entry({ destroyedAt: "2026-11-22T00:00:00.000Z" })];
    expect(planVerify(sight({ entries, trials: new Map() }, null))).toEqual([
      {
        isSerious: false,
        text: expect.stringContaining("2 objects of raw/2026-11-21/standard, such as raw/one, cannot"),
      },
    ]);
  });
});

describe("isInsideStore", () => {
  const below = (parent: string): Readonly<Record<string, string>> => ({
    raw: `file://${parent}/raw`,
    ledger: `file://${parent}/ledger`,
  });

  it.each([
    ["/srv/store/raw/keys", below("/srv/store"), true],
    ["/srv/store/raw", below("/srv/store"), true],
    ["/srv/store/keys", below("/srv/store"), true],
    ["/srv/store-keys", below("/srv/store"), false],
    ["/srv/keys", below("/srv/store"), false],
    ["/var/lib/keys", below(""), false],
    ["/srv/keys", { raw: "file:///srv/raw", ledger: "s3://logs/ledger" }, false],
    ["/srv/raw/keys", { raw: "file:///srv/raw", ledger: "s3://logs/ledger" }, true],
    ["/srv/keys", { raw: "s3://logs/raw", ledger: "s3://logs/ledger" }, false],
  ])("%s in %j: %s", (path, roots, isInside) => {
    expect(isInsideStore(path, roots)).toBe(isInside);
  });
});

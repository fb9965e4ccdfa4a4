import { describe, expect, it } from "vitest";
import { addDays, type Day } from "../../src/day.ts";
import type { KeyExport } from "../../src/keyring/key-export.ts";
import type { KeyEntry } from "../../src/keyring/keyring.ts";
import type { KeyringSight } from "../../src/keyring/keyring-sight.ts";
import { planReport } from "../../src/keyring/plan-report.ts";
import { renderReportJson, renderReportTable } from "../../src/keyring/render-report.ts";

const today = "2026-11-22" as Day;
const firstDay = addDays(today, -2);

function entry(day: Day, change: Partial<KeyEntry> = {}): KeyEntry {
  const made = { createdAt: "2026-11-20T00:00:00.000Z", destroyedAt: undefined };
  return { view: "raw", retentionClass: "standard", day, recipient: `age1${day}`, ...made, ...change };
}

function exported(number: number, at: string, change: Partial<KeyExport> = {}): KeyExport {
  const { sha256, keys } = { sha256: "00".repeat(32), keys: 100 };
  return { number, at, sha256, keys, newestKeyAt: "2026-11-20T00:00:00.000Z", gone: undefined, ...change };
}

/** Keys of 100 days, all of them published today, and exported. */
function sight(change: Partial<KeyringSight> = {}, days = 100): KeyringSight {
  const entries = Array.from({ length: days }, (_, index) => entry(addDays(firstDay, index)));
  return {
    keyring: {
      folder: "/keys/1",
      storeId: "1",
      kind: "team",
      providerKey: "ed25519:new",
      custodianRecipient: "age1custodian",
      people: ["age1anna", "age1bert"],
    },
    entries,
    exports: [exported(1, "2026-11-21T00:00:00.000Z")],
    published: {
      version: 1,
      store: "1",
      generation: 7,
      at: "2026-11-20T10:00:00.000Z",
      series: [
        {
          view: "raw",
          retentionClass: "standard",
          firstDay,
          recipients: entries.map((one) => one.recipient),
        },
      ],
    },
    publishedBy: "ed25519:new",
    wished: [{ view: "raw", retentionClass: "standard", firstDay, lastDay: addDays(today, 97) }],
    today,
    ...change,
  };
}

function alarms(change: Partial<KeyringSight>, days?: number): readonly string[] {
  return planReport(sight(change, days)).alarms.map(({ kind, text }) => `${kind}: ${text}`);
}

function withEntry(index: number, change: Partial<KeyEntry>): readonly KeyEntry[] {
  return sight().entries.map((one, at) => (at === index ? { ...one, ...change } : one));
}

describe("planReport", () => {
  it("counts by view and class what is kept and destroyed, and the days ahead without a gap", () => {
    const entries = [
      ...withEntry(0, { destroyedAt: "2026-11-21T00:00:00.000Z" }),
      entry(addDays(today, 200), { recipient: "age1later" }),
    ];
    expect(planReport(sight({ entries })).series).toEqual([
      {
        view: "raw",
        retentionClass: "standard",
        firstDay,
        lastDay: addDays(today, 200),
        kept: 100,
        destroyed: 1,
        daysLeft: 97,
      },
    ]);
  });

  it("takes a key that was destroyed early for no gap, and asks nothing of a class that is not wished", () => {
    const entries = withEntry(5, { destroyedAt: "2026-11-21T00:00:00.000Z" });
    expect(planReport(sight({ entries })).series[0]?.daysLeft).toBe(97);
    expect(planReport(sight({ wished: [] })).series[0]?.daysLeft).toBeUndefined();
    expect(alarms({ wished: [] })).toEqual([]);
  });
});

describe("planReport, alarms", () => {
  it("finds nothing alarming in keys that are there, published and exported", () => {
    expect(alarms({})).toEqual([]);
  });

  it("is alarmed at 59 days left, and not at 60", () => {
    expect(alarms({}, 63)).toEqual([]);
    expect(alarms({}, 62)).toEqual([
      expect.stringContaining("few-days-left: keys of raw standard are there for 59"),
    ]);
  });

  it("is alarmed when a class has no key", () => {
    const wished = [{ view: "raw", retentionClass: "short", firstDay, lastDay: today }] as const;
    expect(alarms({ wished })).toEqual([expect.stringContaining("raw short are there for 0 more days")]);
  });

  it("is alarmed when nothing is published", () => {
    expect(alarms({ published: undefined })).toEqual([expect.stringContaining("not-published")]);
  });

  it("is alarmed when what is published lacks a key, or still has a destroyed one", () => {
    const more = [...sight().entries, entry(addDays(today, 98))];
    const wished = [
      { view: "raw", retentionClass: "standard", firstDay, lastDay: addDays(today, 98) },
    ] as const;
    expect(alarms({ entries: more, wished })).toEqual([
      expect.stringContaining(
        "published-is-behind: generation 7 on the store is older than the keyring: 1 key that",
      ),
    ]);
    const entries = withEntry(5, { destroyedAt: "2026-11-21T00:00:00.000Z" });
    expect(alarms({ entries })).toEqual([
      expect.stringContaining("1 destroyed key for which nodes still seal"),
    ]);
  });

  it("leaves a key alone that was destroyed because its day is past its term", () => {
    const entries = withEntry(0, { destroyedAt: "2026-11-21T00:00:00.000Z" });
    const wished = [
      { view: "raw", retentionClass: "standard", firstDay: addDays(firstDay, 1), lastDay: today },
    ] as const;
    expect(alarms({ entries, wished })).toEqual([]);
  });

  it("is alarmed when the provider's key was replaced and not published", () => {
    expect(alarms({ publishedBy: "ed25519:old" })).toEqual([
      expect.stringContaining("provider's key of before"),
    ]);
  });

  it("names the exports that hold destroyed keys until they are gone", () => {
    const entries = withEntry(0, { destroyedAt: "2026-11-21T00:00:00.000Z", exportedIn: [1, 2] });
    const gone = { at: "2026-11-22T00:00:00.000Z", reason: "burnt" };
    const exports = [
      exported(1, "2026-11-20T00:00:00.000Z", { gone }),
      exported(2, "2026-11-21T00:00:00.000Z"),
    ];
    const wished = [{ view: "raw", retentionClass: "standard", firstDay: today, lastDay: today }] as const;
    expect(alarms({ entries, exports, wished })).toEqual([
      expect.stringContaining("copies-outstanding: 1 key destroyed here; copies outstanding: 1 (export 2)"),
    ]);
    expect(alarms({ entries, exports: exports.map((one) => ({ ...one, gone })), wished })).toEqual([]);
  });

  it("is alarmed at an export of 36 days, not of 35, and counts none that is gone", () => {
    expect(alarms({ exports: [exported(1, "2026-10-18T00:00:00.000Z")] })).toEqual([]);
    const old = exported(1, "2026-10-17T23:59:59.000Z");
    expect(alarms({ exports: [old] })).toEqual([
      expect.stringContaining("no-fresh-export: the newest export, 1, is 36"),
    ]);
    const gone = { at: "2026-11-22T00:00:00.000Z", reason: "burnt" };
    const fresh = exported(2, "2026-11-21T00:00:00.000Z", { gone });
    expect(alarms({ exports: [old, fresh] })).toEqual([
      expect.stringContaining("the newest export, 1, is 36"),
    ]);
  });

  it("gives a new keyring 35 days for its first export", () => {
    const soon = sight().entries.map((one) => ({ ...one, createdAt: "2026-10-18T00:00:00.000Z" }));
    expect(alarms({ exports: [], entries: soon })).toEqual([]);
    const late = soon.map((one) => ({ ...one, createdAt: "2026-10-17T00:00:00.000Z" }));
    expect(alarms({ exports: [], entries: late })).toEqual([
      expect.stringContaining("/keys/1 is the only copy"),
    ]);
  });

  it("is alarmed when a key in use was made after the newest export", () => {
    const entries = withEntry(2, { createdAt: "2026-11-21T12:00:00.000Z" });
    expect(alarms({ entries })).toEqual([
      expect.stringContaining("not-in-an-export: 1 key of days up to today is in no"),
    ]);
    expect(alarms({ entries: withEntry(3, { createdAt: "2026-11-21T12:00:00.000Z" }) })).toEqual([]);
  });
});

describe("renderReport", () => {
  it("makes a table for people, with what is alarming at its end", () => {
    const entries = withEntry(0, { destroyedAt: "2026-11-21T00:00:00.000Z" });
    expect(renderReportTable(planReport(sight({ entries, published: undefined })))).toBe(
      `keyring    team, in /keys/1
store      1
provider   ed25519:new
custodian  age1custodian
opened by  age1anna
           age1bert
published  nothing
exports    1, the newest of 2026-11-21T00:00:00.000Z

VIEW  CLASS     FROM        TO          KEPT  DESTROYED  DAYS LEFT
raw   standard  2026-11-20  2027-02-27    99          1         97

! nothing is published, so that no node can seal: run hostlog keys publish
`,
    );
  });

  it("makes one line of JSON for programs", () => {
    const text = renderReportJson(planReport(sight()));
    expect(text.split("\n")).toHaveLength(2);
    expect(JSON.parse(text)).toMatchObject({
      today,
      published: { generation: 7 },
      newest_export: "2026-11-21T00:00:00.000Z",
      alarms: [],
    });
  });
});

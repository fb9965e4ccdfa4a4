import { describe, expect, it } from "vitest";
import type { Day } from "../../src/day.ts";
import { checkHolds, type HoldSight } from "../../src/holds/check-holds.ts";
import { type HeldGroup, holdAlarms } from "../../src/holds/hold-alarms.ts";
import { formatInputs, readInputs, readLookedThrough } from "../../src/holds/looked-through.ts";
import { putAttachment } from "../../src/ledger/attachment.ts";
import { createMemoryStore } from "../support/memory-store.ts";
import { copiedRecord, foldedHolds, liftedRecord, placedRecord } from "./support/hold-records.ts";

const day = (text: string): Day => text as Day;
const group = { view: "raw", day: day("2026-02-01"), retentionClass: "standard" } as const;

/** Of the one hold `a` and `b` of 1 February were looked through. */
function sightOn(today: string, holds = foldedHolds(placedRecord())): HoldSight {
  const seen = new Set(["a", "b"]);
  return { holds, today: day(today), lookedThrough: (_, of) => (of === "2026-02-01" ? seen : new Set()) };
}

describe("checkHolds", () => {
  it("names each live hold that a group falls under, with what was not looked through for it", () => {
    expect(checkHolds(sightOn("2026-05-05"), group, ["a", "b"])).toEqual([
      { hold: "0a1b2c3d", objectsMissed: 0 },
    ]);
    expect(checkHolds(sightOn("2026-05-05"), group, ["a", "c", "d"])).toEqual([
      { hold: "0a1b2c3d", objectsMissed: 2 },
    ]);
    expect(checkHolds(sightOn("2026-05-05"), { ...group, day: day("2026-02-02") }, ["a"])).toEqual([
      { hold: "0a1b2c3d", objectsMissed: 1 },
    ]);
  });

  it("names none that has ended, or is of other days", () => {
    expect(checkHolds(sightOn("2026-05-06"), group, ["c"])).toEqual([]);
    const lifted = foldedHolds(placedRecord(), liftedRecord("2026-02-05T00:00:00.000Z"));
    expect(checkHolds(sightOn("2026-02-06", lifted), group, ["c"])).toEqual([]);
    expect(checkHolds(sightOn("2026-05-05"), { ...group, day: day("2026-02-04") }, ["c"])).toEqual([]);
  });
});

describe("holdAlarms", () => {
  const held = (dueDay: string, keys: readonly string[], of = "2026-02-01"): HeldGroup => ({
    group: { ...group, day: day(of) },
    dueDay: day(dueDay),
    keys,
  });

  it("tells from 7 days before they go which rows nobody has looked for", () => {
    const sight = sightOn("2026-03-01");
    expect(holdAlarms(sight, [held("2026-03-09", ["c"])])).toEqual([]);
    expect(holdAlarms(sight, [held("2026-03-08", ["a", "b"])])).toEqual([]);
    expect(
      holdAlarms(sight, [held("2026-03-08", ["a", "c"]), held("2026-03-07", ["d"], "2026-02-02")]),
    ).toEqual([
      {
        kind: "not-looked-through",
        hold: "0a1b2c3d",
        text: '2 raw objects of 2 days not looked through for hold 0a1b2c3d, the first due on 2026-03-07: run "hostlog hold copy 0a1b2c3d" before that, or what it should keep of them is gone',
      },
    ]);
  });

  it("tells on each of its last 7 days that a hold ends, and says nothing of one that has ended", () => {
    const kindsOn = (today: string): readonly string[] =>
      holdAlarms(sightOn(today), []).map(({ kind }) => kind);
    expect(kindsOn("2026-04-28")).toEqual([]);
    expect(kindsOn("2026-04-29")).toEqual(["ends-soon"]);
    expect(kindsOn("2026-05-05")).toEqual(["ends-soon"]);
    expect(kindsOn("2026-05-06")).toEqual([]);
    expect(holdAlarms(sightOn("2026-05-06"), [held("2026-05-06", ["c"])])).toEqual([]);
  });
});

describe("readLookedThrough", () => {
  it("reads the keys of the days that are asked for, of all records of a day", async () => {
    const ledger = createMemoryStore("memory:ledger");
    const inputs = async (...keys: readonly string[]) => putAttachment(ledger, "holds", formatInputs(keys));
    const holds = foldedHolds(
      placedRecord(),
      copiedRecord({ inputs: await inputs("b", "a") }),
      copiedRecord({ inputs: await inputs("c") }),
      copiedRecord({ day: day("2026-02-02"), inputs: await inputs("d") }),
    );
    const all = await readLookedThrough(ledger, holds);
    expect([...all({ id: "0a1b2c3d" }, day("2026-02-01"))]).toEqual(["a", "b", "c"]);
    expect([...all({ id: "0a1b2c3d" }, day("2026-02-02"))]).toEqual(["d"]);
    expect([...all({ id: "11111111" }, day("2026-02-02"))]).toEqual([]);
    const some = await readLookedThrough(ledger, holds, (of) => of === "2026-02-02");
    expect(some({ id: "0a1b2c3d" }, day("2026-02-01")).size).toBe(0);
  });

  it("counts nothing as looked through whose list is missing, and waits for nobody to find it", async () => {
    const ledger = createMemoryStore("memory:ledger");
    const all = await readLookedThrough(ledger, foldedHolds(placedRecord(), copiedRecord()));
    expect([...all({ id: "0a1b2c3d" }, day("2026-02-01"))]).toEqual([]);
  });

  it("throws for a list that is asked for by itself and is none", async () => {
    const ledger = createMemoryStore("memory:ledger");
    const other = await putAttachment(ledger, "holds", Buffer.from("no list"));
    await expect(readInputs(ledger, other)).rejects.toThrow("is none");
  });
});

import { describe, expect, it } from "vitest";
import { executePurge } from "../../retention/execute-purge.ts";
import { OBJECTS_PER_RECORD_MAX } from "../../retention/purge-records.ts";
import { settlePurges } from "../../retention/settle-purges.ts";
import type { ObjectStore } from "../../src/store/object-store.ts";
import { listKeys } from "../support/list-keys.ts";
import { keyOf } from "../support/purge-objects.ts";
import { createPurgeWorld, type MemoryPurgeWorld, planOfWorld, purge } from "../support/purge-world.ts";

const due = keyOf("raw", "2024-11-20", "standard", 1);
const dueToo = keyOf("raw", "2024-11-20", "shop", 2);
const dueLater = keyOf("raw", "2024-11-21", "standard", 3);
const kept = keyOf("raw", "2024-11-22", "standard", 4);

/** A world in which something is different about one store. */
function withRaw(world: MemoryPurgeWorld, change: Partial<ObjectStore>): MemoryPurgeWorld {
  return { ...world, stores: { ...world.stores, raw: { ...world.stores.raw, ...change } } };
}

function recordedKeysOf({ records }: MemoryPurgeWorld): () => Promise<ReadonlySet<string>> {
  return async () => new Set(records.flatMap(({ objects }) => objects.map(({ key }) => key)));
}

function settle(world: MemoryPurgeWorld): ReturnType<typeof settlePurges> {
  return settlePurges({ ...world, recordedKeys: recordedKeysOf(world) });
}

/** Shows of a store something hidden until `isGone`. */
function hiding(key: string, isGone: () => boolean): Pick<ObjectStore, "listHidden"> {
  return {
    async *listHidden(prefix) {
      if (key.startsWith(prefix) && !isGone()) yield { key, kind: "version", sizeBytes: 100 };
    },
  };
}

describe("executePurge", () => {
  it("removes what the plan destroys and nothing else", async () => {
    const foreign = "notes.txt";
    const world = await createPurgeWorld({
      raw: [due, dueToo, dueLater, kept, foreign],
      analytics: [keyOf("analytics", "2024-11-20")],
      quarantine: [keyOf("quarantine", "2026-08-23"), keyOf("quarantine", "2026-08-24")],
    });
    expect(await purge(world)).toEqual({
      removedObjects: 5,
      removedBytes: 500,
      failures: [],
      isComplete: true,
    });
    expect(await listKeys(world.stores.raw)).toEqual([kept, foreign]);
    expect(await listKeys(world.stores.analytics)).toEqual([]);
    expect(await listKeys(world.stores.quarantine)).toEqual([keyOf("quarantine", "2026-08-24")]);
  });

  it("records each view and day once, with the rules, when the objects are gone", async () => {
    const base = await createPurgeWorld({ raw: [due, dueToo, dueLater] });
    const listedAtRecord: string[][] = [];
    const world = {
      ...base,
      record: async (body: Parameters<typeof base.record>[0]) => {
        listedAtRecord.push(await listKeys(base.stores.raw));
        await base.record(body);
      },
    };
    await purge(world);
    const rule = { term: "2y", dueDay: "2026-11-21" };
    expect(world.records).toEqual([
      {
        kind: "purge",
        view: "raw",
        day: "2024-11-20",
        at: "2026-11-22T02:17:00.000Z",
        clock: "system",
        policy: [
          { kind: "ceiling", retentionClass: "shop", ...rule },
          { kind: "class", retentionClass: "standard", ...rule },
        ],
        objects: [
          { key: dueToo, sizeBytes: 100 },
          { key: due, sizeBytes: 100 },
        ],
        failures: 0,
      },
      expect.objectContaining({ day: "2024-11-21", objects: [{ key: dueLater, sizeBytes: 100 }] }),
    ]);
    expect(listedAtRecord).toEqual([[dueLater], []]);
    expect(world.begun.size).toBe(0);
  });

  it("notes each batch in the journal before it removes anything of it", async () => {
    const base = await createPurgeWorld({ raw: [due] });
    const journal = { ...base.journal, begin: () => Promise.reject(new Error("no space left on device")) };
    expect((await purge({ ...base, journal })).failures).toHaveLength(1);
    expect(await listKeys(base.stores.raw)).toEqual([due]);
  });

  it("writes no record when there is nothing to do", async () => {
    const world = await createPurgeWorld({ raw: [kept] });
    expect(await purge(world)).toEqual({
      removedObjects: 0,
      removedBytes: 0,
      failures: [],
      isComplete: true,
    });
    expect(world.records).toEqual([]);
  });

  it("goes on when one object cannot be removed, and reports and counts that one", async () => {
    const base = await createPurgeWorld({ raw: [due, dueToo, dueLater] });
    const world = withRaw(base, {
      remove: async (keys) => {
        await base.stores.raw.remove(keys.filter((key) => key !== due));
        return keys.includes(due) ? [{ key: due, message: "Access Denied" }] : [];
      },
    });
    expect(await purge(world)).toEqual({
      removedObjects: 2,
      removedBytes: 200,
      failures: [{ view: "raw", key: due, message: "Access Denied" }],
      isComplete: true,
    });
    expect(world.records).toMatchObject([
      { day: "2024-11-20", objects: [{ key: dueToo }], failures: 1 },
      { day: "2024-11-21", objects: [{ key: dueLater }], failures: 0 },
    ]);
  });

  it("believes the listing and not the store's word that an object is removed", async () => {
    const world = withRaw(await createPurgeWorld({ raw: [due] }), { remove: async () => [] });
    expect(await purge(world)).toMatchObject({
      removedObjects: 0,
      failures: [{ view: "raw", key: due, message: expect.stringContaining("and still listed") }],
    });
    expect(world.records).toEqual([]);
  });

  it("records nothing of an object of which the store still hides something", async () => {
    const base = await createPurgeWorld({ raw: [due, dueToo] });
    let isGone = false;
    const world = withRaw(
      base,
      hiding(due, () => isGone),
    );
    expect(await purge(world)).toMatchObject({ removedObjects: 1, failures: [{ view: "raw", key: due }] });
    expect(world.records).toMatchObject([{ objects: [{ key: dueToo }], failures: 1 }]);
    expect([...world.begun.values()]).toMatchObject([{ batch: { objects: [{ key: due }] } }]);

    isGone = true;
    expect((await settle(world)).raw).toEqual(new Set([due]));
    expect(world.records.map(({ objects }) => objects.map(({ key }) => key))).toEqual([[dueToo], [due]]);
  });

  it("lists again, with growing waits, before it calls an object remaining", async () => {
    const base = await createPurgeWorld({ raw: [due] });
    const waitsMs: number[] = [];
    let listings = 0;
    const stale = withRaw(base, {
      async *list(prefix) {
        if (prefix !== "" && ++listings <= 2) yield { key: due, sizeBytes: 100 };
        yield* base.stores.raw.list(prefix);
      },
    });
    const world = { ...stale, wait: async (delayMs: number) => waitsMs.push(delayMs) };
    expect(await purge(world)).toMatchObject({ removedObjects: 1, failures: [] });
    expect(waitsMs).toEqual([200, 400]);
    expect(world.begun.size).toBe(0);
  });

  it("takes no listing's word against the store's that it could not remove an object", async () => {
    const base = await createPurgeWorld({ raw: [due] });
    const world = withRaw(base, {
      remove: async (keys) => {
        await base.stores.raw.remove(keys);
        return [{ key: due, message: "the answer got lost" }];
      },
    });
    expect(await purge(world)).toMatchObject({ removedObjects: 0, failures: [{ key: due }] });
    expect(world.records).toEqual([]);
    expect((await settle(world)).raw).toEqual(new Set([due]));
    expect(world.records).toHaveLength(1);
  });

  it("goes on with the other days when the store fails for one", async () => {
    const base = await createPurgeWorld({ raw: [due, dueLater] });
    const world = withRaw(base, {
      remove: async (keys) => {
        if (keys.includes(due)) throw new Error("socket hang up");
        return base.stores.raw.remove(keys);
      },
    });
    const report = await purge(world);
    expect(report).toMatchObject({ removedObjects: 1, isComplete: true });
    expect(report.failures).toMatchObject([{ view: "raw", key: "dt=2024-11-20/" }]);
    expect(report.failures[0]?.message).toContain("socket hang up");
    expect(await listKeys(world.stores.raw)).toEqual([due]);
  });

  it("ends behind the batch it is at when it is told to", async () => {
    const controller = new AbortController();
    const base = await createPurgeWorld({ raw: [due, dueToo, dueLater] }, controller.signal);
    const world = withRaw(base, {
      remove: async (keys) => {
        controller.abort();
        return base.stores.raw.remove(keys);
      },
    });
    expect(await purge(world)).toMatchObject({ removedObjects: 2, failures: [], isComplete: false });
    expect(world.records).toHaveLength(1);
    expect(await listKeys(world.stores.raw)).toEqual([dueLater]);
  });

  it("can be run again: what is gone is no failure and gets no second record", async () => {
    const world = await createPurgeWorld({ raw: [due] });
    const plan = await planOfWorld(world);
    await executePurge(plan, world);
    expect(await purge(world)).toMatchObject({ removedObjects: 0, failures: [] });
    expect(world.records).toHaveLength(1);
  });

  it("splits the record of a day of very many objects", async () => {
    const keys = Array.from({ length: OBJECTS_PER_RECORD_MAX + 1 }, (_, i) =>
      keyOf("raw", "2024-11-20", "standard", i),
    );
    const world = await createPurgeWorld({ raw: keys });
    await purge(world);
    expect(world.records.map(({ objects }) => objects.length)).toEqual([OBJECTS_PER_RECORD_MAX, 1]);
    expect(world.records.flatMap(({ objects }) => objects.map(({ key }) => key))).toEqual(keys);
  });
});

describe("settlePurges", () => {
  it("records what was destroyed by a run that could not record it", async () => {
    const base = await createPurgeWorld({ raw: [due, dueToo] });
    const report = await purge({
      ...base,
      record: async () => {
        throw new Error("the ledger is away");
      },
    });
    expect(report.failures[0]?.message).toContain("the ledger is away");
    expect(base.records).toEqual([]);

    const world = { ...base, recordedKeys: recordedKeysOf(base) };
    expect((await settlePurges(world)).raw).toEqual(new Set([due, dueToo]));
    expect(base.records).toMatchObject([
      { day: "2024-11-20", objects: [{ key: dueToo }, { key: due }], failures: 0 },
    ]);
    expect((await settlePurges(world)).raw).toEqual(new Set());
    expect(base.records).toHaveLength(1);
  });

  it("gives no second record to what was recorded before the process died", async () => {
    const base = await createPurgeWorld({ raw: [due] });
    await purge({ ...base, journal: { ...base.journal, settle: () => Promise.reject(new Error("killed")) } });
    expect(base.records).toHaveLength(1);
    expect(base.begun.size).toBe(1);

    expect((await settle(base)).raw).toEqual(new Set());
    expect(base.records).toHaveLength(1);
    expect(base.begun.size).toBe(0);
  });

  it("leaves to the next plan what was begun and is still there", async () => {
    const base = await createPurgeWorld({ raw: [due] });
    await purge(withRaw(base, { remove: () => Promise.reject(new Error("killed")) }));
    expect((await settle(base)).raw).toEqual(new Set());
    expect(base.records).toEqual([]);
    expect(await purge(base)).toMatchObject({ removedObjects: 1 });
    expect(base.records).toHaveLength(1);
  });
});

import { describe, expect, it } from "vitest";
import { runPurge } from "../../retention/io/run-purge.ts";
import type { ObjectStore } from "../../src/store/object-store.ts";
import { TERM_MAX } from "../../src/term.ts";
import { dayOf, keyOf } from "../support/purge-objects.ts";
import { createPurgeWorld, type MemoryPurgeWorld, purge } from "../support/purge-world.ts";

const due = keyOf("raw", "2024-11-20");

function run(world: MemoryPurgeWorld, raw: ObjectStore = world.stores.raw): ReturnType<typeof runPurge> {
  return runPurge({
    ...world,
    stores: { ...world.stores, raw },
    policy: {
      classes: { standard: { raw: TERM_MAX, analytics: TERM_MAX } },
      quarantineTerm: { count: 90, unit: "d" },
    },
    today: dayOf("2026-11-22"),
    ledger: world.stores.analytics,
    recordedKeys: async () => new Set(world.records.flatMap(({ objects }) => objects.map(({ key }) => key))),
    show: () => undefined,
    shred: async () => undefined,
  });
}

describe("runPurge", () => {
  it("destroys what is listed and due", async () => {
    const world = await createPurgeWorld({ raw: [due] });
    expect(await run(world)).toMatchObject({ removedObjects: 1, failures: [] });
    expect(world.records).toHaveLength(1);
  });

  it("destroys what is due and of which only something hidden is left", async () => {
    const world = await createPurgeWorld({});
    let isThere = true;
    const raw: ObjectStore = {
      ...world.stores.raw,
      async *listHidden() {
        if (isThere) yield { key: due, kind: "version", sizeBytes: 70 };
      },
      remove: async (keys) => {
        if (keys.includes(due)) isThere = false;
        return [];
      },
    };
    expect(await run(world, raw)).toMatchObject({ removedObjects: 1, removedBytes: 70, failures: [] });
    expect(world.records).toMatchObject([{ objects: [{ key: due, sizeBytes: 70 }] }]);
  });

  it("gives one record to what an earlier run destroyed, though a listing that lags still shows it", async () => {
    const world = await createPurgeWorld({ raw: [due] });
    const isAway = async (): Promise<never> => {
      throw new Error("the ledger is away");
    };
    await purge({ ...world, record: isAway });
    const raw: ObjectStore = {
      ...world.stores.raw,
      async *list(prefix) {
        if (prefix === "") yield { key: due, sizeBytes: 100 };
      },
    };
    expect(await run(world, raw)).toMatchObject({ removedObjects: 0, failures: [] });
    expect(world.records).toMatchObject([{ objects: [{ key: due }] }]);
  });
});

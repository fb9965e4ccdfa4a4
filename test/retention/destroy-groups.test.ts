import { describe, expect, it } from "vitest";
import { destroyGroups } from "../../retention/io/destroy-groups.ts";
import { UserError } from "../../src/errors.ts";
import { exitCode } from "../../src/exit-code.ts";
import { LeaseLostError } from "../../src/ledger/chain.ts";
import type { RecordBody } from "../../src/ledger/record.ts";
import type { ObjectStore } from "../../src/store/object-store.ts";
import { listKeys } from "../support/list-keys.ts";
import { keyOf } from "../support/purge-objects.ts";
import {
  certificatesIn,
  createPurgeWorld,
  inventoriesOf,
  type MemoryPurgeWorld,
  ordersOf,
  purge,
} from "../support/purge-world.ts";

const first = keyOf("raw", "2024-11-20", "standard", 1);
const second = keyOf("raw", "2024-11-20", "standard", 2);
const other = keyOf("raw", "2024-11-20", "short", 3);
const analytics = keyOf("analytics", "2024-11-20", "standard", 4);

function kinds({ records }: MemoryPurgeWorld): readonly string[] {
  return records.map(({ kind }) => kind);
}

describe("destroying groups", () => {
  it("records what there is before it removes it, and certifies what is gone, group by group", async () => {
    const world = await createPurgeWorld({ raw: [first, second, other], analytics: [analytics] });
    const removed: string[] = [];
    const { raw } = world.stores;
    world.stores.raw = {
      ...raw,
      remove: (keys) => {
        removed.push(`${keys.length} after ${kinds(world).join()}`);
        return raw.remove(keys);
      },
    };
    const report = await purge(world);
    expect(report).toMatchObject({ failures: [], isComplete: true });
    expect(removed[0]).toBe("3 after purge-begun,purge-certificate,purge-begun,purge-begun");
    expect(certificatesIn(world.records)).toMatchObject([
      { group: { view: "analytics", retentionClass: "standard" }, begun: 1, objects: 1, sizeBytes: 100 },
      {
        group: { view: "raw", retentionClass: "short" },
        begun: 3,
        objects: 1,
        verification: { listings: 1 },
      },
      { group: { view: "raw", retentionClass: "standard" }, begun: 4, objects: 2, sizeBytes: 200 },
    ]);
    expect(await listKeys(world.stores.raw)).toEqual([]);
  });

  it("notes rows and hashes as they were recorded, and what nobody recorded", async () => {
    const world = await createPurgeWorld({ raw: [first, second] });
    const recorded = async () => new Map([[first, { rows: 616, sha256: "a".repeat(64) }]]);
    await destroyGroups(await ordersOf(world), { ...world, recorded });
    expect((await inventoriesOf(world))[0]?.objects).toEqual([
      {
        key: first,
        sizeBytes: 100,
        rows: 616,
        sha256: "a".repeat(64),
        versions: 0,
        deleteMarkers: 0,
        uploads: 0,
      },
      { key: second, sizeBytes: 100, rows: null, sha256: null, versions: 0, deleteMarkers: 0, uploads: 0 },
    ]);
    expect(certificatesIn(world.records)).toMatchObject([
      {
        rows: 616,
        unrecordedObjects: 1,
        exceptions: [expect.stringContaining("1 object that no record named")],
      },
    ]);
  });

  it("counts what is hidden, of objects that nobody sees any more too", async () => {
    const world = await createPurgeWorld({ raw: [first] });
    const { raw } = world.stores;
    let isRemoved = false;
    world.stores.raw = {
      ...raw,
      async *listHidden() {
        if (isRemoved) return;
        yield { key: first, kind: "version", sizeBytes: 30 };
        yield { key: second, kind: "delete-marker", sizeBytes: 0 };
        yield { key: second, kind: "upload", sizeBytes: 0 };
      },
      async remove(keys) {
        isRemoved = keys.includes(second);
        return raw.remove(keys);
      },
    };
    await purge(world);
    expect(certificatesIn(world.records)).toMatchObject([
      { objects: 2, sizeBytes: 130, versions: 1, deleteMarkers: 1, uploads: 1 },
    ]);
  });

  it("certifies nothing of a group of which the server removed all but one, and the rest of the day", async () => {
    const world = await createPurgeWorld({ raw: [first, second, other] });
    const { raw } = world.stores;
    world.stores.raw = refusing(raw, second);
    const report = await purge(world);
    expect(report.failures).toEqual([{ view: "raw", key: second, message: "Access Denied" }]);
    expect(certificatesIn(world.records)).toMatchObject([{ group: { retentionClass: "short" } }]);

    world.stores.raw = raw;
    expect((await purge(world)).failures).toEqual([]);
    expect(kinds(world).filter((kind) => kind === "purge-begun")).toHaveLength(2);
    expect(certificatesIn(world.records)).toMatchObject([
      {},
      { group: { retentionClass: "standard" }, objects: 2 },
    ]);
  });

  it("waits for a listing that lags behind, and does not certify before it shows nothing", async () => {
    const world = await createPurgeWorld({ raw: [first] });
    const { raw } = world.stores;
    let stale = 2;
    world.stores.raw = {
      ...raw,
      async *list(prefix) {
        yield* raw.list(prefix);
        if ((await listKeys(raw)).length === 0 && stale-- > 0) yield { key: first, sizeBytes: 100 };
      },
    };
    const report = await purge(world);
    expect(report.failures).toEqual([]);
    expect(certificatesIn(world.records)).toMatchObject([{ verification: { listings: 3 } }]);
  });

  it("does not believe a store that says it removed what it goes on showing", async () => {
    const world = await createPurgeWorld({ raw: [first] });
    world.stores.raw = { ...world.stores.raw, remove: async () => [] };
    const waits: number[] = [];
    const report = await destroyGroups(await ordersOf(world), {
      ...world,
      wait: async (delayMs) => waits.push(delayMs),
    });
    expect(waits).toEqual([200, 400, 800, 1600, 3200]);
    expect(report.failures).toMatchObject([{ key: first, message: expect.stringContaining("still listed") }]);
    expect(kinds(world)).toEqual(["purge-begun"]);
  });

  it("begins and certifies again what comes while a group is destroyed", async () => {
    const world = await createPurgeWorld({ raw: [first] });
    const { raw } = world.stores;
    world.stores.raw = {
      ...raw,
      async remove(keys) {
        if (keys.includes(first)) await raw.create(second, new Uint8Array(7));
        return raw.remove(keys);
      },
    };
    await purge(world);
    expect(certificatesIn(world.records)).toMatchObject([{ sizeBytes: 100 }, { sizeBytes: 7 }]);
    expect(await listKeys(raw)).toEqual([]);
  });

  it("leaves alone what is no object of the group", async () => {
    const kept = keyOf("raw", "2024-11-20", "kept", 9);
    const world = await createPurgeWorld({ raw: [first, kept, "dt=2024-11-20/notes.txt"] });
    const { destroy, resume } = await ordersOf(world);
    const orders = { destroy: destroy.filter(({ group }) => group.retentionClass !== "kept"), resume };
    await destroyGroups(orders, world);
    expect(await listKeys(world.stores.raw)).toEqual(["dt=2024-11-20/notes.txt", kept]);
  });

  it("goes on with other days and views when one makes trouble", async () => {
    const later = keyOf("raw", "2024-11-21");
    const world = await createPurgeWorld({ raw: [first, later], analytics: [analytics] });
    const { raw } = world.stores;
    const orders = await ordersOf(world);
    world.stores.raw = {
      ...raw,
      list: (prefix) => {
        if (prefix === "dt=2024-11-20/") throw new UserError("the server is busy", exitCode.tryAgain);
        return raw.list(prefix);
      },
    };
    const report = await destroyGroups(orders, world);
    expect(report.failures).toEqual([{ view: "raw", key: "dt=2024-11-20/", message: "the server is busy" }]);
    expect(await listKeys(raw)).toEqual([first]);
    expect(certificatesIn(world.records)).toHaveLength(2);
  });

  it("ends at once when another has taken the lease", async () => {
    const world = await createPurgeWorld({ raw: [first], analytics: [analytics] });
    const lost = new LeaseLostError("memory:ledger", {
      record: { version: 1, chain: "control", sequence: 1, previous: "", body: leaseOfAnother },
      sha256: "",
      signedBy: undefined,
    });
    const append = (): Promise<never> => Promise.reject(lost);
    await expect(destroyGroups(await ordersOf(world), { ...world, append })).rejects.toBe(lost);
    expect(await listKeys(world.stores.raw)).toEqual([first]);
  });

  it("ends behind the day it is at when it is told to, and has begun nothing more", async () => {
    const controller = new AbortController();
    const world = await createPurgeWorld({ raw: [first, keyOf("raw", "2024-11-21")] }, controller.signal);
    const report = await destroyGroups(await ordersOf(world), {
      ...world,
      append: async (body) => {
        if (body.kind === "purge-certificate") controller.abort();
        return world.records.push(body);
      },
    });
    expect(report).toMatchObject({ isComplete: false, certificates: [{ group: { day: "2024-11-20" } }] });
    expect(kinds(world)).toEqual(["purge-begun", "purge-certificate"]);
  });
});

describe("a purge that was begun", () => {
  async function begunWith(world: MemoryPurgeWorld, keys: readonly string[]): Promise<void> {
    const { destroy } = await ordersOf(world);
    const doomed = destroy.find(({ group }) => group.retentionClass === "standard");
    if (doomed === undefined) throw new Error("nothing to begin");
    const counts = { sizeBytes: 100, rows: null, sha256: null, versions: 0, deleteMarkers: 0, uploads: 0 };
    const objects = keys.map((key) => ({ key, ...counts }));
    const inventory = await world.putInventory({ version: 1, group: doomed.group, objects });
    const { at, clock } = world.stamp();
    await world.append({ kind: "purge-begun", at, clock, ...doomed, inventory });
  }

  it("destroys nothing of another group, whatever its inventory says", async () => {
    const world = await createPurgeWorld({ raw: [first, other] });
    await begunWith(world, [first, other]);
    const { resume } = await ordersOf(world);
    const report = await destroyGroups({ destroy: [], resume }, world);
    expect(report.failures).toMatchObject([{ message: expect.stringContaining("names what is not of it") }]);
    expect(await listKeys(world.stores.raw)).toEqual([other]);
  });

  it("is begun anew when its inventory is lost, and the old one stays a failure", async () => {
    const world = await createPurgeWorld({ raw: [first] });
    await begunWith(world, [first]);
    for (const key of await listKeys(world.ledger)) await world.ledger.remove([key]);
    const report = await purge(world);
    expect(report.failures).toHaveLength(1);
    expect(certificatesIn(world.records)).toMatchObject([{ begun: 2, objects: 1 }]);
    expect(await listKeys(world.stores.raw)).toEqual([]);
  });
});

describe("a run that is killed", () => {
  it("is finished by the next, wherever it was, with one certificate for each purge", async () => {
    const keys = { raw: [first, second, other, keyOf("raw", "2024-11-21")], analytics: [analytics] };
    for (let step = 1; ; step++) {
      const world = await createPurgeWorld(keys);
      const wasKilled = await purgeUntil(world, step);
      await purge(world);
      await purge(world);
      for (const view of ["raw", "analytics"] as const) {
        expect(await listKeys(world.stores[view]), `killed at step ${step}`).toEqual([]);
      }
      const begun = world.records.filter(({ kind }) => kind === "purge-begun").length;
      const certificates = certificatesIn(world.records);
      expect(new Set(certificates.map((one) => one.begun)).size, `killed at step ${step}`).toBe(begun);
      expect(certificates).toHaveLength(begun);
      const certified = (await inventoriesOf(world)).flatMap(({ objects }) => objects.map(({ key }) => key));
      expect(certified.sort(), `killed at step ${step}`).toEqual([...keys.raw, ...keys.analytics].sort());
      if (!wasKilled) {
        expect(step).toBeGreaterThan(15);
        return;
      }
    }
  });
});

/** A run whose every act fails from the given one on, before or after it had its effect. False when it had fewer acts. */
async function purgeUntil(world: MemoryPurgeWorld, step: number): Promise<boolean> {
  let acts = 0;
  const act = async <Result>(doIt: () => Promise<Result>): Promise<Result> => {
    acts++;
    // Every other death is between an effect and its answer.
    if (acts === Math.ceil(step / 2) && step % 2 === 0) await doIt();
    if (acts >= Math.ceil(step / 2)) throw new Error("killed");
    return doIt();
  };
  const mortal = (store: ObjectStore): ObjectStore => ({
    ...store,
    remove: (keys) => act(() => store.remove(keys)),
  });
  await destroyGroups(await ordersOf(world), {
    ...world,
    stores: {
      raw: mortal(world.stores.raw),
      analytics: mortal(world.stores.analytics),
      quarantine: mortal(world.stores.quarantine),
    },
    append: (body) => act(() => world.append(body)),
    putInventory: (inventory) => act(() => world.putInventory(inventory)),
  });
  return acts >= Math.ceil(step / 2);
}

function refusing(store: ObjectStore, refused: string): ObjectStore {
  return {
    ...store,
    async remove(keys) {
      await store.remove(keys.filter((key) => key !== refused));
      return keys.filter((key) => key === refused).map((key) => ({ key, message: "Access Denied" }));
    },
  };
}

const leaseOfAnother: RecordBody = {
  kind: "lease",
  at: "2026-11-22T02:17:00.000Z",
  clock: "system",
  name: "retention",
  holder: "web-2, process 7",
  until: "2026-11-22T02:27:00.000Z",
};

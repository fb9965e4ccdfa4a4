import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { createOpenContext, type OpenContext } from "../../src/commands/context.ts";
import { retentionCommand } from "../../src/commands/retention.ts";
import { readAttachment } from "../../src/ledger/attachment.ts";
import { readChain } from "../../src/ledger/chain.ts";
import { decodeInventory } from "../../src/ledger/purge-inventory.ts";
import type { RecordBody } from "../../src/ledger/record.ts";
import { createFolderStore } from "../../src/store/folder-store.ts";
import type { ObjectStore } from "../../src/store/object-store.ts";
import { ensureStoreIdentity } from "../../src/store-identity.ts";
import { type CommandWorld, createCommandWorld, runCommand } from "../support/command-world.ts";
import { listKeys } from "../support/list-keys.ts";
import { keyOf } from "../support/purge-objects.ts";

const due = [keyOf("raw", "2024-11-20", "standard", 1), keyOf("raw", "2024-11-20", "standard", 2)];
const alsoDue = keyOf("analytics", "2024-11-21", "standard", 3);
const kept = keyOf("raw", "2024-11-22");

let world: CommandWorld;

beforeEach(async () => {
  world = await createCommandWorld();
});

afterEach(async () => {
  await world.end();
});

function root(store: string, name: string): ObjectStore {
  return createFolderStore(join(world.folder, store, name), `file:///${name}`);
}

/** A process of which everything that it changes fails from the given act on, before its effect or behind it. */
function dyingAt(step: number): { readonly openContext: OpenContext; readonly isDead: () => boolean } {
  const base = createOpenContext(world.surroundings);
  const last = Math.ceil(step / 2);
  let acts = 0;
  const act = async <Result>(doIt: () => Promise<Result>): Promise<Result> => {
    acts++;
    if (acts === last && step % 2 === 0) await doIt();
    if (acts >= last) throw new Error("killed");
    return doIt();
  };
  const openContext: OpenContext = async (options) => {
    const context = await base(options);
    const opened = new Map<string, ObjectStore>();
    const openRoot: typeof context.openRoot = async (name) => {
      const store = opened.get(name) ?? mortal(await context.openRoot(name), act);
      opened.set(name, store);
      return store;
    };
    return { ...context, openRoot };
  };
  return { openContext, isDead: () => acts >= last };
}

function mortal(
  store: ObjectStore,
  act: <Result>(doIt: () => Promise<Result>) => Promise<Result>,
): ObjectStore {
  return {
    ...store,
    create: (key, body) => act(() => store.create(key, body)),
    remove: (keys) => (keys.length === 0 ? store.remove(keys) : act(() => store.remove(keys))),
  };
}

async function run(openContext: OpenContext, store: string): Promise<void> {
  await runCommand(retentionCommand(openContext), "run", "--store", store);
}

it("retention run comes to its end wherever it was interrupted, with one certificate for each purge", async () => {
  for (let step = 1; ; step++) {
    const store = `store-${step}`;
    const made = { at: "2024-11-21T00:00:00Z", isDrill: false, seal: "none" } as const;
    await ensureStoreIdentity(root(store, "published"), made);
    for (const key of [...due, kept]) await root(store, "raw").create(key, new Uint8Array(100));
    await root(store, "analytics").create(alsoDue, new Uint8Array(100));

    const { openContext, isDead } = dyingAt(step);
    await run(openContext, store).catch(() => undefined);
    await run(createOpenContext(world.surroundings), store);

    const where = `killed at step ${step}`;
    expect(await listKeys(root(store, "raw")), where).toEqual([kept]);
    expect(await listKeys(root(store, "analytics")), where).toEqual([]);
    const bodies: RecordBody[] = [];
    for await (const { record } of readChain(root(store, "ledger"), "control")) bodies.push(record.body);
    const certificates = bodies.filter((body) => body.kind === "purge-certificate");
    expect(certificates, where).toHaveLength(bodies.filter(({ kind }) => kind === "purge-begun").length);
    expect(
      bodies.filter(({ kind }) => kind === "purge-planned"),
      where,
    ).toHaveLength(1);
    const gone: string[] = [];
    for (const { inventory } of certificates) {
      const { objects } = await decodeInventory(await readAttachment(root(store, "ledger"), inventory));
      gone.push(...objects.map(({ key }) => key));
    }
    expect(gone.sort(), where).toEqual([...due, alsoDue].sort());
    expect(bodies.at(-1)?.kind, where).toBe("lease-ended");
    if (!isDead()) {
      expect(step).toBeGreaterThan(25);
      return;
    }
  }
}, 60_000);

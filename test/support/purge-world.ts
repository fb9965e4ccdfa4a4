import { executePurge, type PurgeWorld } from "../../retention/execute-purge.ts";
import type { PurgePlan } from "../../retention/plan-purge.ts";
import { planPurge } from "../../retention/plan-purge.ts";
import type { BegunBatch, PurgeJournal } from "../../retention/purge-journal.ts";
import type { PurgeRecord } from "../../src/ledger/purge-record.ts";
import type { ObjectStore } from "../../src/store/object-store.ts";
import { TERM_MAX } from "../../src/term.ts";
import { type View, views } from "../../src/view.ts";
import { createMemoryStore } from "./memory-store.ts";
import { dayOf } from "./purge-objects.ts";

/** Stores in memory, a journal in memory, and a list for a ledger. */
export interface MemoryPurgeWorld extends PurgeWorld {
  readonly stores: Record<View, ObjectStore>;
  readonly records: PurgeRecord[];
  readonly begun: Map<string, BegunBatch>;
}

export async function createPurgeWorld(
  keys: Partial<Record<View, readonly string[]>>,
  signal = new AbortController().signal,
): Promise<MemoryPurgeWorld> {
  const stores = {
    raw: createMemoryStore("memory:raw"),
    analytics: createMemoryStore("memory:analytics"),
    quarantine: createMemoryStore("memory:quarantine"),
  };
  for (const view of views) {
    for (const key of keys[view] ?? []) await stores[view].create(key, new Uint8Array(100));
  }
  const records: PurgeRecord[] = [];
  const begun = new Map<string, BegunBatch>();
  return {
    stores,
    records,
    begun,
    record: async (body) => records.push(body),
    journal: createMemoryJournal(begun),
    stamp: { at: "2026-11-22T02:17:00.000Z", clock: "system" },
    wait: async () => undefined,
    signal,
  };
}

function createMemoryJournal(begun: Map<string, BegunBatch>): PurgeJournal {
  return {
    begin: async (entry) => {
      begun.set(`${entry.batch.view} ${entry.batch.day}`, entry);
    },
    settle: async ({ view, day }) => {
      begun.delete(`${view} ${day}`);
    },
    read: async () => [...begun.values()],
  };
}

/** The plan for 22 November 2026 under the default terms. */
export async function planOfWorld({ stores }: Pick<MemoryPurgeWorld, "stores">): Promise<PurgePlan> {
  const listing = async (view: View) => {
    const objects = [];
    for await (const object of stores[view].list("")) objects.push(object);
    return objects;
  };
  return planPurge({
    listings: {
      raw: await listing("raw"),
      analytics: await listing("analytics"),
      quarantine: await listing("quarantine"),
    },
    policy: {
      classes: { standard: { raw: TERM_MAX, analytics: TERM_MAX } },
      quarantineTerm: { count: 90, unit: "d" },
    },
    today: dayOf("2026-11-22"),
  });
}

export async function purge(world: MemoryPurgeWorld) {
  return executePurge(await planOfWorld(world), world);
}

import { destroyGroups } from "../../retention/io/destroy-groups.ts";
import type {
  DoomedPurge,
  PurgeOrders,
  PurgeReport,
  PurgeWorld,
  UnfinishedPurge,
} from "../../retention/io/purge-world.ts";
import { putAttachment, readAttachment } from "../../src/ledger/attachment.ts";
import { decodeInventory, encodeInventory } from "../../src/ledger/purge-inventory.ts";
import type { RecordBody } from "../../src/ledger/record.ts";
import type { PurgeCertificateRecord, PurgeInventory } from "../../src/ledger/retention-record.ts";
import { parseKey } from "../../src/partition.ts";
import type { ObjectStore } from "../../src/store/object-store.ts";
import { type View, views } from "../../src/view.ts";
import { createMemoryStore } from "./memory-store.ts";
import { dayOf } from "./purge-objects.ts";

/** Stores in memory, and a list for a control chain. */
export interface MemoryPurgeWorld extends PurgeWorld {
  readonly stores: Record<View, ObjectStore>;
  readonly ledger: ObjectStore;
  /** The sequence of each is its place, counted from 1. */
  readonly records: RecordBody[];
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
  const ledger = createMemoryStore("memory:ledger");
  for (const view of views) {
    for (const key of keys[view] ?? []) await stores[view].create(key, new Uint8Array(100));
  }
  const records: RecordBody[] = [];
  return {
    stores,
    ledger,
    records,
    append: async (body) => records.push(body),
    putInventory: async (inventory) => putAttachment(ledger, "inventories", await encodeInventory(inventory)),
    readInventory: async (attachment) => decodeInventory(await readAttachment(ledger, attachment)),
    recorded: async () => new Map(),
    stamp: () => ({ at: "2026-11-22T02:17:00.000Z", clock: "system" }),
    clocks: async () => ({ local: "2026-11-22T02:17:00.000Z", store: null }),
    keysOf: async () => ({ kind: "none" }),
    holdsOf: async () => [],
    by: "web-1",
    wait: async () => undefined,
    signal,
  };
}

/** What a decision under which all that is listed is due would order. */
export async function ordersOf({
  stores,
  records,
}: Pick<MemoryPurgeWorld, "stores" | "records">): Promise<PurgeOrders> {
  const groups = new Map<string, DoomedPurge>();
  for (const view of views) {
    for await (const { key } of stores[view].list("")) {
      const name = parseKey(key);
      if (name === undefined) continue;
      const { day, retentionClass } = name;
      const rule = { kind: "class", term: "2y", dueDay: dayOf("2026-11-22") } as const;
      groups.set(`${view} ${day} ${retentionClass}`, { group: { view, day, retentionClass }, rule, plan: 1 });
    }
  }
  const certified = new Set(certificatesIn(records).map(({ begun }) => begun));
  const resume: UnfinishedPurge[] = [];
  for (const [index, record] of records.entries()) {
    if (record.kind === "purge-begun" && !certified.has(index + 1))
      resume.push({ sequence: index + 1, record });
  }
  const isBegun = new Set(
    resume.map(({ record: { group } }) => `${group.view} ${group.day} ${group.retentionClass}`),
  );
  return { destroy: [...groups].filter(([name]) => !isBegun.has(name)).map(([, doomed]) => doomed), resume };
}

export async function purge(world: MemoryPurgeWorld): Promise<PurgeReport> {
  return destroyGroups(await ordersOf(world), world);
}

export function certificatesIn(records: readonly RecordBody[]): readonly PurgeCertificateRecord[] {
  return records.filter((body) => body.kind === "purge-certificate");
}

/** What is certified as destroyed, certificate by certificate. */
export async function inventoriesOf({
  records,
  ledger,
}: Pick<MemoryPurgeWorld, "records" | "ledger">): Promise<readonly PurgeInventory[]> {
  return Promise.all(
    certificatesIn(records).map(async ({ inventory }) =>
      decodeInventory(await readAttachment(ledger, inventory)),
    ),
  );
}

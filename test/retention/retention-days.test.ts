import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { createOpenContext } from "../../src/commands/context.ts";
import { retentionCommand } from "../../src/commands/retention.ts";
import { addDays, type Day, daysBetween } from "../../src/day.ts";
import { readAttachment } from "../../src/ledger/attachment.ts";
import { appendRecord, readChain } from "../../src/ledger/chain.ts";
import { decodeInventory } from "../../src/ledger/purge-inventory.ts";
import type { RecordedObject } from "../../src/ledger/record.ts";
import type { PurgeCertificateRecord } from "../../src/ledger/retention-record.ts";
import { sha256Hex } from "../../src/sha256.ts";
import { createFolderStore } from "../../src/store/folder-store.ts";
import type { ObjectStore } from "../../src/store/object-store.ts";
import { ensureStoreIdentity } from "../../src/store-identity.ts";
import { type View, views } from "../../src/view.ts";
import { type CommandWorld, createCommandWorld, runCommand } from "../support/command-world.ts";
import { testSigner } from "../support/ledger-writer.ts";
import { listKeys } from "../support/list-keys.ts";
import { dayOf, keyOf } from "../support/purge-objects.ts";

/** Days after which something of a view is gone. */
const terms = { raw: 5, analytics: 4, quarantine: 3 } as const satisfies Record<View, number>;
const firstDay = dayOf("2028-02-24");

let world: CommandWorld;
let storeId: string;
const recorded = new Map<string, RecordedObject & { readonly day: Day }>();

beforeEach(async () => {
  recorded.clear();
  world = await createCommandWorld();
  const made = { at: `${firstDay}T00:00:00Z`, isDrill: true, seal: "none" } as const;
  storeId = (await ensureStoreIdentity(root("published"), made)).id;
  const settings = `classes: { standard: { raw: 5d, analytics: 4d } }\nquarantine: { term: 3d }\n`;
  await writeFile(join(world.folder, "hostlog.yaml"), settings);
});

afterEach(async () => {
  await world.end();
});

function root(name: string): ObjectStore {
  return createFolderStore(join(world.folder, "store", name), `file:///${name}`);
}

/** A batch of one object in each view, as a node stores and records it. */
async function store(day: Day, number: number, at: string): Promise<void> {
  const objects: RecordedObject[] = [];
  for (const view of views) {
    const bytes = Buffer.from(`${view} ${day} ${number}`);
    const key = keyOf(view, day, "standard", number);
    await root(view).create(key, bytes);
    const object = { view, key, rows: number, sizeBytes: bytes.length, sha256: sha256Hex(bytes) };
    objects.push(object);
    recorded.set(`${view} ${key}`, { ...object, day });
  }
  await appendRecord({ ledger: root("ledger"), signer: testSigner(storeId) }, "web-1", {
    kind: "batch",
    node: "web-1",
    batch: number.toString(16).padStart(32, "0"),
    at,
    clock: "argument",
    program: "0.0.0",
    counts: { lines: number, bytes: 1, stored: number, quarantined: 0, refused: 0 },
    objects,
    manifest: { key: "manifests/web-1/x.json.gz", sizeBytes: 1, sha256: "0".repeat(64) },
  });
}

async function runRetention(day: Day): Promise<void> {
  const words = ["run", "--config", "hostlog.yaml", "--store", "store", "--now", `${day}T02:17:00Z`];
  await runCommand(retentionCommand(createOpenContext(world.surroundings)), ...words);
}

async function certificates(): Promise<readonly PurgeCertificateRecord[]> {
  const found: PurgeCertificateRecord[] = [];
  for await (const { record } of readChain(root("ledger"), "control")) {
    if (record.body.kind === "purge-certificate") found.push(record.body);
  }
  return found;
}

/** What is certified as gone, by view and key, with the hash on the inventory. Throws for what is certified twice. */
async function certified(): Promise<ReadonlyMap<string, string | null>> {
  const gone = new Map<string, string | null>();
  for (const { group, inventory } of await certificates()) {
    const { objects } = await decodeInventory(await readAttachment(root("ledger"), inventory));
    for (const { key, sha256 } of objects) {
      if (gone.has(`${group.view} ${key}`)) throw new Error(`${key} is certified twice`);
      gone.set(`${group.view} ${key}`, sha256);
    }
  }
  return gone;
}

it("keeps each day to its term and not a day longer, and each object exists or is certified once", async () => {
  for (let index = 0; index < 14; index++) {
    const today = addDays(firstDay, index);
    await store(today, 100 + index, `${today}T01:00:00Z`);
    // A late one, of a day that is planned already and due with the next runs.
    if (index > 2 && index % 3 === 2) await store(addDays(today, -3), 200 + index, `${today}T01:30:00Z`);
    // A night was missed.
    if (index === 8) continue;
    await runRetention(today);

    const gone = await certified();
    for (const view of views) {
      const there = new Set(await listKeys(root(view)));
      for (const [name, { day, key, sha256, ...object }] of recorded) {
        if (object.view !== view) continue;
        const isDue = daysBetween(day, today) > terms[view];
        // The first terms that are ever recorded have to be in force for two days.
        if (index >= 3) expect(there.has(key), `${name} on ${today}`).toBe(!isDue);
        expect(gone.has(name), `${name} on ${today}`).toBe(!there.has(key));
        if (gone.has(name)) expect(gone.get(name)).toBe(sha256);
      }
    }
  }
  const written = await certificates();
  expect(written.length).toBeGreaterThan(20);
  const late = written.filter(({ exceptions }) =>
    exceptions.some((text) => text.includes("later than promised")),
  );
  expect(new Set(late.map(({ at }) => at.slice(0, 10)))).toEqual(new Set(["2028-03-04"]));
}, 60_000);

import { readFile, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { exitCode } from "../../src/exit-code.ts";
import type { Keyring, UnlockedKeyring } from "../../src/keyring/keyring.ts";
import type { ProviderLink } from "../../src/keyring/provider-history.ts";
import { publishRecipients } from "../../src/recipients/io/publish-recipients.ts";
import { type PublishedRecipients, readRecipients } from "../../src/recipients/io/read-recipients.ts";
import { createRecipientBook, type RecipientBook } from "../../src/recipients/recipient-book.ts";
import { snapshotKey } from "../../src/recipients/snapshot-key.ts";
import { encodeSnapshot } from "../../src/recipients/snapshot-object.ts";
import { sha256Hex } from "../../src/sha256.ts";
import type { ObjectStore } from "../../src/store/object-store.ts";
import {
  AT,
  copyOf,
  day,
  LATER,
  makeKeyring,
  nothing,
  raw,
  reopen,
  STORE,
  series,
} from "../keyring/support/keyring-world.ts";
import { listKeys } from "../support/list-keys.ts";
import { createMemoryStore } from "../support/memory-store.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/** A node as it sees what is published, with a memory of its own. */
interface Node {
  read(pinned?: string): Promise<PublishedRecipients | undefined>;
  readonly seenPath: string;
}

async function newNode(published: ObjectStore): Promise<Node> {
  const stateDirectory = join(await temporaryFolder(), "state");
  return {
    read: (pinned) => readRecipients(published, { storeId: STORE, pinned, stateDirectory }),
    seenPath: join(stateDirectory, `recipients-${STORE}.json`),
  };
}

function bookOf(found: PublishedRecipients | undefined): RecipientBook {
  if (found === undefined) throw new Error("nothing was found");
  return createRecipientBook(found.snapshot);
}

let published: ObjectStore;
let keyring: Keyring;
let unlocked: UnlockedKeyring;

beforeEach(async () => {
  published = createMemoryStore("memory:published");
  keyring = await makeKeyring();
  unlocked = await keyring.unlock(nothing);
  return () => unlocked.close();
});

async function publish(by = unlocked, at = AT): ReturnType<typeof publishRecipients> {
  return publishRecipients(published, by, at);
}

/** Publishes one more generation, because of one more key. */
async function publishMore(): Promise<void> {
  const last = (await keyring.entries()).filter(({ view }) => view === "raw").length;
  await keyring.ensure([series("2026-10-30", `2026-11-${String(last).padStart(2, "0")}`)], AT);
  expect(await publish()).toMatchObject({ kind: "published" });
}

const isForged = { exitCode: exitCode.integrity, message: expect.stringContaining("No line was taken") };

describe("publishing", () => {
  it("puts what a keyring has into one object, by which a node seals", async () => {
    const answer = await publish();
    const bytes = await published.read("recipients/000000000001.json");
    expect(answer).toEqual({
      kind: "published",
      generation: 1,
      sha256: sha256Hex(bytes),
      lastDay: day("2026-11-02"),
    });
    const found = await (await newNode(published)).read(keyring.providerKey);
    expect(found).toMatchObject({ providerKey: keyring.providerKey, isFirstUse: false });
    const book = bookOf(found);
    for (const entry of await keyring.entries()) {
      expect(book.recipientOf(entry)).toMatchObject({ kind: "open" });
    }
  });

  it("puts nothing there when nothing has changed, and the next generation when something has", async () => {
    await publish();
    expect(await publish(unlocked, LATER)).toEqual({
      kind: "unchanged",
      generation: 1,
      lastDay: day("2026-11-02"),
    });
    await keyring.destroy([raw("2026-10-31")], LATER);
    expect(await publish(unlocked, LATER)).toMatchObject({ kind: "published", generation: 2 });
    expect(await listKeys(published)).toEqual([1, 2].map(snapshotKey));
    const book = bookOf(await (await newNode(published)).read());
    expect(book.recipientOf(raw("2026-10-31"))).toEqual({ kind: "destroyed" });
  });

  it("gives each of two publishers at once a generation of its own, and the last says all", async () => {
    const [one, other] = await Promise.all([reopen(keyring), reopen(keyring)]);
    const unlockedBoth = await Promise.all([one.unlock(nothing), other.unlock(nothing)]);
    await Promise.all([
      keyring.ensure([series("2026-12-01", "2026-12-02")], AT).then(() => publish(unlockedBoth[0])),
      keyring.ensure([series("2026-12-03", "2026-12-04")], AT).then(() => publish(unlockedBoth[1], LATER)),
    ]);
    for (const each of unlockedBoth) each.close();
    await publish();
    const found = await (await newNode(published)).read(keyring.providerKey);
    const generations = (await listKeys(published)).length;
    expect(found?.snapshot.generation).toBe(generations);
    const book = bookOf(found);
    for (const entry of await keyring.entries()) expect(book.recipientOf(entry).kind).toBe("open");
  });

  it("makes up for an answer that got lost, and takes the generation behind one that came in between", async () => {
    const lossy: ObjectStore = {
      ...published,
      async create(key, body) {
        await published.create(key, body);
        return "exists";
      },
    };
    expect(await publishRecipients(lossy, unlocked, AT)).toMatchObject({ kind: "published", generation: 1 });
    await keyring.ensure([series("2026-11-03", "2026-11-03")], AT);
    let races = 2;
    const raced: ObjectStore = {
      ...published,
      async create(key, body) {
        if (races-- === 0) return published.create(key, body);
        const generation = 4 - races - 1;
        await published.create(key, othersSnapshot(generation));
        return "exists";
      },
    };
    expect(await publishRecipients(raced, unlocked, LATER)).toMatchObject({
      kind: "published",
      generation: 4,
    });
  });

  it("publishes nothing behind somebody else's object", async () => {
    const stranger = await (await makeKeyring()).unlock(nothing);
    await publish(stranger);
    stranger.close();
    await expect(publish()).rejects.toMatchObject({ exitCode: exitCode.integrity });
    expect(await listKeys(published)).toEqual([snapshotKey(1)]);
  });

  it("publishes nothing with a keyring from before the provider's key changed", async () => {
    const before = await reopen({ folder: await copyOf(keyring) });
    const old = await before.unlock(nothing);
    unlocked = await unlocked.rotate({ what: "provider" });
    await publish();
    await expect(publish(old)).rejects.toMatchObject({ exitCode: exitCode.integrity });
    old.close();
  });
});

interface OthersWish {
  readonly store?: string;
  readonly by?: UnlockedKeyring;
  readonly history?: readonly ProviderLink[];
}

/** A snapshot without any series: what another process may have published meanwhile. */
function othersSnapshot(generation: number, wish: OthersWish = {}): Uint8Array {
  const { store = STORE, by = unlocked, history = by.providerHistory() } = wish;
  const snapshot = { version: 1, store, generation, at: AT, series: [] } as const;
  return encodeSnapshot(snapshot, history, (message) => by.sign(message));
}

describe("a node", () => {
  it("finds nothing where nothing is published", async () => {
    expect(await (await newNode(published)).read()).toBeUndefined();
  });

  it("trusts the first provider that it sees, says so once, and no other from then on", async () => {
    const node = await newNode(published);
    await publish();
    expect(await node.read()).toMatchObject({ isFirstUse: true, providerKey: keyring.providerKey });
    expect(await node.read()).toMatchObject({ isFirstUse: false });
    expect((await stat(node.seenPath)).mode & 0o777).toBe(0o600);

    published = createMemoryStore("memory:published");
    const stranger = await (await makeKeyring()).unlock(nothing);
    await publish(stranger);
    stranger.close();
    await expect(
      readRecipients(published, {
        storeId: STORE,
        pinned: undefined,
        stateDirectory: dirname(node.seenPath),
      }),
    ).rejects.toMatchObject({
      ...isForged,
      message: expect.stringContaining(`${stranger.keyring.providerKey}, which does not follow`),
    });
  });

  it("keeps nothing of what it sees while it only looks", async () => {
    const { seenPath } = await newNode(published);
    const stateDirectory = dirname(seenPath);
    await publish();
    const wish = { storeId: STORE, pinned: undefined, stateDirectory, isOnlyLooking: true };
    for (const _ of [1, 2]) {
      expect(await readRecipients(published, wish)).toMatchObject({ isFirstUse: true });
    }
    await expect(readFile(seenPath)).rejects.toMatchObject({ code: "ENOENT" });
  });

  it("takes nobody's word but the pinned provider's", async () => {
    const node = await newNode(published);
    const stranger = await (await makeKeyring()).unlock(nothing);
    await publish(stranger);
    stranger.close();
    await expect(node.read(keyring.providerKey)).rejects.toMatchObject(isForged);
    await expect(readFile(node.seenPath)).rejects.toMatchObject({ code: "ENOENT" });
  });

  it("follows a provider that changes its key in order, whichever of the keys is pinned", async () => {
    const node = await newNode(published);
    const firstKey = keyring.providerKey;
    await publish();
    await node.read(firstKey);
    unlocked = await unlocked.rotate({ what: "provider" });
    const secondKey = unlocked.keyring.providerKey;
    expect(secondKey).not.toBe(firstKey);
    expect(await publish()).toMatchObject({ kind: "published", generation: 2 });
    for (const pinned of [firstKey, secondKey, undefined]) {
      expect(await node.read(pinned)).toMatchObject({ providerKey: secondKey, isFirstUse: false });
    }
    // The oldest keys need not be named for ever.
    const history = unlocked.providerHistory().slice(1);
    await published.create(snapshotKey(3), othersSnapshot(3, { history }));
    expect(await node.read(firstKey)).toMatchObject({ snapshot: { generation: 3 } });
  });

  it("believes a pinned key that it has never seen more than what it has seen", async () => {
    const node = await newNode(published);
    await publish();
    await node.read();
    const another = await (await makeKeyring()).unlock(nothing);
    await published.create(snapshotKey(2), othersSnapshot(2, { by: another }));
    await expect(node.read()).rejects.toMatchObject(isForged);
    const { providerKey } = another.keyring;
    expect(await node.read(providerKey)).toMatchObject({ providerKey, isFirstUse: false });
    expect(await node.read()).toMatchObject({ providerKey });
    another.close();
  });

  it("does not go back to a key that the provider has replaced, though that one is pinned", async () => {
    const node = await newNode(published);
    const thief = await (await reopen({ folder: await copyOf(keyring) })).unlock(nothing);
    await publish();
    unlocked = await unlocked.rotate({ what: "provider" });
    await publish();
    const pinned = thief.keyring.providerKey;
    expect(await node.read(pinned)).toMatchObject({ snapshot: { generation: 2 } });
    const forged = othersSnapshot(3, { by: thief });
    thief.close();
    await published.create(snapshotKey(3), forged);
    await expect(node.read(pinned)).rejects.toMatchObject(isForged);
  });

  it("does not go back behind a generation that it has seen, nor to none", async () => {
    const node = await newNode(published);
    await publish();
    await publishMore();
    expect(await node.read()).toMatchObject({ snapshot: { generation: 2 } });
    await published.remove([snapshotKey(2)]);
    await expect(node.read(keyring.providerKey)).rejects.toMatchObject({
      ...isForged,
      message: expect.stringContaining("shows generation 1, and this machine has seen generation 2"),
    });
    await published.remove([snapshotKey(1)]);
    await expect(node.read()).rejects.toMatchObject(isForged);
    await publish();
    await expect(node.read()).rejects.toMatchObject(isForged);
    await publishMore();
    expect(await node.read()).toMatchObject({ snapshot: { generation: 2 } });
  });

  it("takes no other store's recipients, nor ones under another generation's name", async () => {
    const node = await newNode(published);
    await published.create(snapshotKey(1), othersSnapshot(1, { store: "another-store" }));
    await expect(node.read(keyring.providerKey)).rejects.toMatchObject(isForged);
    published = createMemoryStore("memory:published");
    const another = await newNode(published);
    await published.create(snapshotKey(9), othersSnapshot(8));
    await expect(another.read(keyring.providerKey)).rejects.toMatchObject(isForged);
  });

  it("looks at nothing else that lies beside them", async () => {
    await publish();
    await published.create("recipients/000000000002.json.bak", Buffer.from("junk"));
    await published.create("recipients/README", Buffer.from("junk"));
    expect(await (await newNode(published)).read()).toMatchObject({ snapshot: { generation: 1 } });
  });

  it.each(["", "{", "null", "[]", '{"version":1}', '{"version":1,"provider_keys":[],"generation":1}'])(
    "trusts nobody while what it remembers is damaged: %j",
    async (text) => {
      const node = await newNode(published);
      await publish();
      await node.read();
      await writeFile(node.seenPath, text);
      await expect(node.read()).rejects.toMatchObject({
        exitCode: exitCode.integrity,
        message: expect.stringContaining(node.seenPath),
      });
    },
  );
});

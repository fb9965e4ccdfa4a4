import { utimesSync } from "node:fs";
import type * as fileSystem from "node:fs/promises";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { type PublishFile, publishByClaim, publishFile } from "../../src/store/folder/publish-file.ts";
import { createFolderStore } from "../../src/store/folder-store.ts";
import type { ObjectStore } from "../../src/store/object-store.ts";
import { listKeys } from "../support/list-keys.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { describeTree, treesAfterPowerLoss, writeTree } from "./support/power-loss.ts";
import { type Call, Dead, type Recorder } from "./support/recorded-calls.ts";

const recorder = vi.hoisted(
  (): Recorder => ({ calls: [], callsLeft: Number.POSITIVE_INFINITY, lostAnswer: undefined }),
);

// The real calls, noted down.
vi.mock("node:fs/promises", async (importOriginal) => {
  const { recordingCalls } = await import("./support/recorded-calls.ts");
  return recordingCalls(await importOriginal<typeof fileSystem>(), recorder);
});

const ways: readonly (readonly [name: string, publish: PublishFile])[] = [
  ["hard link", publishFile],
  ["claim", publishByClaim],
];

/** The folder for what is no object yet: no key can name it. */
const PARTIAL = ".partial~";

const bodyOf = (key: string): Buffer => Buffer.from(`the body of ${key}`);

let top: string;
let root: string;

beforeEach(async () => {
  top = await temporaryFolder();
  root = join(top, "made", "root");
  recorder.calls.length = 0;
  recorder.callsLeft = Number.POSITIVE_INFINITY;
  recorder.lostAnswer = undefined;
});

/** A process of its own. */
function open(publish: PublishFile): ObjectStore {
  return createFolderStore(root, "file:///test", publish);
}

async function create(store: ObjectStore, key: string): Promise<void> {
  await store.create(key, bodyOf(key));
  recorder.calls.push({ kind: "promise", key, isThere: true });
}

/** As if the ten seconds had gone by after which a claim is taken for one that a dead process left. */
async function ageClaims(): Promise<void> {
  const folder = join(root, PARTIAL);
  const then = new Date(Date.now() - 15_000);
  for (const name of await readdir(folder).catch(() => [])) {
    if (name.startsWith("claim-")) utimesSync(join(folder, name), then, then);
  }
}

async function remove(store: ObjectStore, key: string): Promise<void> {
  recorder.calls.push({ kind: "promise", key, isThere: undefined });
  expect(await store.remove([key])).toEqual([]);
  recorder.calls.push({ kind: "promise", key, isThere: false });
}

/** What is wrong after a power loss behind any of the calls from `first` on; undefined when nothing is. */
async function findLoss(first = 0): Promise<string | undefined> {
  const calls = [...recorder.calls];
  const checked = new Set<string>();
  for (let end = first; end <= calls.length; end++) {
    const made = calls.slice(0, end);
    const promises = new Map<string, boolean | undefined>();
    for (const call of made) if (call.kind === "promise") promises.set(call.key, call.isThere);
    for (const tree of treesAfterPowerLoss(made, top, PARTIAL)) {
      const description = `${JSON.stringify([...promises])}\n${describeTree(tree)}`;
      if (checked.has(description)) continue;
      checked.add(description);
      const copy = join(top, "copy");
      writeTree(tree, copy);
      const fault = await faultOf(join(copy, "made", "root"), promises);
      await rm(copy, { recursive: true });
      if (fault !== undefined) return `${fault}, after ${summaryOf(made.at(-1))}, of\n${description}`;
    }
  }
  expect(checked.size).toBeGreaterThan(5);
  return undefined;
}

function summaryOf(call: Call | undefined): string {
  return JSON.stringify(call, (name, value: unknown) => (name === "bytes" ? "…" : value));
}

async function faultOf(
  folder: string,
  promises: ReadonlyMap<string, boolean | undefined>,
): Promise<string | undefined> {
  const store = createFolderStore(folder, "file:///copy");
  const listed = await listKeys(store);
  for (const key of listed) {
    if (!bodyOf(key).equals(await store.read(key))) return `${key} is not whole`;
  }
  for (const [key, isThere] of promises) {
    if (isThere !== undefined && listed.includes(key) !== isThere)
      return `${key} is ${isThere ? "lost" : "back"}`;
  }
  return undefined;
}

describe.each(ways)(
  "a folder store that publishes by %s, when the power goes at any call",
  (_way, publish) => {
    it("shows whole objects only, all that were created and none that was removed", async () => {
      const store = open(publish);
      await create(store, "dt=2026-11-22/one");
      await create(store, "dt=2026-11-22/deep/two");
      await remove(store, "dt=2026-11-22/deep/two");
      await create(store, "dt=2026-11-23/three");
      await create(store, "dt=2026-11-22/one");
      expect(await findLoss()).toBeUndefined();
    });

    it("keeps what a process was told, also where another died half way before it", async () => {
      for (let calls = 0, isWhole = false; !isWhole; calls++) {
        await rm(join(top, "made"), { recursive: true, force: true });
        recorder.calls.length = 0;
        recorder.callsLeft = calls;
        isWhole = await open(publish)
          .create("dt=2026-11-22/one", bodyOf("dt=2026-11-22/one"))
          .then(
            () => true,
            (error: unknown) => {
              if (error instanceof Dead) return false;
              throw error;
            },
          );
        // The calls above that removed the folder count for nothing.
        const before = recorder.calls.length;
        recorder.callsLeft = Number.POSITIVE_INFINITY;
        await ageClaims();
        const store = open(publish);
        await create(store, "dt=2026-11-22/one");
        await create(store, "dt=2026-11-22/two");
        expect(await findLoss(before)).toBeUndefined();
        expect(calls).toBeLessThan(60);
      }
    }, 60_000);
  },
);

describe("the check for losses", () => {
  it.each([
    ["the bytes", "sync-file", /is not whole/],
    ["the names", "sync-folder", /is lost/],
  ] as const)("finds a store that does not sync %s", async (_what, kind, fault) => {
    await create(open(publishFile), "dt=2026-11-22/one");
    const kept = recorder.calls.filter((call) => call.kind !== kind);
    recorder.calls.splice(0, Number.POSITIVE_INFINITY, ...kept);
    expect(await findLoss()).toMatch(fault);
  });

  it("needs each single sync of a folder, and that of the bytes", async () => {
    await create(open(publishFile), "dt=2026-11-22/one");
    const all = [...recorder.calls];
    const syncs = all.filter(
      (call) =>
        call.kind === "sync-file" ||
        (call.kind === "sync-folder" && call.path.startsWith(top) && !call.path.endsWith("~")),
    );
    // The object's bytes; the folder above `made`, `made`, the root, and the day.
    expect(new Set(syncs.map((call) => JSON.stringify(call))).size).toBe(5);
    for (const sync of new Set(syncs.map((call) => JSON.stringify(call)))) {
      recorder.calls.splice(
        0,
        Number.POSITIVE_INFINITY,
        ...all.filter((call) => JSON.stringify(call) !== sync),
      );
      expect(await findLoss(), sync).toBeDefined();
    }
  });
});

describe("a folder store on a network file system whose answers get lost", () => {
  it.each([
    ["link", 0, "EEXIST", publishFile],
    ["link", 0, "EIO", publishFile],
    ["rename", 0, "ENOENT", publishByClaim],
    ["rename", 1, "ENOENT", publishByClaim],
    ["rename", 2, "ENOENT", publishByClaim],
  ] as const)(
    "knows its own object again: %s %i was done and says %s",
    async (kind, behind, code, publish) => {
      const store = open(publish);
      recorder.lostAnswer = { kind, behind, code };
      expect(await store.create("a/b", bodyOf("a/b"))).toBe("created");
      expect(recorder.lostAnswer).toBeUndefined();
      expect(bodyOf("a/b").equals(await store.read("a/b"))).toBe(true);
      expect(await store.create("a/b", bodyOf("another"))).toBe("exists");
      expect(await listKeys(store)).toEqual(["a/b"]);
    },
  );
});

import { describe, expect, it } from "vitest";
import { sendBatch } from "../../../ingest/io/send-batch.ts";
import { createSpool } from "../../../ingest/io/spool.ts";
import { exitCode } from "../../../src/exit-code.ts";
import { createFolderStore } from "../../../src/store/folder-store.ts";
import type { ObjectStore } from "../../../src/store/object-store.ts";
import { views } from "../../../src/view.ts";
import { auditOf } from "../../support/audit.ts";
import { listKeys } from "../../support/list-keys.ts";
import {
  batchOf,
  memoryRoots,
  type Roots,
  sourceOf,
  type TestBatchOptions,
} from "../../support/recorded-batch.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { Crash, committedRanges, crashingAt, findings, resume, startMachine } from "./machines.ts";

const source = sourceOf(0, 100, { stored: 9, quarantined: [[0, 10, "shape", 1]] });

describe("sendBatch", () => {
  it("stores the manifest and the objects as they lie in the spool, records them, and empties the spool", async () => {
    const roots = memoryRoots();
    const machine = await startMachine(roots, await temporaryFolder());
    const { record, objects, manifest } = await machine.send([source]);
    for (const [index, { view, key }] of record.objects.entries()) {
      expect(Buffer.from(await roots[view].read(key)).equals(objects[index] ?? Buffer.alloc(0))).toBe(true);
    }
    expect(Buffer.from(await roots.ledger.read(record.manifest.key)).equals(manifest)).toBe(true);
    expect(machine.destination.ledger.isCommitted(record.batch)).toBe(true);
    expect(await machine.destination.ledger.recordOf(record.batch)).toEqual(record);
    expect(await machine.spool.records()).toEqual([]);
    expect(await findings(roots)).toEqual([]);
  });

  it("writes the manifest first, and the ledger's record last, when all that it names is there", async () => {
    const plain = memoryRoots();
    const order: string[] = [];
    const noting = (store: ObjectStore): ObjectStore => ({
      ...store,
      async create(key, body) {
        const answer = await store.create(key, body);
        order.push(key.split("/")[0] ?? "");
        return answer;
      },
    });
    const roots = {
      ...plain,
      raw: noting(plain.raw),
      analytics: noting(plain.analytics),
      quarantine: noting(plain.quarantine),
      ledger: noting(plain.ledger),
    };
    await (await startMachine(roots, await temporaryFolder())).send([source]);
    expect(order).toEqual([
      "secrets",
      "manifests",
      "dt=2026-11-22",
      "dt=2026-11-22",
      "dt=2026-11-22",
      "chains",
    ]);
  });

  it("does nothing but empty the spool for a batch that it has committed already", async () => {
    const roots = memoryRoots();
    const directory = await temporaryFolder();
    const batch = await (await startMachine(roots, directory)).send([source]);
    const spool = createSpool(directory);
    await spool.add(batch);
    await resume(await startMachine(roots, directory));
    expect(await spool.records()).toEqual([]);
    expect((await auditOf(roots)).nodes).toMatchObject([{ records: 1 }]);
    expect(await findings(roots)).toEqual([]);
  });

  it.each([
    ["in memory", () => Promise.resolve(memoryRoots())],
    [
      "in folders",
      async (): Promise<Roots> => {
        const folder = await temporaryFolder();
        const open = (root: string): ObjectStore => createFolderStore(`${folder}/${root}`, `file:///${root}`);
        return {
          raw: open("raw"),
          analytics: open("analytics"),
          quarantine: open("quarantine"),
          ledger: open("ledger"),
        };
      },
    ],
  ])("ends with each line stored once %s, wherever it was interrupted", async (_name, openRoots) => {
    for (const isAfter of [false, true]) {
      for (let step = 0, isDone = false; !isDone; step++) {
        const roots = await openRoots();
        const directory = await temporaryFolder();
        // The node's secret is there before the first batch.
        await startMachine(roots, await temporaryFolder());
        const crash = crashingAt(step, isAfter);
        const crashing = {
          raw: crash.wrap(roots.raw),
          analytics: crash.wrap(roots.analytics),
          quarantine: crash.wrap(roots.quarantine),
          ledger: crash.wrap(roots.ledger),
        };
        const machine = await startMachine(crashing, directory);
        const batch = await batchOf([source]);
        await machine.spool.add(batch);
        const destination = { ...machine.destination, spool: crash.wrapSpool(machine.spool) };
        try {
          await sendBatch(batch.record, destination);
          isDone = true;
        } catch (error) {
          expect(error).toBeInstanceOf(Crash);
        }
        await resume(await startMachine(roots, directory));
        expect(await findings(roots)).toEqual([]);
        expect(await committedRanges(roots)).toEqual([100]);
        expect(await createSpool(directory).records()).toEqual([]);
        // Three objects, the manifest, the record, the spool.
        if (isDone) expect(step).toBe(6);
      }
    }
  });

  it("knows its own record again when the answer to its create was lost, and does not take the batch back", async () => {
    const roots = memoryRoots();
    const lossy: ObjectStore = {
      ...roots.ledger,
      async create(key, body) {
        await roots.ledger.create(key, body);
        return "exists";
      },
    };
    await (await startMachine({ ...roots, ledger: lossy }, await temporaryFolder())).send([source]);
    expect(await committedRanges(roots)).toEqual([100]);
    expect(await findings(roots)).toEqual([]);
  });

  it.each(["raw", "analytics", "quarantine"] as const)(
    "refuses to go on when %s holds something else under its name, replaces nothing, and leaves nothing of its own",
    async (root) => {
      const roots = memoryRoots();
      const directory = await temporaryFolder();
      const machine = await startMachine(roots, directory);
      const { record } = await batchOf([source]);
      const key = record.objects.find(({ view }) => view === root)?.key;
      if (key === undefined) throw new Error("a key");
      await roots[root].create(key, Buffer.from("something else"));
      await expect(machine.send([source])).rejects.toMatchObject({
        exitCode: exitCode.integrity,
        message: expect.stringMatching(new RegExp(`memory:${root}/${key}.*nothing was replaced.*remove it`)),
      });
      expect(Buffer.from(await roots[root].read(key)).toString()).toBe("something else");
      const keys = await Promise.all(views.map((view) => listKeys(roots[view])));
      expect(keys.flat()).toEqual([key]);
      expect(await listKeys(roots.ledger, "chains/")).toEqual([]);
      // Once it is removed, as the message says, the entry is sent as it lies.
      await roots[root].remove([key]);
      await resume(await startMachine(roots, directory));
      expect(await committedRanges(roots)).toEqual([100]);
      expect(await findings(roots)).toEqual([]);
    },
  );

  it("stores nothing where the batch's manifest is another's, and says how to go on", async () => {
    const roots = memoryRoots();
    const directory = await temporaryFolder();
    const machine = await startMachine(roots, directory);
    const other = await batchOf([source], { content: "other" });
    const { key } = other.record.manifest;
    await roots.ledger.create(key, other.manifest);
    const expected = {
      exitCode: exitCode.tryAgain,
      message: expect.stringMatching(
        new RegExp(`memory:ledger/${key} .*nothing of this one was stored.*when the other has ended.*remove`),
      ),
    };
    await expect(machine.send([source])).rejects.toMatchObject(expected);
    await expect(resume(await startMachine(roots, directory))).rejects.toMatchObject(expected);
    for (const view of views) expect(await listKeys(roots[view])).toEqual([]);
    expect(Buffer.from(await roots.ledger.read(key)).equals(other.manifest)).toBe(true);
    // Nobody runs any more, and somebody removes it, as the message says: the entry is sent as it lies.
    await roots.ledger.remove([key]);
    await resume(await startMachine(roots, directory));
    expect(await committedRanges(roots)).toEqual([100]);
    expect(await findings(roots)).toEqual([]);
  });

  it("sends an entry of an earlier release as it lies, and takes its objects for its own by their bytes", async () => {
    const roots = memoryRoots();
    const directory = await temporaryFolder();
    const batch = await batchOf([source], { isUnnamed: true });
    await createSpool(directory).add(batch);
    // That release put the objects first.
    await roots.raw.create(batch.record.objects[0]?.key ?? "", batch.objects[0] ?? new Uint8Array(0));
    await resume(await startMachine(roots, directory));
    expect(await committedRanges(roots)).toEqual([100]);
    expect(await findings(roots)).toEqual([]);
  });

  it("sends nothing of an entry whose manifest names other objects than its record", async () => {
    const roots = memoryRoots();
    const machine = await startMachine(roots, await temporaryFolder());
    const change: TestBatchOptions["change"] = (made) => ({
      ...made,
      objects: made.objects.map((object) => ({ ...object, rows: 1 })),
    });
    await expect(machine.send([source], { change })).rejects.toMatchObject({
      exitCode: exitCode.integrity,
      message: expect.stringContaining("Move the folder away"),
    });
    expect(await listKeys(roots.ledger, "manifests/")).toEqual([]);
  });
});

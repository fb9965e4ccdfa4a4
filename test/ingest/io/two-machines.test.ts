import { setImmediate as turn } from "node:timers/promises";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sendBatch } from "../../../ingest/io/send-batch.ts";
import { createSpool } from "../../../ingest/io/spool.ts";
import { UserError } from "../../../src/errors.ts";
import { exitCode } from "../../../src/exit-code.ts";
import type { ObjectStore } from "../../../src/store/object-store.ts";
import { listKeys } from "../../support/list-keys.ts";
import {
  batchOf,
  memoryRoots,
  type Roots,
  sourceOf,
  stream,
  type TestBatch,
} from "../../support/recorded-batch.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import {
  committedRanges,
  crashingAt,
  findings,
  type Machine,
  resume,
  runAgain,
  startMachine,
} from "./machines.ts";

const source = sourceOf(0, 100, { stored: 9, quarantined: [[0, 10, "shape", 1]] });

describe("two machines that ship for the same node", () => {
  async function twoMachines(
    roots: Roots,
  ): Promise<{ one: Machine; other: Machine; otherDirectory: string; oneDirectory: string }> {
    const oneDirectory = await temporaryFolder();
    const otherDirectory = await temporaryFolder();
    return {
      oneDirectory,
      otherDirectory,
      one: await startMachine(roots, oneDirectory),
      other: await startMachine(roots, otherDirectory),
    };
  }

  const takenBack = { exitCode: exitCode.tryAgain, message: expect.stringContaining("took its copies back") };

  it("never both commit a line: who comes second takes its objects back", async () => {
    const roots = memoryRoots();
    const { one, other } = await twoMachines(roots);
    const { record } = await one.send([source]);
    await expect(other.send([sourceOf(50, 150)])).rejects.toMatchObject(takenBack);
    expect(await listKeys(roots.raw)).toEqual(
      record.objects.filter(({ view }) => view === "raw").map(({ key }) => key),
    );
    expect(await other.spool.records()).toEqual([]);
    expect(await findings(roots)).toEqual([]);
  });

  it("both commit what is of different bytes or streams", async () => {
    const roots = memoryRoots();
    const { one, other } = await twoMachines(roots);
    await one.send([sourceOf(0, 100)]);
    await other.send([sourceOf(100, 200)]);
    await one.send([sourceOf(0, 100, { stream: "6".repeat(32) }), sourceOf(200, 250)]);
    expect(await committedRanges(roots)).toEqual([250, 100]);
    expect(await findings(roots)).toEqual([]);
  });

  it("do not forget what the other committed between two batches of their own", async () => {
    const roots = memoryRoots();
    const { one, other } = await twoMachines(roots);
    await one.send([sourceOf(0, 100)]);
    // It sees the other's record in passing, and has nothing against it.
    await other.send([sourceOf(0, 100, { stream: "6".repeat(32) })]);
    await expect(other.send([sourceOf(50, 150)])).rejects.toMatchObject(takenBack);
    expect(other.destination.ledger.streams.byHead.get("a".repeat(32))?.map(({ id }) => id)).toContain(
      stream,
    );
    expect(await findings(roots)).toEqual([]);
  });

  it("do not commit from the spool what the other has committed since", async () => {
    const roots = memoryRoots();
    const { one, other, otherDirectory } = await twoMachines(roots);
    await other.spool.add(await batchOf([sourceOf(0, 150)]));
    await one.send([sourceOf(0, 100)]);
    const restarted = await startMachine(roots, otherDirectory);
    await expect(resume(restarted)).rejects.toMatchObject(takenBack);
    expect(await restarted.spool.records()).toEqual([]);
    expect(await committedRanges(roots)).toEqual([100]);
    expect(await findings(roots)).toEqual([]);
  });

  it("are not stopped from taking back by an interruption", async () => {
    const roots = memoryRoots();
    const { one, otherDirectory } = await twoMachines(roots);
    await one.send([sourceOf(0, 100)]);
    for (let step = 0; step < 12; step++) {
      const crash = crashingAt(step, step % 2 === 0);
      const crashing = {
        ...roots,
        raw: crash.wrap(roots.raw),
        analytics: crash.wrap(roots.analytics),
        ledger: crash.wrap(roots.ledger),
      };
      const machine = await startMachine(crashing, otherDirectory);
      const destination = { ...machine.destination, spool: crash.wrapSpool(machine.spool) };
      const batch = await batchOf([sourceOf(50, 150)]);
      await machine.spool.add(batch);
      await sendBatch(batch.record, destination).catch(() => undefined);
      await runAgain(roots, otherDirectory);
      expect(await committedRanges(roots)).toEqual([100]);
      expect(await findings(roots)).toEqual([]);
    }
  });

  it("that cut the same batch keep the objects that the winner's record names", async () => {
    const roots = memoryRoots();
    const { one, other } = await twoMachines(roots);
    const { record } = await one.send([source], { alias: "one" });
    // The same raw bytes under the same name; analytics objects are named after a secret of the machine.
    await expect(other.send([source], { alias: "other" })).rejects.toMatchObject(takenBack);
    for (const { view, key } of record.objects) expect(await listKeys(roots[view])).toEqual([key]);
    expect(await findings(roots)).toEqual([]);
  });

  it("that cut the same batch at different times leave one of it, and the loser's next run cleans up", async () => {
    const roots = memoryRoots();
    const { one, other, otherDirectory } = await twoMachines(roots);
    await one.send([source], { alias: "one", content: "received at noon" });
    await expect(other.send([source], { alias: "other", content: "received later" })).rejects.toMatchObject({
      exitCode: exitCode.integrity,
    });
    expect(await findings(roots)).toEqual([]);
    await resume(await startMachine(roots, otherDirectory));
    expect(await createSpool(otherDirectory).records()).toEqual([]);
    expect(await findings(roots)).toEqual([]);
  });

  it("take back what the loser had stored before it was interrupted", async () => {
    const roots = memoryRoots();
    const { one, other, otherDirectory } = await twoMachines(roots);
    const lost = await batchOf([source], { alias: "other" });
    await other.spool.add(lost);
    for (const [index, { view, key }] of lost.record.objects.entries()) {
      if (view === "analytics") await roots[view].create(key, lost.objects[index] ?? Buffer.alloc(0));
    }
    await one.send([source], { alias: "one", at: "2026-11-22T13:00:00.000Z" });
    expect(await findings(roots)).toMatchObject([{ kind: "unrecorded", view: "analytics" }]);
    await resume(await startMachine(roots, otherDirectory));
    expect(await findings(roots)).toEqual([]);
    expect(await createSpool(otherDirectory).records()).toEqual([]);
  });

  it("can both go on after each had stored an object of the same batch first", async () => {
    const roots = memoryRoots();
    const { oneDirectory, otherDirectory } = await twoMachines(roots);
    const batches = await Promise.all(
      ["noon", "later"].map((content) => batchOf([source], { content, alias: "same" })),
    );
    const [first, second] = batches;
    if (first === undefined || second === undefined) throw new Error("two batches");
    await createSpool(oneDirectory).add(first);
    await createSpool(otherDirectory).add(second);
    /** Another's object appears just before ours is stored. */
    const racing = (store: ObjectStore, rival: TestBatch, index: number): ObjectStore => ({
      ...store,
      async create(key, body) {
        if (key === rival.record.objects[index]?.key) await store.create(key, rival.objects[index] ?? body);
        return await store.create(key, body);
      },
    });
    const machine = await startMachine(
      { ...roots, quarantine: racing(roots.quarantine, second, 2) },
      oneDirectory,
    );
    await expect(resume(machine)).rejects.toMatchObject({ exitCode: exitCode.integrity });
    expect([await listKeys(roots.raw), await listKeys(roots.analytics)]).toEqual([[], []]);
    await runAgain(roots, otherDirectory);
    await runAgain(roots, oneDirectory);
    expect(await committedRanges(roots)).toEqual([100]);
    expect(await findings(roots)).toEqual([]);
  });

  it("say which copies could not be removed again", async () => {
    const roots = memoryRoots();
    const { one, otherDirectory } = await twoMachines(roots);
    await one.send([sourceOf(0, 100)]);
    const stubborn: ObjectStore = {
      ...roots.raw,
      remove: (keys) => Promise.resolve(keys.map((key) => ({ key, message: "denied" }))),
    };
    const other = await startMachine({ ...roots, raw: stubborn }, otherDirectory);
    const { record } = await batchOf([sourceOf(50, 150)]);
    const key = record.objects.find(({ view }) => view === "raw")?.key ?? "";
    await expect(other.send([sourceOf(50, 150)])).rejects.toMatchObject({
      exitCode: exitCode.integrity,
      message: expect.stringContaining(`memory:raw/${key}`),
    });
    // The entry stays, so that the next run tries again.
    await runAgain(roots, otherDirectory);
    expect(await findings(roots)).toEqual([]);
  });

  it("never store a line twice, whatever each of them ships in whatever order, and leave nothing lying about", async () => {
    const anyShipment = fc.record({
      from: fc.nat(4).map((tens) => tens * 10),
      lines: fc.integer({ min: 1, max: 3 }),
      stream: fc.constantFrom("5", "6"),
      turns: fc.array(fc.nat(3), { maxLength: 8 }),
    });
    const lag = (store: ObjectStore, turns: readonly number[]): ObjectStore => {
      let call = 0;
      return {
        ...store,
        async create(key, body) {
          for (let i = turns[call++ % turns.length] ?? 0; i > 0; i--) await turn();
          return await store.create(key, body);
        },
      };
    };
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyShipment, { maxLength: 5 }),
        fc.array(anyShipment, { maxLength: 5 }),
        async (one, other) => {
          const roots = memoryRoots();
          const ship = async (shipments: typeof one, content: string, directory: string): Promise<void> => {
            const turns = shipments.flatMap((shipment) => shipment.turns);
            const lagging = { ...roots, raw: lag(roots.raw, turns), ledger: lag(roots.ledger, turns) };
            for (const { from, lines, stream: digit } of shipments) {
              const machine = await startMachine(lagging, directory);
              const range = sourceOf(from, from + lines * 10, { stream: digit.repeat(32) });
              await machine.send([range], { content, alias: content }).catch((error: unknown) => {
                if (!(error instanceof UserError)) throw error;
              });
              await runAgain(lagging, directory).catch(() => undefined);
            }
          };
          const directories = [await temporaryFolder(), await temporaryFolder()] as const;
          await Promise.all([ship(one, "one", directories[0]), ship(other, "other", directories[1])]);
          for (const directory of directories) await runAgain(roots, directory);
          const found = await findings(roots);
          // What was not shipped lies between.
          expect(found.filter((finding) => (finding as { kind: string }).kind !== "gap")).toEqual([]);
        },
      ),
      { numRuns: 15 },
    );
  });
});

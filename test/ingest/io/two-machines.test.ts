import { setImmediate as turn } from "node:timers/promises";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sendBatch } from "../../../ingest/io/send-batch.ts";
import { createSpool } from "../../../ingest/io/spool.ts";
import { UserError } from "../../../src/errors.ts";
import { exitCode } from "../../../src/exit-code.ts";
import type { ObjectStore } from "../../../src/store/object-store.ts";
import { listKeys } from "../../support/list-keys.ts";
import { batchOf, memoryRoots, type Roots, sourceOf, stream } from "../../support/recorded-batch.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import {
  Crash,
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

  const notStored = {
    exitCode: exitCode.tryAgain,
    message: expect.stringContaining("nothing of this one was stored"),
  };
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
    await expect(other.send([sourceOf(50, 150)])).rejects.toMatchObject(notStored);
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
    await expect(resume(restarted)).rejects.toMatchObject(notStored);
    expect(await restarted.spool.records()).toEqual([]);
    expect(await committedRanges(roots)).toEqual([100]);
    expect(await findings(roots)).toEqual([]);
  });

  it("are not stopped from taking back by an interruption", async () => {
    for (const isAfter of [false, true]) {
      for (let step = 0, isDone = false; !isDone; step++) {
        const roots = memoryRoots();
        const { one, otherDirectory } = await twoMachines(roots);
        const crash = crashingAt(step, isAfter);
        const crashing = {
          ...roots,
          raw: crash.wrap(roots.raw),
          analytics: crash.wrap(roots.analytics),
          ledger: crash.wrap(roots.ledger),
        };
        const machine = await startMachine(crashing, otherDirectory);
        await one.send([sourceOf(0, 100)]);
        const destination = { ...machine.destination, spool: crash.wrapSpool(machine.spool) };
        const batch = await batchOf([sourceOf(50, 150)]);
        await machine.spool.add(batch);
        const error: unknown = await sendBatch(batch.record, destination).catch((caught: unknown) => caught);
        isDone = !(error instanceof Crash);
        if (isDone) expect(error).toMatchObject(takenBack);
        await runAgain(roots, otherDirectory);
        expect(await createSpool(otherDirectory).records()).toEqual([]);
        expect(await committedRanges(roots)).toEqual([100]);
        expect(await findings(roots)).toEqual([]);
      }
    }
  });

  it("that cut the same batch to the same bytes keep the objects that the winner's record names", async () => {
    const roots = memoryRoots();
    const { one, other } = await twoMachines(roots);
    const { record } = await one.send([source]);
    await expect(other.send([source], { at: "2026-11-22T13:00:00.000Z" })).rejects.toMatchObject(takenBack);
    for (const { view, key } of record.objects) expect(await listKeys(roots[view])).toEqual([key]);
    expect(await findings(roots)).toEqual([]);
  });

  it("that cut the same batch at different times leave one of it", async () => {
    const roots = memoryRoots();
    const { one, other } = await twoMachines(roots);
    await one.send([source], { alias: "one", content: "received at noon" });
    // It did not know, and finds out by the manifest: that one stays, because the record names it.
    await expect(other.send([source], { alias: "other", content: "received later" })).rejects.toMatchObject(
      notStored,
    );
    expect(await other.spool.records()).toEqual([]);
    expect(await findings(roots)).toEqual([]);
  });

  it("that cut the same batch wait for the one that began, and both go on when it has ended", async () => {
    const roots = memoryRoots();
    const { oneDirectory, other, otherDirectory } = await twoMachines(roots);
    const crash = crashingAt(1, true);
    const crashing = await startMachine(
      { ...roots, raw: crash.wrap(roots.raw), ledger: crash.wrap(roots.ledger) },
      oneDirectory,
    );
    await expect(crashing.send([source], { alias: "one", content: "noon" })).rejects.toBeInstanceOf(Crash);
    await expect(other.send([source], { alias: "other", content: "later" })).rejects.toMatchObject(notStored);
    await expect(resume(await startMachine(roots, otherDirectory))).rejects.toMatchObject(notStored);
    await resume(await startMachine(roots, oneDirectory));
    expect(await other.spool.records()).toHaveLength(1);
    await resume(await startMachine(roots, otherDirectory));
    expect(await other.spool.records()).toEqual([]);
    expect(await committedRanges(roots)).toEqual([100]);
    expect(await findings(roots)).toEqual([]);
  });

  it("do not wait for one that can never commit, since a third has committed some of the lines", async () => {
    const roots = memoryRoots();
    const { one, oneDirectory, other } = await twoMachines(roots);
    const claim = await batchOf([source], { content: "noon" });
    await one.spool.add(claim);
    await roots.ledger.create(claim.record.manifest.key, claim.manifest);
    await (await startMachine(roots, await temporaryFolder())).send([sourceOf(50, 150)]);
    await expect(other.send([source], { content: "later" })).rejects.toMatchObject(notStored);
    expect(await other.spool.records()).toEqual([]);
    await expect(resume(await startMachine(roots, oneDirectory))).rejects.toMatchObject(takenBack);
    expect(await findings(roots)).toEqual([{ kind: "gap", node: "web01", stream, from: 0, to: 50 }]);
  });

  it("take back what an earlier release had stored, objects first, before it was interrupted", async () => {
    const roots = memoryRoots();
    const { one, other, otherDirectory } = await twoMachines(roots);
    const lost = await batchOf([source], { alias: "other", isUnnamed: true });
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

  it("say which copies could not be removed again", async () => {
    const roots = memoryRoots();
    const { one, otherDirectory } = await twoMachines(roots);
    const stubborn: ObjectStore = {
      ...roots.raw,
      remove: (keys) => Promise.resolve(keys.map((key) => ({ key, message: "denied" }))),
    };
    const other = await startMachine({ ...roots, raw: stubborn }, otherDirectory);
    await one.send([sourceOf(0, 100)]);
    const { record } = await batchOf([sourceOf(50, 150)]);
    const key = record.objects.find(({ view }) => view === "raw")?.key ?? "";
    await expect(other.send([sourceOf(50, 150)])).rejects.toMatchObject({
      exitCode: exitCode.integrity,
      message: expect.stringContaining(`memory:raw/${key}`),
    });
    // The entry stays, so that the next run tries again.
    expect(await other.spool.records()).toHaveLength(1);
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

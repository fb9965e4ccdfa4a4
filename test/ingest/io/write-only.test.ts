import { setImmediate as turn } from "node:timers/promises";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sendBatch } from "../../../ingest/io/send-batch.ts";
import { createSpool } from "../../../ingest/io/spool.ts";
import { UserError } from "../../../src/errors.ts";
import { exitCode } from "../../../src/exit-code.ts";
import { AccessDeniedError, type ObjectStore } from "../../../src/store/object-store.ts";
import { listKeys } from "../../support/list-keys.ts";
import { batchOf, memoryRoots, type Roots, sourceOf } from "../../support/recorded-batch.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import {
  Crash,
  committedRanges,
  crashingAt,
  findings,
  resume,
  runAgain,
  startMachine,
  writeOnly,
} from "./machines.ts";

// Nine lines and one in quarantine: an object of each view, the one of quarantine is the smallest.
const source = sourceOf(0, 100, { stored: 9, quarantined: [[0, 10, "shape", 1]] });

/** Wraps the creation of every root. */
function creating(
  roots: Roots,
  create: (store: ObjectStore, key: string, body: Uint8Array) => ReturnType<ObjectStore["create"]>,
): Roots {
  const wrap = (store: ObjectStore): ObjectStore => ({
    ...store,
    create: (key, body) => create(store, key, body),
  });
  return {
    raw: wrap(roots.raw),
    analytics: wrap(roots.analytics),
    quarantine: wrap(roots.quarantine),
    ledger: wrap(roots.ledger),
  };
}

/** Runs again, and removes what no record names, until there is nothing left to send: as the messages say. */
async function doAsTold(roots: Roots, directories: readonly string[]): Promise<void> {
  for (let round = 0; round < 10; round++) {
    for (const directory of directories) {
      await resume(await startMachine(writeOnly(roots), directory)).catch((error: unknown) => {
        if (!(error instanceof UserError)) throw error;
      });
    }
    const spooled = await Promise.all(directories.map((directory) => createSpool(directory).records()));
    const found = await findings(roots);
    for (const finding of found) {
      // A finding of another kind would be wrong for good, and is seen by whoever called.
      if (finding.kind === "unrecorded") await roots[finding.view].remove([finding.key]);
    }
    if (spooled.flat().length === 0) return;
  }
  throw new Error("it does not come to an end");
}

describe("a node that may put and not read", () => {
  it("ends with each line stored once, wherever it was interrupted", async () => {
    for (const isAfter of [false, true]) {
      for (let step = 0, isDone = false; !isDone; step++) {
        const roots = memoryRoots();
        const directory = await temporaryFolder();
        // The node's secret is there before the first batch.
        await startMachine(roots, await temporaryFolder());
        const crash = crashingAt(step, isAfter);
        const crashing = writeOnly({
          raw: crash.wrap(roots.raw),
          analytics: crash.wrap(roots.analytics),
          quarantine: crash.wrap(roots.quarantine),
          ledger: crash.wrap(roots.ledger),
        });
        const machine = await startMachine(crashing, directory);
        const { record, ...parts } = await batchOf([source]);
        await machine.spool.add({ record, ...parts });
        const destination = { ...machine.destination, spool: crash.wrapSpool(machine.spool) };
        isDone = await sendBatch(record, destination).then(
          () => true,
          (error: unknown) => {
            expect(error).toBeInstanceOf(Crash);
            return false;
          },
        );
        await resume(await startMachine(writeOnly(roots), directory));
        expect(await findings(roots)).toEqual([]);
        expect(await committedRanges(roots)).toEqual([100]);
        expect(await createSpool(directory).records()).toEqual([]);
      }
    }
  });

  it("takes an object for its own when the answer to its creation got lost", async () => {
    const roots = memoryRoots();
    const lossy = creating(roots, async (store, key, body) => {
      await store.create(key, body);
      return "uncertain";
    });
    await (await startMachine(writeOnly(lossy), await temporaryFolder())).send([source]);
    expect(await committedRanges(roots)).toEqual([100]);
    expect(await findings(roots)).toEqual([]);
  });

  it("does not take what is there before it began for its own, however often it runs, and stores nothing beside it", async () => {
    const roots = memoryRoots();
    const directory = await temporaryFolder();
    const other = await batchOf([source], { content: "other", alias: "other" });
    const key = other.record.objects[2]?.key ?? "";
    await roots.quarantine.create(key, other.objects[2] ?? new Uint8Array(0));
    const machine = await startMachine(writeOnly(roots), directory);
    const expected = {
      exitCode: exitCode.tryAgain,
      message: expect.stringMatching(
        new RegExp(`memory:quarantine/${key} exists.*run again when it has ended.*remove it`),
      ),
    };
    await expect(machine.send([source])).rejects.toMatchObject(expected);
    for (let run = 0; run < 2; run++) {
      await expect(resume(await startMachine(writeOnly(roots), directory))).rejects.toMatchObject(expected);
    }
    expect([await listKeys(roots.raw), await listKeys(roots.analytics)]).toEqual([[], []]);

    // Nobody runs any more, and somebody who may removes it, as the message says.
    await roots.quarantine.remove([key]);
    await resume(await startMachine(writeOnly(roots), directory));
    expect(await committedRanges(roots)).toEqual([100]);
    expect(await findings(roots)).toEqual([]);
  });

  it("does not take another's for its own because an earlier run came to nothing", async () => {
    const roots = memoryRoots();
    const directory = await temporaryFolder();
    const crash = crashingAt(0, false);
    await startMachine(roots, directory);
    const crashing = creating(roots, (store, key, body) => crash.wrap(store).create(key, body));
    const machine = await startMachine(writeOnly({ ...crashing, ledger: roots.ledger }), directory);
    await expect(machine.send([source])).rejects.toBeInstanceOf(Crash);
    const { record } = await batchOf([source]);
    expect(await machine.spool.stageOf(record.batch)).toBe("begun");
    // Left over by an import that was older still; the first object was removed since.
    await roots.raw.create(record.objects[0]?.key ?? "", Buffer.from("other"));
    await expect(resume(await startMachine(writeOnly(roots), directory))).rejects.toMatchObject({
      exitCode: exitCode.tryAgain,
    });
    expect(await committedRanges(roots)).toEqual([]);
  });

  it("lets the other import of the same batch commit, and then has nothing to take back", async () => {
    const roots = memoryRoots();
    const directory = await temporaryFolder();
    const late = await batchOf([source], { content: "late", alias: "late" });
    await createSpool(directory).add(late);
    const attempts: unknown[] = [];
    // Before each further step of the one, the other tries.
    const racing = creating(roots, async (store, key, body) => {
      const created = await store.create(key, body);
      if (key.startsWith("dt=")) {
        const machine = await startMachine(writeOnly(roots), directory);
        attempts.push(await resume(machine).catch((error: unknown) => error));
      }
      return created;
    });
    await (await startMachine(writeOnly({ ...racing, ledger: roots.ledger }), await temporaryFolder())).send([
      source,
    ]);
    expect(attempts).toHaveLength(3);
    for (const attempt of attempts) expect(attempt).toMatchObject({ exitCode: exitCode.tryAgain });
    await runAgain(writeOnly(roots), directory);
    expect(await createSpool(directory).records()).toEqual([]);
    expect(await committedRanges(roots)).toEqual([100]);
    expect(await findings(roots)).toEqual([]);
  });

  it("names the copies that it cannot take back, once, and goes on with the next run", async () => {
    const roots = memoryRoots();
    const directory = await temporaryFolder();
    await (await startMachine(roots, await temporaryFolder())).send([source]);
    const late = await batchOf([sourceOf(50, 150)]);
    const machine = await startMachine(writeOnly(roots), directory);
    const error = await machine.send([sourceOf(50, 150)]).catch((caught: unknown) => caught);
    const addresses = late.record.objects.map(({ view, key }) => `memory:${view}/${key}`);
    expect(error).toMatchObject({
      exitCode: exitCode.integrity,
      message: expect.stringContaining(`may not remove the copies: ${addresses.join(", ")}. Remove those`),
    });
    expect(await machine.spool.records()).toEqual([]);
    expect(await findings(roots)).toMatchObject(
      late.record.objects.map(({ view, key }) => ({ kind: "unrecorded", view, key })),
    );
    await (await startMachine(writeOnly(roots), directory)).send([sourceOf(100, 150)]);
    expect(await committedRanges(roots)).toEqual([150]);
  });

  it("names none when it had not begun", async () => {
    const roots = memoryRoots();
    const directory = await temporaryFolder();
    await createSpool(directory).add(await batchOf([source], { content: "late", alias: "late" }));
    await (await startMachine(roots, await temporaryFolder())).send([source]);
    await resume(await startMachine(writeOnly(roots), directory));
    expect(await createSpool(directory).records()).toEqual([]);
    expect(await findings(roots)).toEqual([]);
  });

  it("keeps the entry when the store cannot be reached for the taking back", async () => {
    const roots = memoryRoots();
    await (await startMachine(roots, await temporaryFolder())).send([source]);
    const outage = new UserError("the store cannot be reached", exitCode.tryAgain);
    const directory = await temporaryFolder();
    const raw: ObjectStore = { ...roots.raw, remove: () => Promise.reject(outage) };
    const machine = await startMachine({ ...roots, raw }, directory);
    await expect(machine.send([sourceOf(50, 150)])).rejects.toBe(outage);
    expect(await machine.spool.records()).toHaveLength(1);
    // Some stores say so at once, and not key by key.
    const refusing: ObjectStore = {
      ...writeOnly(roots).raw,
      remove: () => Promise.reject(new AccessDeniedError("denied", exitCode.config)),
    };
    const denied = await startMachine({ ...writeOnly(roots), raw: refusing }, directory);
    await expect(resume(denied)).rejects.toThrow("may not remove the copies");
    expect(await denied.spool.records()).toEqual([]);
  });

  it("commits only what is as recorded, whatever two machines ship in whatever order, and comes to an end", async () => {
    const anyShipment = fc.record({
      from: fc.nat(4).map((tens) => tens * 10),
      lines: fc.integer({ min: 1, max: 3 }),
      turns: fc.array(fc.nat(3), { minLength: 1, maxLength: 8 }),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyShipment, { maxLength: 5 }),
        fc.array(anyShipment, { maxLength: 5 }),
        async (one, other) => {
          const roots = memoryRoots();
          const ship = async (shipments: typeof one, content: string): Promise<string> => {
            const directory = await temporaryFolder();
            const turns = shipments.flatMap((shipment) => shipment.turns);
            let call = 0;
            const lagging = creating(writeOnly(roots), async (store, key, body) => {
              for (let i = turns[call++ % turns.length] ?? 0; i > 0; i--) await turn();
              return await store.create(key, body);
            });
            for (const { from, lines } of shipments) {
              const machine = await startMachine(lagging, directory);
              await machine
                .send([sourceOf(from, from + lines * 10)], { content, alias: content })
                .catch((error: unknown) => {
                  if (!(error instanceof UserError)) throw error;
                });
            }
            return directory;
          };
          const directories = await Promise.all([ship(one, "one"), ship(other, "other")]);
          await doAsTold(roots, directories);
          // What was not shipped lies between.
          const found = await findings(roots);
          expect(found.filter(({ kind }) => kind !== "gap")).toEqual([]);
        },
      ),
      { numRuns: 15 },
    );
  });
});

import { setImmediate as turn } from "node:timers/promises";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sendBatch } from "../../../ingest/io/send-batch.ts";
import { createSpool } from "../../../ingest/io/spool.ts";
import { UserError } from "../../../src/errors.ts";
import { exitCode } from "../../../src/exit-code.ts";
import { decodeManifest } from "../../../src/ledger/manifest.ts";
import { AccessDeniedError, type ObjectStore } from "../../../src/store/object-store.ts";
import { listKeys } from "../../support/list-keys.ts";
import { batchOf, memoryRoots, type Roots, sourceOf } from "../../support/recorded-batch.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { Crash, committedRanges, crashingAt, findings, resume, startMachine, writeOnly } from "./machines.ts";

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

/**
 * Runs again until there is nothing left to send, and does what the messages say: removes what no record names
 * and, when a message comes again, the manifest that it names.
 */
async function doAsTold(roots: Roots, directories: readonly string[]): Promise<void> {
  for (let round = 0; round < 10; round++) {
    const told: string[] = [];
    for (const directory of directories) {
      await resume(await startMachine(writeOnly(roots), directory)).catch((error: unknown) => {
        if (!(error instanceof UserError)) throw error;
        told.push(error.message);
      });
    }
    for (const finding of await findings(roots)) {
      // A finding of another kind would be wrong for good, and is seen by whoever called.
      if (finding.kind === "unrecorded") await roots[finding.view].remove([finding.key]);
    }
    for (const message of round > 2 ? told : []) {
      await roots.ledger.remove(message.match(/manifests\/web01\/[0-9a-f]{32}\.json\.gz/g) ?? []);
    }
    const spooled = await Promise.all(directories.map((directory) => createSpool(directory).records()));
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

  it.each([
    ["of its objects", ["raw", "analytics", "quarantine"]],
    ["of anything", ["raw", "analytics", "quarantine", "ledger"]],
  ] as const)(
    "takes what is there for its own when the answers to the creation %s got lost",
    async (_name, lost) => {
      const roots = memoryRoots();
      const lossy = creating(roots, async (store, key, body) => {
        const creation = await store.create(key, body);
        return lost.some((root) => store === roots[root]) ? "uncertain" : creation;
      });
      await (await startMachine(writeOnly(lossy), await temporaryFolder())).send([source]);
      expect(await committedRanges(roots)).toEqual([100]);
      expect(await findings(roots)).toEqual([]);
    },
  );

  it.each([false, true])(
    "does not take what was there before its manifest for its own, also not in a later run (tried before: %s)",
    async (wasTried) => {
      const roots = memoryRoots();
      const directory = await temporaryFolder();
      if (wasTried) {
        await startMachine(roots, directory);
        const crash = crashingAt(0, false);
        const crashing = await startMachine({ ...roots, ledger: crash.wrap(roots.ledger) }, directory);
        await expect(crashing.send([source])).rejects.toBeInstanceOf(Crash);
      }
      // Somebody removed the manifest of an import that came to no end, and not its objects.
      const left = await batchOf([source], { content: "left", alias: "left" });
      const key = left.record.objects[2]?.key ?? "";
      await roots.quarantine.create(key, left.objects[2] ?? new Uint8Array(0));
      const machine = await startMachine(writeOnly(roots), directory);
      const sending = wasTried ? resume(machine) : machine.send([source]);
      await expect(sending).rejects.toMatchObject({
        exitCode: exitCode.tryAgain,
        message: expect.stringMatching(
          new RegExp(
            `memory:quarantine/${key} exists.*remove what.*memory:ledger/${left.record.manifest.key}`,
          ),
        ),
      });
      // Its lines are cut anew, at another time.
      await resume(await startMachine(writeOnly(roots), directory));
      const again = await startMachine(writeOnly(roots), directory);
      await expect(again.send([source], { content: "again" })).rejects.toMatchObject({
        exitCode: exitCode.tryAgain,
        message: expect.stringContaining(`memory:ledger/${left.record.manifest.key} says`),
      });
      expect(await committedRanges(roots)).toEqual([]);

      await doAsTold(roots, [directory]);
      expect(await committedRanges(roots)).toEqual([100]);
      expect(await findings(roots)).toEqual([]);
    },
  );

  it("takes nothing unreadable for its own in an entry of an earlier release, whose manifest names no objects", async () => {
    const roots = memoryRoots();
    const directory = await temporaryFolder();
    const batch = await batchOf([source], { isUnnamed: true });
    await createSpool(directory).add(batch);
    await roots.raw.create(batch.record.objects[0]?.key ?? "", Buffer.from("perhaps another's"));
    for (let run = 0; run < 2; run++) {
      await expect(resume(await startMachine(writeOnly(roots), directory))).rejects.toMatchObject({
        exitCode: exitCode.tryAgain,
        message: expect.stringContaining("this import has not stored it"),
      });
    }
    await doAsTold(roots, [directory]);
    expect(await committedRanges(roots)).toEqual([100]);
    expect(await findings(roots)).toEqual([]);
  });

  it("stores nothing while another import of the same batch is on its way, and has nothing to take back then", async () => {
    const roots = memoryRoots();
    const directory = await temporaryFolder();
    const late = await batchOf([source], { content: "late", alias: "late" });
    await createSpool(directory).add(late);
    const attempts: unknown[] = [];
    // After each step of the one, the other tries.
    const racing = creating(roots, async (store, key, body) => {
      const created = await store.create(key, body);
      if (!key.startsWith("chains/") && !key.startsWith("secrets/")) {
        const machine = await startMachine(writeOnly(roots), directory);
        attempts.push(await resume(machine).catch((error: unknown) => error));
      }
      return created;
    });
    await (await startMachine(writeOnly(racing), await temporaryFolder())).send([source]);
    expect(attempts).toHaveLength(4);
    for (const attempt of attempts) {
      expect(attempt).toMatchObject({
        exitCode: exitCode.tryAgain,
        message: expect.stringContaining("nothing of this one was stored"),
      });
    }
    expect(await createSpool(directory).records()).toHaveLength(1);
    await resume(await startMachine(writeOnly(roots), directory));
    expect(await createSpool(directory).records()).toEqual([]);
    expect(await committedRanges(roots)).toEqual([100]);
    expect(await findings(roots)).toEqual([]);
  });

  it("stores nothing of what overlaps with what is committed", async () => {
    const roots = memoryRoots();
    await (await startMachine(roots, await temporaryFolder())).send([source]);
    const machine = await startMachine(writeOnly(roots), await temporaryFolder());
    await expect(machine.send([sourceOf(50, 150)])).rejects.toMatchObject({
      exitCode: exitCode.tryAgain,
      message: expect.stringContaining("nothing of this one was stored. Run it again to store the rest"),
    });
    expect(await machine.spool.records()).toEqual([]);
    expect(await listKeys(roots.ledger, "manifests/")).toHaveLength(1);
    expect(await findings(roots)).toEqual([]);
  });

  it("names the copies that it cannot take back, once, and goes on with the next run", async () => {
    const roots = memoryRoots();
    const directory = await temporaryFolder();
    const late = await batchOf([sourceOf(50, 150)]);
    const machine = await startMachine(writeOnly(roots), directory);
    await (await startMachine(roots, await temporaryFolder())).send([source]);
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

  it("keeps the entry when the store cannot be reached for the taking back", async () => {
    const roots = memoryRoots();
    const outage = new UserError("the store cannot be reached", exitCode.tryAgain);
    const directory = await temporaryFolder();
    const raw: ObjectStore = { ...roots.raw, remove: () => Promise.reject(outage) };
    const machine = await startMachine({ ...roots, raw }, directory);
    await (await startMachine(roots, await temporaryFolder())).send([source]);
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

  it("commits only what is as recorded, whatever two machines ship, however they are interrupted, and blocks nobody for ever", async () => {
    const anyShipment = fc.record({
      from: fc.nat(4).map((tens) => tens * 10),
      lines: fc.integer({ min: 1, max: 3 }),
      turns: fc.array(fc.nat(3), { minLength: 1, maxLength: 8 }),
      crashStep: fc.option(fc.nat(5), { nil: Number.POSITIVE_INFINITY }),
      isCrashAfter: fc.boolean(),
    });
    type Shipment = typeof anyShipment extends fc.Arbitrary<infer Value> ? Value : never;
    const ship = async (roots: Roots, shipments: readonly Shipment[], name: string): Promise<string> => {
      const directory = await temporaryFolder();
      const turns = shipments.flatMap((shipment) => shipment.turns);
      let call = 0;
      for (const [index, { from, lines, crashStep, isCrashAfter }] of shipments.entries()) {
        const crash = crashingAt(crashStep, isCrashAfter);
        const lagging = creating(writeOnly(roots), async (store, key, body) => {
          for (let i = turns[call++ % turns.length] ?? 0; i > 0; i--) await turn();
          return await crash.wrap(store).create(key, body);
        });
        try {
          const machine = await startMachine(lagging, directory);
          await resume(machine);
          // Each time they are cut the objects hold another time of receipt.
          await machine.send([sourceOf(from, from + lines * 10)], {
            content: `${name} ${index}`,
            alias: name,
          });
        } catch (error) {
          if (!(error instanceof UserError || error instanceof Crash)) throw error;
        }
      }
      return directory;
    };
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyShipment, { maxLength: 5 }),
        fc.array(anyShipment, { maxLength: 5 }),
        async (one, other) => {
          const roots = memoryRoots();
          const directories = await Promise.all([ship(roots, one, "one"), ship(roots, other, "other")]);
          await doAsTold(roots, directories);
          for (const { from, lines } of [...one, ...other]) {
            const machine = await startMachine(writeOnly(roots), await temporaryFolder());
            const batch = await batchOf([sourceOf(from, from + lines * 10)], { content: "last" });
            if (!machine.destination.ledger.overlaps(await decodeManifest(batch.manifest))) {
              await machine.spool.add(batch);
              await resume(machine);
            }
          }
          // What was not shipped lies between.
          const found = await findings(roots);
          expect(found.filter(({ kind }) => kind !== "gap")).toEqual([]);
        },
      ),
      { numRuns: 25 },
    );
  });
});

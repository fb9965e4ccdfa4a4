import { describe, expect, it } from "vitest";
import { sendBatch } from "../../../ingest/io/send-batch.ts";
import { createSpool } from "../../../ingest/io/spool.ts";
import { withdraw } from "../../../ingest/io/take-back.ts";
import { exitCode } from "../../../src/exit-code.ts";
import { decodeManifest } from "../../../src/ledger/manifest.ts";
import { views } from "../../../src/view.ts";
import { listKeys } from "../../support/list-keys.ts";
import { batchOf, memoryRoots, type Roots, sourceOf } from "../../support/recorded-batch.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { Crash, committedRanges, crashingAt, findings, startMachine, writeOnly } from "./machines.ts";

const source = sourceOf(0, 100, { stored: 9, quarantined: [[0, 10, "shape", 1]] });

type Crashing = ReturnType<typeof crashingAt>;

function wrapAll(roots: Roots, { wrap }: Crashing): Roots {
  return {
    raw: wrap(roots.raw),
    analytics: wrap(roots.analytics),
    quarantine: wrap(roots.quarantine),
    ledger: wrap(roots.ledger),
  };
}

/** What is there of the batch, the record apart. */
async function keysOf(roots: Roots): Promise<readonly string[]> {
  const keys = await Promise.all([
    listKeys(roots.ledger, "manifests/"),
    ...views.map((view) => listKeys(roots[view])),
  ]);
  return keys.flat();
}

/** An entry that was being sent when the process died at that step: manifest, objects, record, spool. */
async function interruptedAt(step: number): Promise<{ roots: Roots; directory: string }> {
  const roots = memoryRoots();
  const directory = await temporaryFolder();
  await startMachine(roots, directory);
  const crash = crashingAt(step, false);
  const machine = await startMachine(wrapAll(roots, crash), directory);
  const { record, ...parts } = await batchOf([source]);
  await machine.spool.add({ record, ...parts });
  const destination = { ...machine.destination, spool: crash.wrapSpool(machine.spool) };
  await expect(sendBatch(record, destination)).rejects.toBeInstanceOf(Crash);
  return { roots, directory };
}

describe("withdraw", () => {
  it.each([0, 1, 2, 3, 4])(
    "leaves nothing of an entry that came to step %i, so that its lines can be cut anew",
    async (step) => {
      const { roots, directory } = await interruptedAt(step);
      expect(await keysOf(roots)).toHaveLength(step);
      const { record } = await batchOf([source]);
      const machine = await startMachine(roots, directory);
      await withdraw(record, machine.destination);
      expect(await keysOf(roots)).toEqual([]);
      expect(await machine.spool.records()).toEqual([]);
      await machine.send([source], { content: "cut anew" });
      expect(await committedRanges(roots)).toEqual([100]);
      expect(await findings(roots)).toEqual([]);
    },
  );

  it("can be interrupted anywhere, and never leaves objects without their manifest or without the entry", async () => {
    for (const isAfter of [false, true]) {
      for (let step = 0, isDone = false; !isDone; step++) {
        const { roots, directory } = await interruptedAt(4);
        const { record } = await batchOf([source]);
        const crash = crashingAt(step, isAfter);
        const machine = await startMachine(wrapAll(roots, crash), directory);
        const destination = { ...machine.destination, spool: crash.wrapSpool(machine.spool) };
        isDone = await withdraw(record, destination).then(
          () => true,
          () => false,
        );
        const left = await keysOf(roots);
        if (left.length > 0) {
          expect(left).toContain(record.manifest.key);
          expect(await createSpool(directory).records()).toHaveLength(1);
          await withdraw(record, (await startMachine(roots, directory)).destination);
        }
        expect(await keysOf(roots)).toEqual([]);
      }
    }
  });

  it("removes nothing of what was committed, though its process did not live to hear of it", async () => {
    const { roots, directory } = await interruptedAt(4);
    const { record, manifest } = await batchOf([source]);
    const machine = await startMachine(roots, directory);
    // The record's put arrives late.
    const late = await startMachine(roots, await temporaryFolder());
    await late.destination.ledger.commit(record, await decodeManifest(manifest));
    await withdraw(record, machine.destination);
    expect(await machine.spool.records()).toEqual([]);
    expect(await committedRanges(roots)).toEqual([100]);
    expect(await findings(roots)).toEqual([]);
  });

  it("removes nothing of another import's, whose manifest is there", async () => {
    const { roots, directory } = await interruptedAt(0);
    const crash = crashingAt(4, false);
    const other = await startMachine(wrapAll(roots, crash), await temporaryFolder());
    await expect(other.send([source], { content: "other" })).rejects.toBeInstanceOf(Crash);
    const machine = await startMachine(roots, directory);
    const before = await keysOf(roots);
    expect(before).toHaveLength(4);
    await withdraw((await batchOf([source])).record, machine.destination);
    expect(await keysOf(roots)).toEqual(before);
    expect(await machine.spool.records()).toEqual([]);
  });

  it("removes nothing under a manifest that names no objects: it may be another import's", async () => {
    const roots = memoryRoots();
    const machine = await startMachine(roots, await temporaryFolder());
    const batch = await batchOf([source], { isUnnamed: true });
    await machine.spool.add(batch);
    await roots.ledger.create(batch.record.manifest.key, batch.manifest);
    await roots.raw.create(batch.record.objects[0]?.key ?? "", Buffer.from("another's"));
    await withdraw(batch.record, machine.destination);
    expect(await keysOf(roots)).toHaveLength(2);
    expect(await machine.spool.records()).toEqual([]);
  });

  it("names what these credentials may not remove, the manifest last, until somebody has removed it", async () => {
    const { roots, directory } = await interruptedAt(3);
    const { record } = await batchOf([source]);
    for (let run = 0; run < 2; run++) {
      const { destination, spool } = await startMachine(writeOnly(roots), directory);
      const addresses = record.objects.map(({ view, key }) => `memory:${view}/${key}`);
      await expect(withdraw(record, destination)).rejects.toMatchObject({
        exitCode: exitCode.integrity,
        message: expect.stringMatching(
          new RegExp(`${addresses.join(", ")}.*last its manifest memory:ledger/${record.manifest.key}`),
        ),
      });
      expect(await spool.records()).toHaveLength(1);
    }
    for (const { view, key } of record.objects) await roots[view].remove([key]);
    await roots.ledger.remove([record.manifest.key]);
    const { destination, spool } = await startMachine(writeOnly(roots), directory);
    await withdraw(record, destination);
    expect(await spool.records()).toEqual([]);
  });
});

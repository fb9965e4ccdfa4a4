import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { exitCode } from "../../src/exit-code.ts";
import { appendRecord } from "../../src/ledger/chain.ts";
import type { ControlWriter } from "../../src/ledger/control-writer.ts";
import { createLeaseWatch } from "../../src/ledger/judge-record.ts";
import { type Lease, type RecordStamp, takeLease } from "../../src/ledger/lease.ts";
import { readControl } from "../../src/ledger/read-control.ts";
import type { RecordSigner } from "../../src/ledger/record-signer.ts";
import type { RetentionRanRecord } from "../../src/ledger/retention-record.ts";
import { CONTROL_CHAIN } from "../../src/partition.ts";
import { createFolderStore } from "../../src/store/folder-store.ts";
import type { ObjectStore } from "../../src/store/object-store.ts";
import { otherSigner, testSigner, writerTo } from "../support/ledger-writer.ts";
import { createMemoryStore } from "../support/memory-store.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { recordsOf } from "./memory-ledger.ts";

const [anna, boris] = [testSigner(), otherSigner(2)];
const beganMs = Date.parse("2026-11-22T02:00:00Z");

/** Two machines that both may write, and a clock that is set by hand. */
async function createWorld(ledger: ObjectStore = createMemoryStore("memory:ledger")) {
  let nowMs = beganMs;
  const ticks = new Set<() => void>();
  const stamp = (): RecordStamp => ({ at: new Date(nowMs).toISOString(), clock: "system" });
  const acceptance = {
    kind: "writer-accepted",
    ...stamp(),
    chain: CONTROL_CHAIN,
    name: "a machine",
  } as const;
  for (const [signer, how] of [
    [anna, "first"],
    [boris, "accepted"],
  ] as const) {
    await appendRecord(writerTo(ledger, anna), CONTROL_CHAIN, { ...acceptance, key: signer.key, how });
  }
  const control = async (signer: RecordSigner): Promise<ControlWriter> => ({
    ...writerTo(ledger, signer),
    ...(await readControl(ledger)),
  });
  const every = (_periodMs: number, act: () => void): (() => void) => {
    ticks.add(act);
    return () => ticks.delete(act);
  };
  return {
    ledger,
    control,
    take: async (signer: RecordSigner, holder: string): Promise<Lease> =>
      takeLease(await control(signer), { holder, stamp, every }),
    takeFrom: (writer: ControlWriter, holder: string): Promise<Lease> =>
      takeLease(writer, { holder, stamp, every }),
    /** What is done each half minute, and then what became of it. */
    async pass(minutes: number): Promise<void> {
      for (let step = 0; step < minutes * 2; step++) {
        nowMs += 30_000;
        for (const tick of ticks) tick();
        await settle();
      }
    },
    /** Time passes, and these processes are dead or stopped. */
    sleep(minutes: number): void {
      nowMs += minutes * 60_000;
    },
    kinds: async () =>
      (await recordsOf(ledger, CONTROL_CHAIN)).slice(2).map(({ record }) => record.body.kind),
    ran: (certified: number): RetentionRanRecord => ({
      kind: "retention-ran",
      ...stamp(),
      clocks: { local: stamp().at, store: null },
      certified,
      overdue: 0,
    }),
  };
}

/** Stores in memory answer within some turns of the loop. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** What a verifier says of the leases of a chain. */
async function strays(ledger: ObjectStore): Promise<readonly string[]> {
  const watch = createLeaseWatch();
  return (await recordsOf(ledger, CONTROL_CHAIN)).flatMap((stored) => watch.take(stored)?.message ?? []);
}

describe("a lease", () => {
  it("is a record, whose number is the fence of all that is written under it", async () => {
    const world = await createWorld();
    const lease = await world.take(anna, "anna, process 1");
    expect(lease.fence).toBe(3);
    expect(await lease.append(world.ran(1))).toBe(4);
    await lease.end();
    const records = (await recordsOf(world.ledger, CONTROL_CHAIN)).slice(2).map(({ record }) => record);
    expect(records).toMatchObject([
      {
        sequence: 3,
        body: {
          kind: "lease",
          name: "retention",
          holder: "anna, process 1",
          at: "2026-11-22T02:00:00.000Z",
          until: "2026-11-22T02:10:00.000Z",
        },
      },
      { sequence: 4, fence: 3, body: { kind: "retention-ran" } },
      { sequence: 5, fence: 3, body: { kind: "lease-ended" } },
    ]);
    expect(records[0]).not.toHaveProperty("fence");
    expect(lease.records.map(({ record }) => record.sequence)).toEqual([1, 2, 3, 4, 5]);
  });

  it("is refused to another while it holds, who is told by whom and until when", async () => {
    const world = await createWorld();
    await world.take(anna, "anna, process 1");
    world.sleep(9);
    await expect(world.take(boris, "boris")).rejects.toMatchObject({
      exitCode: exitCode.tryAgain,
      message: expect.stringMatching(/^anna, process 1 is at it already, .* until 2026-11-22T02:10:00\.000Z/),
    });
    expect(await world.kinds()).toEqual(["lease"]);
  });

  it("is another's at once when it was given back", async () => {
    const world = await createWorld();
    await (await world.take(anna, "anna")).end();
    expect((await world.take(boris, "boris")).fence).toBe(5);
  });

  it("is another's 10 minutes after its last record", async () => {
    const world = await createWorld();
    const lease = await world.take(anna, "anna");
    world.sleep(8);
    await lease.append(world.ran(1));
    world.sleep(9);
    await expect(world.take(boris, "boris")).rejects.toThrow("until 2026-11-22T02:18:00.000Z");
    world.sleep(1);
    expect((await world.take(boris, "boris")).fence).toBe(5);
  });

  it("is taken over at once by the same key, whose former process is dead", async () => {
    const world = await createWorld();
    await world.take(anna, "anna, process 1");
    const lease = await world.take(anna, "anna, process 2");
    expect(lease.fence).toBe(4);
    await lease.append(world.ran(1));
    expect(await strays(world.ledger)).toEqual([]);
  });

  it("is renewed while nothing is written, and not while something is", async () => {
    const world = await createWorld();
    const lease = await world.take(anna, "anna");
    await world.pass(4);
    await lease.append(world.ran(1));
    await world.pass(4);
    expect(await world.kinds()).toEqual(["lease", "retention-ran"]);
    await world.pass(22);
    expect(await world.kinds()).toEqual(["lease", "retention-ran", ...Array(5).fill("lease")]);
    await expect(world.take(boris, "boris")).rejects.toMatchObject({ exitCode: exitCode.tryAgain });
    await lease.end();
    await world.pass(20);
    expect((await world.kinds()).at(-1)).toBe("lease-ended");
    expect(await strays(world.ledger)).toEqual([]);
  });

  it("writes nothing more when another has taken it, says so, and needs no end", async () => {
    const world = await createWorld();
    const zombie = await world.take(anna, "anna");
    world.sleep(11);
    const lease = await world.take(boris, "boris");
    await expect(zombie.append(world.ran(1))).rejects.toMatchObject({
      exitCode: exitCode.tryAgain,
      message: expect.stringMatching(/^boris has taken over /),
    });
    expect(zombie.signal.aborted).toBe(true);
    expect(() => zombie.signal.throwIfAborted()).toThrow("boris has taken over");
    await zombie.end();
    await lease.append(world.ran(2));
    expect(await world.kinds()).toEqual(["lease", "lease", "retention-ran"]);
    expect(await strays(world.ledger)).toEqual([]);
  });

  it("finds out by its own renewal that another has taken it", async () => {
    const world = await createWorld();
    const zombie = await world.take(anna, "anna");
    world.sleep(11);
    await world.take(boris, "boris");
    await world.pass(1);
    expect(zombie.signal.aborted).toBe(true);
  });

  it("is given up when it cannot be renewed for 10 minutes", async () => {
    const ledger = createMemoryStore("memory:ledger");
    let isDown = false;
    const shaky: ObjectStore = {
      ...ledger,
      create: (key, body) =>
        isDown ? Promise.reject(new Error("no route to it")) : ledger.create(key, body),
    };
    const world = await createWorld(shaky);
    const lease = await world.take(anna, "anna");
    isDown = true;
    await world.pass(9);
    expect(lease.signal.aborted).toBe(false);
    await world.pass(1);
    expect(() => lease.signal.throwIfAborted()).toThrow("could not be renewed");
  });

  it("knows what others have recorded meanwhile, and goes on", async () => {
    const world = await createWorld();
    const lease = await world.take(anna, "anna");
    const cancelled = {
      at: "2026-11-22T02:00:00.000Z",
      clock: "system",
      plan: 1,
      by: "B.",
      reason: "no",
    } as const;
    await appendRecord(writerTo(world.ledger, boris), CONTROL_CHAIN, {
      kind: "purge-cancelled",
      ...cancelled,
    });
    expect(await lease.append(world.ran(1))).toBe(5);
    expect(lease.records.map(({ record }) => record.body.kind).slice(2)).toEqual([
      "lease",
      "purge-cancelled",
      "retention-ran",
    ]);
    expect(lease.signal.aborted).toBe(false);
  });

  it("is not lost to a key that nobody has accepted, whatever that writes", async () => {
    const world = await createWorld();
    const lease = await world.take(anna, "anna");
    const until = "2026-11-22T03:00:00.000Z";
    const stamp = { at: "2026-11-22T02:00:00.000Z", clock: "system" } as const;
    const stolen = { kind: "lease", ...stamp, name: "retention", holder: "a stranger", until } as const;
    await appendRecord(writerTo(world.ledger, otherSigner(9)), CONTROL_CHAIN, stolen);
    await lease.append(world.ran(1));
    expect(lease.signal.aborted).toBe(false);
    await lease.end();
    expect((await world.kinds()).at(-1)).toBe("lease-ended");
  });

  it("of a key that nobody has accepted stops nobody who comes", async () => {
    const world = await createWorld();
    await world.take(otherSigner(9), "a stranger");
    expect((await world.take(boris, "boris")).fence).toBe(4);
  });

  it.each([
    ["in memory", async () => createMemoryStore("memory:ledger")],
    ["in a folder", async () => createFolderStore(await temporaryFolder(), "file:///ledger")],
  ])("is one machine's only, when both take it at the same time %s", async (_name, open) => {
    const world = await createWorld(await open());
    const controls = [await world.control(anna), await world.control(boris)] as const;
    const taken = await Promise.allSettled([
      world.takeFrom(controls[0], "anna"),
      world.takeFrom(controls[1], "boris"),
    ]);
    expect(taken.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect(taken.find(({ status }) => status === "rejected")).toMatchObject({
      reason: { exitCode: exitCode.tryAgain },
    });
    expect(await world.kinds()).toEqual(["lease"]);
  });
});

/** What a machine does next, or what befalls it. */
const anyStep = fc.record({
  who: fc.constantFrom("anna", "boris"),
  what: fc.constantFrom("take", "append", "append", "end", "die", "sleep"),
});

describe("two machines", () => {
  it("leave one chain, in whatever order they take, write, die and wake: nothing under a lease that was over", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyStep, { maxLength: 30 }), async (steps) => {
        const world = await createWorld();
        const leases = new Map<string, Lease>();
        // What the one wrote while the other was at it shows in the order of the records alone.
        const written: number[] = [];
        for (const [index, { who, what }] of steps.entries()) {
          const lease = leases.get(who);
          const signer = who === "anna" ? anna : boris;
          if (what === "sleep") world.sleep(7);
          else if (what === "die") leases.delete(who);
          else if (what === "take") {
            // Who has it holds the lock of the machine: no second process takes it.
            if (lease !== undefined) continue;
            const taken = await world.take(signer, `${who} ${index}`).catch(() => undefined);
            if (taken !== undefined) leases.set(who, taken);
          } else if (what === "append") {
            await lease?.append(world.ran(index)).then(
              (sequence) => written.push(sequence),
              () => undefined,
            );
          } else {
            await lease?.end();
            leases.delete(who);
          }
        }
        const records = await recordsOf(world.ledger, CONTROL_CHAIN);
        expect(records.map(({ record }) => record.sequence)).toEqual(records.map((_, index) => index + 1));
        const ran = records.filter(({ record }) => record.body.kind === "retention-ran");
        expect(ran.map(({ record }) => record.sequence)).toEqual(written);
        expect(await strays(world.ledger)).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });
});

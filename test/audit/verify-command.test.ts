import { mkdir, readdir, readFile, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { exitCode } from "../../src/exit-code.ts";
import { appendRecord, recordKey } from "../../src/ledger/chain.ts";
import { replaceObject } from "../ledger/memory-ledger.ts";
import { otherSigner, testStoreId, writerTo } from "../support/ledger-writer.ts";
import { batchOf, sourceOf } from "../support/recorded-batch.ts";
import { commit, madeObject, node, objectOf } from "./law-store.ts";
import { createVerifyWorld, type VerifyWorld } from "./verify-world.ts";

const nowMs = Date.parse("2026-11-22T12:00:00Z");
const dayMs = 86_400_000;

async function healthyWorld(): Promise<VerifyWorld> {
  const world = await createVerifyWorld();
  await commit(world.roots, [sourceOf(0, 100, { stored: 7, quarantined: [[0, 30, "shape", 3]] })]);
  await commit(world.roots, [sourceOf(100, 200)]);
  return world;
}

describe("hostlog verify", () => {
  it("tells what was read, what is there, and that all is well", async () => {
    const { stdout, status } = await (await healthyWorld()).run();
    expect(status).toBe(0);
    expect(stdout.replaceAll(/\d+ bytes/g, "N bytes")).toBe(
      [
        "node web01: 2 records in an unbroken chain, 2 batches, 1 source",
        "  20 lines read = 17 stored + 3 quarantined + 0 refused",
        "raw: 2 objects recorded, 0 of them destroyed; 2 in the store, N bytes",
        "analytics: 2 objects recorded, 0 of them destroyed; 2 in the store, N bytes",
        "quarantine: 1 object recorded, 0 of them destroyed; 1 in the store, N bytes",
        "not sealed (seal: none): who can read raw and quarantine in the store can read the lines",
        "every recorded object is there; no gap, no overlap; nothing else is",
        "",
      ].join("\n"),
    );
  });

  it("fits a screen, whatever the number of nodes", async () => {
    const world = await createVerifyWorld();
    for (let number = 0; number < 12; number++) {
      const { record, manifest } = await batchOf([sourceOf(0, 100)], {
        change: (made) => ({ ...made, node: `web${number}` }),
      });
      await world.roots.ledger.create(record.manifest.key, manifest);
      const empty = { ...record, objects: [], counts: { ...record.counts, stored: 0 } };
      await appendRecord(writerTo(world.roots.ledger), record.node, empty);
    }
    const { stdout } = await world.run();
    expect(stdout).toContain(
      "12 nodes: 12 records in unbroken chains, 12 batches, 12 sources\n  120 lines read = ",
    );
    expect(stdout).not.toMatch(/^node web/m);
  });

  it("says the same to programs, under names that stay", async () => {
    const { stdout } = await (await healthyWorld()).run(["--output", "json"]);
    const said = JSON.parse(stdout) as Record<string, unknown>;
    expect(Object.keys(said).sort()).toEqual([
      "findings",
      "keys",
      "more",
      "nodes",
      "objects",
      "read",
      "seal",
      "sources",
    ]);
    expect(said).toMatchObject({ read: null, sources: null, findings: [], nodes: [{ node, batches: 2 }] });
  });

  it("lists for each source what became of its bytes, when asked", async () => {
    const world = await healthyWorld();
    const { stdout } = await world.run(["--sources"]);
    expect(stdout).toContain(
      "    source 55555555555555555555555555555555 (access.log): bytes 0-200, 200 covered\n",
    );
    expect(stdout).toContain("      quarantined 0-30\n");
    const json = JSON.parse((await world.run(["--sources", "--output", "json"])).stdout) as object;
    expect(json).toMatchObject({ sources: [{ node, streams: [{ lines: 20, toByte: 200 }] }] });
  });

  it("takes an object without a record to be on its way for ledger.in_flight, and then names its node", async () => {
    const world = await healthyWorld();
    const { key, bytes } = madeObject("raw");
    await world.roots.raw.create(key, bytes);
    const put = async (ageMs: number): Promise<void> => {
      const at = new Date(nowMs - ageMs);
      await utimes(join(world.folder, "raw", key), at, at);
    };
    await put(2 * dayMs);
    const young = await world.run();
    expect([young.status, young.stdout]).toEqual([
      0,
      expect.stringContaining("3 in the store, 1 of them on their way"),
    ]);
    expect(young.stdout).toContain("nothing else is but what is on its way");
    await put(2 * dayMs + 1000);
    const old = await world.run();
    expect([old.status, old.stdout]).toEqual([3, expect.stringContaining("node web01 has not recorded it")]);
  });

  it("ends with exit code 2 for a name that is not hostlog's", async () => {
    const world = await healthyWorld();
    await writeFile(join(world.folder, "raw", "a copy"), "x");
    const { status, stdout, error } = await world.run();
    expect(status).toBe(exitCode.partial);
    expect(stdout).toContain("! raw/a copy has no name of hostlog's");
    expect(error?.message).toContain("neither writes nor removes");
  });

  it("ends with exit code 3 for a chain that is broken, and says where", async () => {
    const world = await healthyWorld();
    await replaceObject(world.roots.ledger, recordKey(node, 2), "{}");
    const { status, stdout } = await world.run();
    expect(status).toBe(exitCode.integrity);
    expect(stdout).toContain("node web01: 1 record in a chain that is broken");
    expect(stdout).toContain("! chain web01 is broken: chains/web01/000000000002.json is no record");
  });
});

describe("hostlog verify, run again", () => {
  const index = (world: VerifyWorld): string => join(world.folder, "state", "audit", `${testStoreId}.index`);

  it("does not read again what it has checked; --full does", async () => {
    const world = await healthyWorld();
    expect((await world.run()).status).toBe(0);
    const { record } = await batchOf([sourceOf(100, 200)]);
    await replaceObject(world.roots.ledger, record.manifest.key, "x");
    expect((await world.run()).status).toBe(0);
    const full = await world.run(["--full"]);
    expect([full.status, full.stdout]).toEqual([3, expect.stringContaining("its manifest")]);
  });

  it("says of a chain that was cut off since that it was, until --full forgets it", async () => {
    const world = await healthyWorld();
    await world.run();
    await world.roots.ledger.remove([recordKey(node, 2)]);
    for (const _ of ["first", "again"]) {
      const { status, stdout } = await world.run();
      expect(status).toBe(3);
      expect(stdout).toContain(
        "record 2, which an earlier verify here saw there, is missing: the chain was cut off",
      );
    }
    expect((await world.run(["--full"])).stdout).not.toContain("was cut off");
    expect((await world.run()).stdout).not.toContain("was cut off");
  });

  it("believes no damaged file, and writes a new one", async () => {
    const world = await healthyWorld();
    await world.run();
    const before = await readFile(index(world));
    await writeFile(index(world), before.subarray(0, -1));
    expect((await world.run()).status).toBe(0);
    expect(await readFile(index(world))).toEqual(before);
  });

  it("holds no name of an object where all is well", async () => {
    const world = await healthyWorld();
    await world.run();
    expect((await readFile(index(world), "latin1")).includes("standard_")).toBe(false);
    expect(await readdir(join(world.folder, "state", "audit"))).toEqual([`${testStoreId}.index`]);
  });

  it("does without the file where it cannot be written, and says so", async () => {
    const world = await healthyWorld();
    await mkdir(join(world.folder, "state"), { mode: 0o700 });
    await writeFile(join(world.folder, "state", "audit"), "in the way");
    const { status, stderr } = await world.run();
    expect(status).toBe(0);
    expect(stderr).toContain("note: what was checked could not be noted for the next run");
  });
});

describe("hostlog verify --read", () => {
  /** A store whose objects are all there, and one of each view has other bytes of the same length. */
  async function alteredWorld(): Promise<{ readonly world: VerifyWorld; readonly keys: readonly string[] }> {
    const world = await createVerifyWorld();
    const batch = await commit(world.roots, [sourceOf(0, 100)]);
    await commit(world.roots, [sourceOf(100, 200)]);
    const keys: string[] = [];
    for (const view of ["raw", "analytics"] as const) {
      const { key, sizeBytes } = objectOf(batch, view);
      await replaceObject(world.roots[view], key, "x".repeat(sizeBytes));
      keys.push(`${view}/${key}`);
    }
    return { world, keys };
  }

  it("finds bytes that are not those recorded, which no listing shows", async () => {
    const { world, keys } = await alteredWorld();
    expect((await world.run()).status).toBe(0);
    const { status, stdout } = await world.run(["--read"]);
    expect(status).toBe(exitCode.integrity);
    for (const key of keys) expect(stdout).toContain(`! ${key} has not the bytes that were recorded`);
    expect(stdout).toContain("4 objects read, ");
  });

  it("goes on where an interrupted run has ended, and says from where and what that found", async () => {
    const { world, keys } = await alteredWorld();
    // What a run that read raw and was interrupted has left.
    const [last = ""] = (await listed(world, "raw")).slice(-1);
    const note = {
      version: 1,
      since: "2026-11-21T00:00:00.000Z",
      upTo: { view: "raw", key: last },
      objects: 2,
      sizeBytes: 100,
      findings: [{ kind: "altered", view: "raw", key: keys[0]?.slice("raw/".length) }],
    };
    const path = join(world.folder, "state", "audit", `${testStoreId}.reading.json`);
    await mkdir(join(path, ".."), { recursive: true, mode: 0o700 });
    await writeFile(path, JSON.stringify(note));
    const { status, stdout, stderr } = await world.run(["--read"]);
    expect(stderr).toContain(
      `goes on behind raw/${last}, 2 objects were read since 2026-11-21T00:00:00.000Z`,
    );
    expect(stdout).toContain("4 objects read, ");
    for (const key of keys) expect(stdout).toContain(`! ${key} has not the bytes that were recorded`);
    expect(status).toBe(exitCode.integrity);
    await expect(readFile(path)).rejects.toThrow("ENOENT");
  });

  it("ends with exit code 75 when it is asked to end, and has noted where", async () => {
    const world = await healthyWorld();
    const { status, stdout } = await world.run(["--read"], { signal: AbortSignal.abort() });
    expect(status).toBe(exitCode.tryAgain);
    expect(stdout).toContain("not all yet; the same command goes on from there");
  });

  async function listed({ roots }: VerifyWorld, view: "raw"): Promise<readonly string[]> {
    const keys: string[] = [];
    for await (const { key } of roots[view].list("")) keys.push(key);
    return keys;
  }
});

describe("hostlog verify, of records by keys that nobody has accepted", () => {
  it("ends with exit code 2", async () => {
    const world = await healthyWorld();
    await commit(world.roots, [sourceOf(200, 300)], { signer: otherSigner(1) });
    const { status, stdout } = await world.run();
    expect(status).toBe(exitCode.partial);
    expect(stdout).toContain(`1 record signed by ${otherSigner(1).key}, which nobody has accepted`);
  });
});

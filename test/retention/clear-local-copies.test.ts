import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createSpool, type Spool } from "../../ingest/io/spool.ts";
import { createOpenContext } from "../../src/commands/context.ts";
import { retentionCommand } from "../../src/commands/retention.ts";
import { exitCode } from "../../src/exit-code.ts";
import { withLock } from "../../src/lock-file.ts";
import { createFolderStore } from "../../src/store/folder-store.ts";
import { ensureStoreIdentity } from "../../src/store-identity.ts";
import { type CommandWorld, createCommandWorld, runCommand } from "../support/command-world.ts";
import { batchOf, sourceOf } from "../support/recorded-batch.ts";

let world: CommandWorld;
let spool: Spool;

beforeEach(async () => {
  world = await createCommandWorld();
  const published = createFolderStore(join(world.folder, "store/published"), "file:///published");
  const made = { at: "2026-11-22T00:00:00Z", isDrill: false, seal: "none" } as const;
  const { id } = await ensureStoreIdentity(published, made);
  spool = createSpool(join(state(), "spool", id, "web01"));
  // Of 22 November 2026.
  await spool.add(await batchOf([sourceOf(0, 100)]));
});

afterEach(async () => {
  await world.end();
});

function state(): string {
  return join(world.folder, "store/state");
}

async function runOn(day: string): Promise<string> {
  const surroundings = { ...world.surroundings, clock: () => Date.parse(`${day}T02:17:00Z`) };
  await runCommand(retentionCommand(createOpenContext(surroundings)), "run", "--store", "store");
  return world.takeErrors();
}

describe("what lies outside the store on the machine that runs retention", () => {
  it("goes from a node's spool when something of it is past its term, and not before", async () => {
    expect(await runOn("2028-11-22")).toBe("");
    expect(await spool.records()).toHaveLength(1);
    expect(await runOn("2028-11-23")).toContain(
      "spool of node web01: 1 batch with lines past their term removed",
    );
    expect(await spool.records()).toEqual([]);
  });

  it("is left to an ingest that is at its spool", async () => {
    await withLock(join(state(), "ingest-web01.lock"), "ingest", async () => {
      expect(await runOn("2028-11-23")).toContain("the spool of node web01 is in use");
    });
    expect(await spool.records()).toHaveLength(1);
  });

  it("is named when it cannot be removed, and all else is done", async () => {
    const [batch = ""] = await readdir(spool.directory);
    await writeFile(join(spool.directory, batch, "object-0"), "changed");
    await expect(runOn("2028-11-23")).rejects.toMatchObject({
      exitCode: exitCode.partial,
      message: expect.stringContaining("not removed from this machine: the spool of node web01"),
    });
    expect(world.takeOutput()).toContain('"complete":true');
  });

  it("goes from what a look-up left that was killed", async () => {
    const scratch = join(state(), "scratch");
    const left = join(scratch, "4194303-0123456789abcdef");
    await mkdir(left, { recursive: true });
    await writeFile(join(left, "object.parquet"), "lines");
    await runOn("2026-11-23");
    expect(await readdir(scratch)).toEqual([]);
  });
});

import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { retentionCommand } from "../../src/commands/retention.ts";
import { exitCode } from "../../src/exit-code.ts";
import { readControl } from "../../src/ledger/read-control.ts";
import type { PurgeCertificateRecord } from "../../src/ledger/retention-record.ts";
import { createFolderStore } from "../../src/store/folder-store.ts";
import {
  commands,
  copyWorld,
  type Ended,
  endWorlds,
  type HoldWorld,
  held,
  knownLines,
  makeStore,
} from "./support/hold-world.ts";

const scope = ["--days", "2026-02-01..2026-02-02", "--address", held.single, "--until", "2026-03-10"];

const heldPaths = knownLines()
  .filter(({ day, client }) => day !== "2026-02-03" && (client === held.single || client === held.list))
  .map(({ path }) => path)
  .sort();

const made = { age: "", none: "" };

beforeAll(async () => {
  for (const seal of ["age", "none"] as const) made[seal] = await makeStore(seal);
}, 60_000);

afterAll(() => endWorlds(...Object.values(made)));

function runRetention({ run }: HoldWorld, day: string): Promise<Ended> {
  return run(retentionCommand, ["run"], { now: `${day}T03:00:00Z` });
}

/** Of raw, by group: `2026-02-01 standard`. */
async function certificates({ store }: HoldWorld): Promise<ReadonlyMap<string, PurgeCertificateRecord>> {
  const { records } = await readControl(createFolderStore(join(store, "ledger"), "file:///ledger"), []);
  const found = records.flatMap(({ record: { body } }) =>
    body.kind === "purge-certificate" && body.group.view === "raw" ? [body] : [],
  );
  return new Map(found.map((one) => [`${one.group.day} ${one.group.retentionClass}`, one]));
}

async function rawObjects({ store }: HoldWorld): Promise<readonly string[]> {
  const names = await readdir(join(store, "raw"), { recursive: true });
  return names.filter((name) => name.includes(".parquet")).sort();
}

describe.each(["age", "none"] as const)("rows under a hold, seal: %s", (seal) => {
  it("stay when their day is destroyed, are named by its certificate, and go when the hold ends", async () => {
    const world = await copyWorld(made[seal], seal);
    const { id } = await world.add(scope);
    expect(await runRetention(world, "2026-03-03")).toMatchObject({ status: 0 });
    expect(await runRetention(world, "2026-03-06")).toMatchObject({ status: exitCode.partial });
    const left = await rawObjects(world);
    expect(left).toHaveLength(2);
    for (const key of left) expect(key).toContain(`/hold_hold-${id}_`);
    const now = "2026-03-06T04:00:00Z";
    expect(await world.paths(["--hold", id], now)).toEqual(heldPaths);
    expect(await world.paths(["--since", "40d"], now)).toEqual([]);
    const ofDays = await certificates(world);
    expect(ofDays.get("2026-02-01 standard")?.holds).toEqual([{ hold: id, objectsMissed: 0 }]);
    expect(ofDays.get("2026-02-03 standard")?.holds).toEqual([]);

    await runRetention(world, "2026-03-09");
    expect(await rawObjects(world)).toEqual(left);
    expect(await runRetention(world, "2026-03-11")).toMatchObject({ status: 0 });
    expect(await rawObjects(world)).toEqual([]);
    const ofHold = (await certificates(world)).get(`2026-02-01 hold-${id}`);
    expect(ofHold).toMatchObject({
      rule: { kind: "hold", term: "2026-03-10", dueDay: "2026-03-11" },
      rows: 4,
    });
    expect(ofHold?.keys.kind).toBe(seal === "age" ? "destroyed" : "none");
    expect(await world.paths(["--hold", id], "2026-03-11T04:00:00Z")).toEqual([]);
  });
});

describe("rows under a hold that came too late to be copied", () => {
  it("are told of before they go, and by the certificate, and keep no day from being destroyed", async () => {
    const world = await copyWorld(made.age, "age");
    const { id } = await world.add([...scope.slice(0, -2), "--until", "2026-04-01"]);
    await world.ingest(knownLines("/late"), "2026-02-27T00:00:00Z");
    const told = await runRetention(world, "2026-03-01");
    expect(told).toMatchObject({ status: exitCode.partial });
    const text = told.stdout + told.stderr;
    expect(text).toContain(
      `2 raw objects of 2 days not looked through for hold ${id}, the first due on 2026-03-04`,
    );
    const copied = await world.run(commands.hold, ["copy"], { now: "2026-03-01T04:00:00Z" });
    expect(copied).toMatchObject({ status: 0 });
    await world.ingest(knownLines("/too-late"), "2026-03-02T00:00:00Z");
    await runRetention(world, "2026-03-03");
    await runRetention(world, "2026-03-06");
    const certificate = (await certificates(world)).get("2026-02-02 standard");
    expect(certificate?.holds).toEqual([{ hold: id, objectsMissed: 1 }]);
    expect(await world.paths(["--hold", id], "2026-03-06T04:00:00Z")).toHaveLength(16);
    expect((await rawObjects(world)).every((key) => key.includes("/hold_"))).toBe(true);
  });
});

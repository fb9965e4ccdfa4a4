import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { OpenContext } from "../../src/commands/context.ts";
import { exitCode } from "../../src/exit-code.ts";
import type { ObjectStore } from "../../src/store/object-store.ts";
import {
  commands,
  copyWorld,
  endWorlds,
  type HoldWorld,
  held,
  knownLines,
  makeStore,
} from "./support/hold-world.ts";

const scope = ["--days", "2026-02-01..2026-02-02", "--address", held.single];
const heldPaths = pathsOf("");
const later = "2026-02-05T01:00:00Z";

const made = { age: "", none: "" };

beforeAll(async () => {
  for (const seal of ["age", "none"] as const) made[seal] = await makeStore(seal);
}, 60_000);

afterAll(() => endWorlds(...Object.values(made)));

function pathsOf(serial: string): readonly string[] {
  return knownLines(serial)
    .filter(({ day, client }) => day !== "2026-02-03" && (client === held.single || client === held.list))
    .map(({ path }) => path)
    .sort();
}

class Stopped extends Error {}

/** Stops a command behind its `count`th object, of those whose keys fit; as if it were killed, nothing comes after. */
function stoppingAfter(count: number, fits = /./): (openContext: OpenContext) => OpenContext {
  let created = 0;
  const stopping = (store: ObjectStore): ObjectStore => ({
    ...store,
    async create(key, body) {
      if (created === count) throw new Stopped();
      const creation = await store.create(key, body);
      if (fits.test(key)) created++;
      return creation;
    },
  });
  return (openContext) => async (options) => {
    const context = await openContext(options);
    return { ...context, openRoot: async (root) => stopping(await context.openRoot(root)) };
  };
}

/** Places a hold that is stopped; true when it came to its end all the same. */
async function addStopped(
  { add }: HoldWorld,
  change: (openContext: OpenContext) => OpenContext,
): Promise<boolean> {
  try {
    await add(scope, { change });
    return true;
  } catch (error) {
    if (error instanceof Stopped) return false;
    throw error;
  }
}

interface ShownHold {
  readonly hold: string;
  readonly rows: number;
  readonly objects: readonly string[];
}

async function shownHolds({ run }: HoldWorld): Promise<readonly ShownHold[]> {
  const { stdout } = await run(commands.hold, ["list", "--output", "json"]);
  return (JSON.parse(stdout) as { holds: readonly ShownHold[] }).holds;
}

/** The copies in the store, by their keys. */
async function copiesIn({ store }: HoldWorld): Promise<readonly string[]> {
  const names = await readdir(join(store, "raw"), { recursive: true });
  return names.filter((name) => name.includes("/hold_")).sort();
}

/** A hold that was stopped when its first copy lay in the store and no record named it. */
async function stoppedWorld(
  seal: "age" | "none" = "none",
): Promise<HoldWorld & { readonly id: string; readonly orphan: string }> {
  const world = await copyWorld(made[seal], seal);
  expect(await addStopped(world, stoppingAfter(1, /\/hold_/))).toBe(false);
  const [hold] = await shownHolds(world);
  const [orphan = "", ...others] = await copiesIn(world);
  expect({ others, objects: hold?.objects }).toEqual({ others: [], objects: [] });
  return { ...world, id: hold?.hold ?? "", orphan };
}

describe("hostlog hold, stopped", () => {
  it("behind any object that it wrote, is brought to its end by hold copy, and no row is there twice", async () => {
    const steps: string[] = [];
    for (let count = 0, isWhole = false; !isWhole; count++) {
      const world = await copyWorld(made.none, "none");
      isWhole = await addStopped(world, stoppingAfter(count));
      const placed = (await shownHolds(world)).map(({ rows }) => rows);
      steps.push(`${count}: ${placed.join()}`);
      const { status, stderr } = await world.run(commands.hold, ["copy"]);
      expect(status, stderr).toBe(0);
      for (const { hold, objects } of await shownHolds(world)) {
        expect(await world.paths(["--hold", hold])).toEqual(heldPaths);
        expect(await copiesIn(world)).toEqual([...objects].sort());
      }
      expect(await world.paths(["--since", "4d"])).toHaveLength(knownLines().length);
    }
    // The key's acceptance, the scope, the hold; of each day what was looked through, the copy, its record.
    expect(steps).toEqual(["0: ", "1: ", "2: ", "3: 0", "4: 0", "5: 0", "6: 4", "7: 4", "8: 4", "9: 8"]);
  });

  it("adopts a sealed copy that nobody recorded, beside what came since", async () => {
    const world = await stoppedWorld("age");
    await world.ingest(knownLines("/late"), "2026-02-05T00:00:00Z");
    const { status, stdout, stderr } = await world.run(commands.hold, ["copy"], { now: later });
    expect(status, stderr).toBe(0);
    expect(stdout).toContain("16 rows copied into 3 objects, from 4 objects of 2 days");
    expect(await world.paths(["--hold", world.id], later)).toEqual(
      [...heldPaths, ...pathsOf("/late")].sort(),
    );
    expect(await copiesIn(world)).toContain(world.orphan);
  });

  it("adopts a copy whose day was destroyed since", async () => {
    const world = await stoppedWorld();
    const day = join(world.store, "raw", world.orphan.slice(0, "dt=2026-02-01".length));
    for (const name of await readdir(day)) if (!name.startsWith("hold_")) await rm(join(day, name));
    const { status, stderr } = await world.run(commands.hold, ["copy"]);
    expect(status, stderr).toBe(0);
    expect(await world.paths(["--hold", world.id])).toEqual(heldPaths);
  });

  it("removes a copy of what another has copied meanwhile", async () => {
    const world = await stoppedWorld();
    const path = join(world.store, "raw", world.orphan);
    const bytes = await readFile(path);
    await rm(path);
    await world.ingest(knownLines("/late"), "2026-02-05T00:00:00Z");
    await world.run(commands.hold, ["copy"], { now: later });
    await writeFile(path, bytes);
    const { status, stderr } = await world.run(commands.hold, ["copy"], { now: later });
    expect(status, stderr).toBe(0);
    expect(await copiesIn(world)).not.toContain(world.orphan);
    expect(await world.paths(["--hold", world.id], later)).toEqual(
      [...heldPaths, ...pathsOf("/late")].sort(),
    );
  });

  it("takes no other rows for its own, and no object that it did not make", async () => {
    const world = await stoppedWorld();
    const path = join(world.store, "raw", world.orphan);
    const [day = "", name = ""] = world.orphan.split("/");
    const node = (await readdir(join(world.store, "raw", day))).find((one) => one.startsWith("web01"));
    const bytes = await readFile(path);
    await writeFile(path, await readFile(join(world.store, "raw", day, node ?? "")));
    const changed = await world.run(commands.hold, ["copy"]);
    expect(changed).toMatchObject({ status: exitCode.integrity });
    expect(changed.stderr).toContain(
      `${world.orphan} in file://${world.store}/raw lies where a hold's copy belongs`,
    );
    await writeFile(path, bytes);
    const stranger = name.replace(/_[0-9a-f]{32}/, `_${"0".repeat(32)}`);
    await writeFile(join(world.store, "raw", day, stranger), bytes);
    const { status, stdout } = await world.run(commands.hold, ["copy"]);
    expect(status).toBe(exitCode.partial);
    expect(stdout).toContain(`no record says of what it was made: ${day}/${stranger}\n`);
  });
});

import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createOpenContext, type OpenContext, type Surroundings } from "../../src/commands/context.ts";
import { retentionCommand } from "../../src/commands/retention.ts";
import { exitCode } from "../../src/exit-code.ts";
import { readChain } from "../../src/ledger/chain.ts";
import { withLock } from "../../src/lock-file.ts";
import { createFolderStore } from "../../src/store/folder-store.ts";
import type { ObjectStore } from "../../src/store/object-store.ts";
import { ensureStoreIdentity } from "../../src/store-identity.ts";
import { type CommandWorld, createCommandWorld, runCommand } from "../support/command-world.ts";
import { listKeys } from "../support/list-keys.ts";
import { keyOf } from "../support/purge-objects.ts";

const due = keyOf("raw", "2024-11-21");
const kept = keyOf("raw", "2024-11-22");

let world: CommandWorld;

beforeEach(async () => {
  world = await createCommandWorld();
});

afterEach(async () => {
  await world.end();
});

function root(name: string): ObjectStore {
  return createFolderStore(join(world.folder, "store", name), `file:///${name}`);
}

async function fill({ isDrill = false } = {}): Promise<void> {
  await ensureStoreIdentity(root("published"), { at: "2024-11-21T00:00:00Z", isDrill, seal: "none" });
  for (const key of [due, kept]) await root("raw").create(key, new Uint8Array(100));
}

async function retention(...words: readonly string[]): Promise<string> {
  return retentionIn(world.surroundings, ...words);
}

async function retentionIn(surroundings: Surroundings, ...words: readonly string[]): Promise<string> {
  const [verb = "", ...options] = words;
  await runCommand(retentionCommand(createOpenContext(surroundings)), verb, "--store", "store", ...options);
  return world.takeOutput();
}

async function control(): Promise<readonly unknown[]> {
  const bodies: unknown[] = [];
  for await (const { record } of readChain(root("ledger"), "control")) {
    if (record.body.kind !== "writer-accepted") bodies.push(record.body);
  }
  return bodies;
}

/** Ends once `isOver` says so, which is asked again and again. */
async function scheduleUntil(isOver: () => Promise<boolean>, ...words: readonly string[]): Promise<void> {
  const controller = new AbortController();
  const ended = retentionIn({ ...world.surroundings, signal: controller.signal }, "schedule", ...words);
  const deadline = Date.now() + 5000;
  while (!(await isOver()) && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 10));
  controller.abort();
  await ended;
}

describe("hostlog retention plan", () => {
  it("shows what is due and changes nothing", async () => {
    await fill();
    expect(await retention("plan", "--output", "table")).toContain("2026-11-22  raw   2024-11-21  standard");
    expect(await listKeys(root("raw"))).toEqual([due, kept]);
  });

  it("writes JSON where there is no terminal", async () => {
    await fill();
    expect(JSON.parse(await retention("plan"))).toMatchObject({
      kind: "purge-plan",
      destroy: [{ key: due }],
    });
  });

  it("plans for another day, and says loudly that it does", async () => {
    await fill();
    expect(JSON.parse(await retention("plan", "--now", "2026-11-21"))).toMatchObject({ destroy: [] });
    expect(world.takeErrors()).toBe("warning: this is a drill: the clock is taken to be 2026-11-21\n");
  });

  it("notes a store that nothing was ever put into", async () => {
    await retention("plan");
    expect(world.takeErrors()).toContain("nothing was ever put into the store");
  });
});

describe("hostlog retention run", () => {
  it("destroys what is due, records it, and remembers the run", async () => {
    await fill();
    expect(await retention("run", "--output", "table")).toMatch(
      /1 object \(100 B\) due, 1 object \(100 B\) kept; next due 2026-11-23\nremoved and verified: 1 \(100 B\), failures: 0\n$/,
    );
    expect(await listKeys(root("raw"))).toEqual([kept]);
    expect(await control()).toMatchObject([
      {
        kind: "purge",
        view: "raw",
        day: "2024-11-21",
        clock: "system",
        objects: [{ key: due, sizeBytes: 100 }],
      },
    ]);
    const last: unknown = JSON.parse(
      await readFile(join(world.folder, "store/state/last-purge.json"), "utf8"),
    );
    expect(last).toMatchObject({ at: "2026-11-22T12:00:00.000Z" });
  });

  it("does nothing, and is content, when it is run again", async () => {
    await fill();
    await retention("run");
    expect(await retention("run", "--output", "table")).toBe(
      "2026-11-22: nothing due, 1 object (100 B) kept; next due 2026-11-23\n",
    );
    expect(await control()).toHaveLength(1);
  });

  it("shows with --dry-run the plan that it would carry out", async () => {
    await fill();
    expect(await retention("run", "--dry-run")).toBe(await retention("plan"));
    expect(await listKeys(root("raw"))).toEqual([due, kept]);
  });

  it("refuses a made-up date for a store that was not made for drills", async () => {
    await fill();
    await expect(retention("run", "--now", "2030-01-01")).rejects.toMatchObject({ exitCode: exitCode.usage });
    expect(await listKeys(root("raw"))).toEqual([due, kept]);
  });

  it("takes a made-up date for a store made for drills, records that, and does not remember the run", async () => {
    await fill({ isDrill: true });
    await retention("run", "--now", "2030-01-01T02:17:00Z");
    expect(await listKeys(root("raw"))).toEqual([]);
    expect(await control()).toMatchObject([
      { day: "2024-11-21", clock: "argument", at: "2030-01-01T02:17:00.000Z" },
      { day: "2024-11-22", clock: "argument" },
    ]);
    await expect(readFile(join(world.folder, "store/state/last-purge.json"))).rejects.toThrow("ENOENT");
  });

  it("lets no two runs overlap", async () => {
    await fill();
    await withLock(join(world.folder, "store/state/retention.lock"), "retention run", async () => {
      await expect(retention("run")).rejects.toMatchObject({
        exitCode: exitCode.tryAgain,
        message: expect.stringContaining(String(process.pid)),
      });
    });
    expect(await listKeys(root("raw"))).toEqual([due, kept]);
  });

  it("deletes nothing when a part of the store cannot be reached", async () => {
    await fill();
    await writeFile(join(world.folder, "store", "analytics"), "a file where a root's folder should be");
    await expect(retention("run")).rejects.toMatchObject({ exitCode: exitCode.config });
    expect(await listKeys(root("raw"))).toEqual([due, kept]);
  });

  it("deletes nothing when it could not be recorded", async () => {
    await fill();
    await writeFile(join(world.folder, "store", "ledger"), "a file where a root's folder should be");
    await expect(retention("run")).rejects.toMatchObject({ exitCode: exitCode.config });
    expect(await listKeys(root("raw"))).toEqual([due, kept]);
  });

  it("does not take for destroyed what an unfinished run was destroying in another store", async () => {
    await fill();
    await writeFile(join(world.folder, "hostlog.yaml"), `state: ${join(world.folder, "state")}\n`);
    const run = (openContext: OpenContext, store: string): Promise<void> =>
      runCommand(retentionCommand(openContext), "run", "--config", "hostlog.yaml", "--store", store);
    const base = createOpenContext(world.surroundings);
    const refusing: OpenContext = async (options) => {
      const context = await base(options);
      const openRoot = async (name: Parameters<typeof context.openRoot>[0]): Promise<ObjectStore> => ({
        ...(await context.openRoot(name)),
        remove: async (keys) => keys.map((key) => ({ key, message: "Access Denied" })),
      });
      return { ...context, openRoot };
    };
    await expect(run(refusing, "store")).rejects.toMatchObject({ exitCode: exitCode.partial });
    await run(base, "other");
    const other = createFolderStore(join(world.folder, "other", "ledger"), "file:///other");
    expect(await listKeys(other)).toEqual([]);
    await run(base, "store");
    expect(await listKeys(root("raw"))).toEqual([kept]);
    expect(await control()).toMatchObject([{ objects: [{ key: due }] }]);
  });

  it("says with its exit code that something could not be removed, and does not remember the run", async () => {
    await fill();
    const base = createOpenContext(world.surroundings);
    const openContext: OpenContext = async (options) => {
      const context = await base(options);
      const refusing = async (name: Parameters<typeof context.openRoot>[0]): Promise<ObjectStore> => {
        const store = await context.openRoot(name);
        return { ...store, remove: async (keys) => keys.map((key) => ({ key, message: "Access Denied" })) };
      };
      return { ...context, openRoot: refusing };
    };
    const run = runCommand(retentionCommand(openContext), "run", "--store", "store", "--output", "table");
    await expect(run).rejects.toMatchObject({ exitCode: exitCode.partial });
    expect(world.takeOutput()).toContain(`not removed: raw ${due}: Access Denied\n`);
    await expect(readFile(join(world.folder, "store/state/last-purge.json"))).rejects.toThrow("ENOENT");
    expect(await control()).toEqual([]);
  });

  it("ends before it begins when it was told to end", async () => {
    await fill();
    const surroundings = { ...world.surroundings, signal: AbortSignal.abort() };
    await expect(retentionIn(surroundings, "run")).rejects.toMatchObject({ exitCode: exitCode.partial });
    expect(await listKeys(root("raw"))).toEqual([due, kept]);
  });
});

describe("hostlog retention schedule", () => {
  it("makes up at its start for a run that was missed", async () => {
    await fill();
    await scheduleUntil(async () => (await control()).length > 0);
    expect(await listKeys(root("raw"))).toEqual([kept]);
  });

  it("waits for its time when none was missed", async () => {
    await fill();
    await mkdir(join(world.folder, "store/state"), { recursive: true });
    const last = JSON.stringify({ version: 1, at: "2026-11-22T02:17:05.000Z" });
    await writeFile(join(world.folder, "store/state/last-purge.json"), last);
    let errors = "";
    await scheduleUntil(async () => {
      errors += world.takeErrors();
      return errors.includes("retention: runs at 17 2 * * * (UTC)");
    });
    expect(await listKeys(root("raw"))).toEqual([due, kept]);
  });

  it("reports a run that fails and goes on", async () => {
    await fill();
    await writeFile(join(world.folder, "store", "analytics"), "");
    let errors = "";
    await scheduleUntil(async () => {
      errors += world.takeErrors();
      return errors.includes("the next scheduled run tries again");
    });
    expect(errors).toContain("the next scheduled run tries again");
    expect(await listKeys(root("raw"))).toEqual([due, kept]);
  });

  it("refuses a made-up clock", async () => {
    await fill({ isDrill: true });
    await expect(retention("schedule", "--now", "2030-01-01")).rejects.toMatchObject({
      exitCode: exitCode.usage,
    });
  });
});

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createOpenContext, type OpenContext, type Surroundings } from "../../src/commands/context.ts";
import { retentionCommand } from "../../src/commands/retention.ts";
import { exitCode } from "../../src/exit-code.ts";
import { readChain } from "../../src/ledger/chain.ts";
import type { RecordBody } from "../../src/ledger/record.ts";
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

/** What was recorded in the control chain, without who may write it. */
async function bodies(): Promise<readonly RecordBody[]> {
  const found: RecordBody[] = [];
  for await (const { record } of readChain(root("ledger"), "control")) {
    if (record.body.kind !== "writer-accepted") found.push(record.body);
  }
  return found;
}

async function kinds(): Promise<readonly string[]> {
  return (await bodies()).map(({ kind }) => kind);
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
    expect(await retention("plan", "--output", "table")).toContain("raw   standard  2024-11-21  2026-11-22");
    expect(await listKeys(root("raw"))).toEqual([due, kept]);
  });

  it("writes JSON where there is no terminal", async () => {
    await fill();
    expect(JSON.parse(await retention("plan"))).toMatchObject({
      kind: "purge-plan",
      destroy: [{ view: "raw", day: "2024-11-21", class: "standard", objects: 1, due: "2026-11-22" }],
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
  it("plans, begins, removes and certifies what is past the two years, and ends with a checkpoint", async () => {
    await fill();
    expect(await retention("run", "--output", "table")).toMatch(
      /plan 4 recorded, of 2 groups \(view, day and class\)\ndestroyed: 1 object \(100 B\), 1 certificate, failures: 0\ncheckpoint 1 [0-9a-f]{64}\n$/,
    );
    expect(await listKeys(root("raw"))).toEqual([kept]);
    expect(await kinds()).toEqual([
      "lease",
      "retention-policy",
      "purge-planned",
      "purge-begun",
      "purge-certificate",
      "retention-ran",
      "lease-ended",
    ]);
    expect((await bodies())[4]).toMatchObject({
      group: { view: "raw", day: "2024-11-21", retentionClass: "standard" },
      rule: { kind: "class", term: "2y", dueDay: "2026-11-22" },
      plan: 4,
      begun: 5,
      objects: 1,
      sizeBytes: 100,
      unrecordedObjects: 1,
      keys: { kind: "none" },
      holds: [],
      clock: "system",
      by: "web-1",
    });
  });

  it("destroys nothing more when it is run again, and is content", async () => {
    await fill();
    await retention("run");
    const before = await kinds();
    expect(JSON.parse((await retention("run")).split("\n")[1] ?? "")).toMatchObject({
      certificates: [],
      failures: [],
      plans: [],
    });
    expect(await kinds()).toEqual([...before, "lease", "retention-ran", "lease-ended"]);
    expect(await listKeys(root("raw"))).toEqual([kept]);
  });

  it("certifies again what turns up later of a group that is certified", async () => {
    await fill();
    await retention("run");
    const late = keyOf("raw", "2024-11-21", "standard", 7);
    await root("raw").create(late, new Uint8Array(10));
    await retention("run");
    const certificates = (await bodies()).filter(({ kind }) => kind === "purge-certificate");
    expect(certificates).toMatchObject([{ sizeBytes: 100 }, { sizeBytes: 10 }]);
    expect(await listKeys(root("raw"))).toEqual([kept]);
  });

  it("shows with --dry-run the plan that it would carry out", async () => {
    await fill();
    expect(await retention("run", "--dry-run")).toBe(await retention("plan"));
    expect(await listKeys(root("raw"))).toEqual([due, kept]);
    expect(await listKeys(root("ledger"))).toEqual([]);
  });

  it("refuses a made-up date for a store that was not made for drills", async () => {
    await fill();
    await expect(retention("run", "--now", "2030-01-01")).rejects.toMatchObject({ exitCode: exitCode.usage });
    expect(await listKeys(root("raw"))).toEqual([due, kept]);
  });

  it("takes a made-up date for a store made for drills, and records that", async () => {
    await fill({ isDrill: true });
    await retention("run", "--now", "2026-12-01T02:17:00Z");
    expect(await listKeys(root("raw"))).toEqual([]);
    const certificates = (await bodies()).filter(({ kind }) => kind === "purge-certificate");
    expect(certificates).toMatchObject([
      { group: { day: "2024-11-21" }, clock: "argument", at: "2026-12-01T02:17:00.000Z" },
      {
        group: { day: "2024-11-22" },
        exceptions: expect.arrayContaining(["a drill: the clock was given by --now"]),
      },
    ]);
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

  it("leaves a view alone that cannot be listed, and does the others", async () => {
    await fill();
    await writeFile(join(world.folder, "store", "analytics"), "a file where a root's folder should be");
    await expect(retention("run")).rejects.toMatchObject({
      exitCode: exitCode.partial,
      message: expect.stringContaining("analytics could not be listed"),
    });
    expect(world.takeErrors()).toContain("analytics cannot be listed and is left alone");
    expect(await listKeys(root("raw"))).toEqual([kept]);
  });

  it("deletes nothing when it could not be recorded", async () => {
    await fill();
    await writeFile(join(world.folder, "store", "ledger"), "a file where a root's folder should be");
    await expect(retention("run")).rejects.toMatchObject({ exitCode: exitCode.config });
    expect(await listKeys(root("raw"))).toEqual([due, kept]);
  });

  it("deletes nothing when the control chain is broken", async () => {
    await fill();
    await retention("run");
    await root("raw").create(due, new Uint8Array(10));
    const record = join(world.folder, "store/ledger/chains/control/000000000002.json");
    await writeFile(record, "{}");
    await expect(retention("run")).rejects.toMatchObject({ exitCode: exitCode.integrity });
    expect(await listKeys(root("raw"))).toEqual([due, kept]);
  });

  it("deletes nothing, and records nothing, with a clock that is behind the ledger", async () => {
    await fill();
    await retention("run");
    await root("raw").create(due, new Uint8Array(10));
    const before = await kinds();
    const surroundings = { ...world.surroundings, clock: () => Date.parse("2026-11-22T11:00:00Z") };
    await expect(retentionIn(surroundings, "run")).rejects.toMatchObject({
      exitCode: exitCode.tryAgain,
      message: expect.stringContaining("nothing was destroyed"),
    });
    expect(await listKeys(root("raw"))).toEqual([due, kept]);
    expect(await kinds()).toEqual(before);
  });

  it("says with its exit code that something could not be removed, and does not certify it", async () => {
    await fill();
    const run = runCommand(retentionCommand(refusing()), "run", "--store", "store", "--output", "table");
    await expect(run).rejects.toMatchObject({ exitCode: exitCode.partial });
    expect(world.takeOutput()).toContain(`not removed: raw ${due}: Access Denied\n`);
    expect(await kinds()).not.toContain("purge-certificate");
    await retention("run");
    const found = await bodies();
    expect(found.filter(({ kind }) => kind === "purge-begun")).toHaveLength(1);
    expect(found.filter(({ kind }) => kind === "purge-certificate")).toHaveLength(1);
  });

  it("ends before it begins when it was told to end", async () => {
    await fill();
    const surroundings = { ...world.surroundings, signal: AbortSignal.abort() };
    await expect(retentionIn(surroundings, "run")).rejects.toMatchObject({ exitCode: exitCode.partial });
    expect(await listKeys(root("raw"))).toEqual([due, kept]);
  });
});

/** Its stores remove nothing. */
function refusing(): OpenContext {
  const base = createOpenContext(world.surroundings);
  return async (options) => {
    const context = await base(options);
    const openRoot = async (name: Parameters<typeof context.openRoot>[0]): Promise<ObjectStore> => ({
      ...(await context.openRoot(name)),
      remove: async (keys) => keys.map((key) => ({ key, message: "Access Denied" })),
    });
    return { ...context, openRoot };
  };
}

describe("hostlog retention schedule", () => {
  it("makes up at its start for a run that was missed", async () => {
    await fill();
    await scheduleUntil(async () => (await kinds()).includes("retention-ran"));
    expect(await listKeys(root("raw"))).toEqual([kept]);
  });

  it("waits for its time when none was missed", async () => {
    await fill();
    await retention("run");
    await root("raw").create(due, new Uint8Array(10));
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
  });

  it("refuses a made-up clock", async () => {
    await fill({ isDrill: true });
    await expect(retention("schedule", "--now", "2030-01-01")).rejects.toMatchObject({
      exitCode: exitCode.usage,
    });
  });
});

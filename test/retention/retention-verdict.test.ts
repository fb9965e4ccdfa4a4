import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createOpenContext } from "../../src/commands/context.ts";
import { retentionCommand } from "../../src/commands/retention.ts";
import { UserError } from "../../src/errors.ts";
import { exitCode } from "../../src/exit-code.ts";
import { readChain } from "../../src/ledger/chain.ts";
import type { RecordBody } from "../../src/ledger/record.ts";
import { createFolderStore } from "../../src/store/folder-store.ts";
import type { ObjectStore } from "../../src/store/object-store.ts";
import { ensureStoreIdentity } from "../../src/store-identity.ts";
import { type CommandWorld, createCommandWorld, runCommand } from "../support/command-world.ts";
import { listKeys } from "../support/list-keys.ts";
import { keyOf } from "../support/purge-objects.ts";

/** A year and a half old: kept for two years, and past the year that comes after. */
const young = keyOf("raw", "2025-05-22");
/** Past the two years on 24 November 2026. */
const old = keyOf("raw", "2024-11-23");

let world: CommandWorld;

beforeEach(async () => {
  world = await createCommandWorld();
  await ensureStoreIdentity(root("published"), { at: "2024-11-21T00:00:00Z", isDrill: false, seal: "none" });
  for (const key of [young, old]) await root("raw").create(key, new Uint8Array(100));
  await terms("2y");
  await on("2026-11-21", "run");
  await terms("1y");
  // The term became shorter: somebody has to approve what goes by it.
  expect((await on("2026-11-22", "run")).error?.exitCode).toBe(exitCode.partial);
});

afterEach(async () => {
  await world.end();
});

function root(name: string): ObjectStore {
  return createFolderStore(join(world.folder, "store", name), `file:///${name}`);
}

async function terms(term: string): Promise<void> {
  await writeFile(join(world.folder, "hostlog.yaml"), `classes: { standard: ${term} }\n`);
}

async function on(
  day: string,
  ...words: readonly string[]
): Promise<{ readonly text: string; readonly error: UserError | undefined }> {
  const surroundings = { ...world.surroundings, clock: () => Date.parse(`${day}T12:00:00Z`) };
  const [verb = "", ...options] = words;
  let error: UserError | undefined;
  try {
    const command = retentionCommand(createOpenContext(surroundings));
    await runCommand(command, verb, "--store", "store", "--config", "hostlog.yaml", ...options);
  } catch (thrown) {
    if (!(thrown instanceof UserError)) throw thrown;
    error = thrown;
  }
  return { text: world.takeOutput(), error };
}

async function recorded(
  kind: RecordBody["kind"],
): Promise<readonly { readonly sequence: number; readonly body: RecordBody }[]> {
  const found: { sequence: number; body: RecordBody }[] = [];
  for await (const { record } of readChain(root("ledger"), "control")) {
    if (record.body.kind === kind) found.push({ sequence: record.sequence, body: record.body });
  }
  return found;
}

/** The number of the plan that needs approval. */
async function planNumber(): Promise<string> {
  const plans = await recorded("purge-planned");
  const plan = plans.findLast(({ body }) => body.kind === "purge-planned" && body.approvals.length > 0);
  return String(plan?.sequence);
}

describe("a plan that needs approval", () => {
  it("is carried out when it is approved, and not before its time", async () => {
    const plan = await planNumber();
    await on("2026-11-26", "run");
    expect(await listKeys(root("raw"))).toContain(young);
    const { text, error } = await on(
      "2026-11-26",
      "approve",
      plan,
      "--reason",
      "the new terms",
      "--by",
      "ada",
    );
    expect(error).toBeUndefined();
    expect(text).toContain(`plan ${plan} is approved: `);
    expect((await recorded("purge-approved")).map(({ body }) => body)).toMatchObject([
      { plan: Number(plan), by: "ada", reason: "the new terms" },
    ]);
    expect((await on("2026-11-26", "run")).error).toBeUndefined();
    expect(await listKeys(root("raw"))).toEqual([]);
    const certificate = await on("2026-11-26", "certificate", "2025-05-22");
    expect(certificate.text).toMatch(/^Planned .*, approved on .* by ada: the new terms$/m);
  });

  it("stays undone when it is cancelled, but for what is past the two years", async () => {
    const plan = await planNumber();
    const { text, error } = await on("2026-11-22", "cancel", plan, "--reason", "a mistake in the config");
    expect(error).toBeUndefined();
    expect(text).toContain(`plan ${plan} is cancelled: `);
    await on("2026-11-27", "run");
    expect(await listKeys(root("raw"))).toEqual([young]);
  });

  it.each([
    ["approve", "approved"],
    ["cancel", "cancelled"],
  ])("is decided once: %s", async (verb, word) => {
    const plan = await planNumber();
    await on("2026-11-22", verb, plan, "--reason", "once");
    const { error } = await on("2026-11-22", verb, plan, "--reason", "twice");
    expect(error?.exitCode).toBe(exitCode.usage);
    expect(error?.message).toBe(`plan ${plan} is ${word} already`);
  });
});

describe("what there is nothing to decide of", () => {
  it.each(["approve", "cancel"])("is refused: %s of no such plan, and without a reason", async (verb) => {
    for (const plan of ["1", "99", "x"]) {
      expect((await on("2026-11-22", verb, plan, "--reason", "why")).error?.message).toContain(
        `there is no plan ${plan}`,
      );
    }
    expect((await on("2026-11-22", verb, await planNumber(), "--reason", " ")).error?.exitCode).toBe(
      exitCode.usage,
    );
  });

  it("is a plan that needs no approval, and of which no rule keeps anything", async () => {
    const plans = await recorded("purge-planned");
    const certain = plans.find(({ body }) => body.kind === "purge-planned" && body.approvals.length === 0);
    const plan = String(certain?.sequence);
    const approved = await on("2026-11-22", "approve", plan, "--reason", "why");
    expect(approved.error?.message).toContain(`plan ${plan} needs no approval`);
    const cancelled = await on("2026-11-22", "cancel", plan, "--reason", "why");
    expect(cancelled.error?.message).toContain(`nothing of plan ${plan} can be kept`);
    expect(cancelled.error?.message).toContain("hostlog hold add");
  });

  it("is a plan that is done", async () => {
    const plan = await planNumber();
    await on("2026-11-22", "approve", plan, "--reason", "the new terms");
    await on("2026-11-26", "run");
    for (const verb of ["approve", "cancel"]) {
      const { error } = await on("2026-11-26", verb, plan, "--reason", "why");
      expect(error?.message).toBe(`plan ${plan} is done: all of it is destroyed and certified`);
    }
  });
});

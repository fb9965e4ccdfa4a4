import { cp, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { exitCode } from "../../src/exit-code.ts";
import { CONTROL_CHAIN } from "../../src/partition.ts";
import { createKeysWorld, createPerson, type KeysWorld, TODAY } from "../keys/support/keys-world.ts";
import { otherSigner } from "../support/ledger-writer.ts";
import { keyOf, type LedgerMachine, ledgerMachine } from "./ledger-machine.ts";
import { recordsOf } from "./memory-ledger.ts";

let made: KeysWorld;
let world: KeysWorld;
let maker: LedgerMachine;
let other: LedgerMachine;

beforeAll(async () => {
  made = await createKeysWorld();
  await made.init("--small");
  world = await made.copy();
  await use();
});

/** Both machines have the keyring, and one has made it. */
async function use(): Promise<void> {
  maker = await ledgerMachine(world, "web-1");
  other = await ledgerMachine(world, "web-2");
  await cp(maker.keysFolder, other.keysFolder, { recursive: true });
}

afterAll(async () => {
  await made.end();
  await world.end();
});

/** What the control chain says, in order. */
async function decisions(): Promise<readonly object[]> {
  return (await recordsOf(world.root("ledger"), CONTROL_CHAIN)).map(({ record }) => record.body);
}

describe("a machine whose key nobody has accepted", () => {
  it.each([
    ["makes no keys", ["ensure"]],
    ["publishes none", ["publish"]],
    ["destroys none", ["destroy", "--day", TODAY, "--yes"]],
    ["destroys none that are due", ["destroy", "--due"]],
    ["exports none", ["export", "--to", "FOLDER/keys-1.age", "--recipient", "age1anna"]],
    ["replaces none", ["rotate", "--provider"]],
    ["notes nothing of exports", ["gone", "1", "--reason", "shredded"]],
  ])("%s, and is told what to do before anything is done", async (_name, words) => {
    const before = await world.files("keys-web-2");
    const records = await decisions();
    const { error } = await other.keys(...words.map((word) => word.replace("FOLDER", world.folder)));
    const key = await keyOf(other);
    expect(error).toMatchObject({
      exitCode: exitCode.config,
      message: expect.stringContaining(`run "hostlog ledger accept ${key} --name web-2"`),
    });
    expect(await world.files("keys-web-2")).toEqual(before);
    expect(await decisions()).toEqual(records);
  });

  it("writes no checkpoint and accepts nobody, itself neither", async () => {
    const records = await decisions();
    for (const words of [["checkpoint"], ["accept", await keyOf(other), "--name", "web-2"]]) {
      expect((await other.ledger(...words)).error?.exitCode).toBe(exitCode.config);
    }
    expect(await decisions()).toEqual(records);
    expect((await maker.ledger("verify")).error).toBeUndefined();
  });
});

describe("a machine that was not accepted at first", () => {
  beforeEach(async () => {
    await world.end();
    world = await made.copy();
    await use();
  });

  it("does it once it is accepted", async () => {
    const key = await keyOf(other);
    const { stdout, error } = await maker.ledger("accept", key, "--name", "web-2", "--reason", "the new one");
    expect([stdout.startsWith(`${key} (web-2) is accepted for every chain`), error]).toEqual([
      true,
      undefined,
    ]);
    expect((await decisions()).at(-1)).toMatchObject({
      kind: "writer-accepted",
      chain: CONTROL_CHAIN,
      key,
      name: "web-2",
      how: "accepted",
      reason: "the new one",
    });
    expect((await maker.ledger("accept", key, "--name", "web-2")).stdout).toContain("already");
    expect((await other.keys("destroy", "--day", TODAY, "--yes")).error).toBeUndefined();
    expect((await other.ledger("verify", "--key", await keyOf(maker))).error).toBeUndefined();
  });

  it("restores a keyring all the same, and says what comes next", async () => {
    const anna = await createPerson(world.folder, "anna");
    const file = join(world.folder, "keys-1.age");
    await maker.keys("export", "--to", file, "--recipient", anna.recipient);
    await rm(other.keysFolder, { recursive: true });
    const records = await decisions();
    const { stdout, error } = await other.keys("restore", file, "--identity", anna.file, "--small");
    expect(error).toBeUndefined();
    expect(stdout).toContain(`hostlog ledger accept ${await keyOf(other)} --name web-2`);
    expect(await decisions()).toEqual(records);
    expect((await other.keys("verify")).error).toBeUndefined();
    await maker.ledger("accept", await keyOf(other), "--name", "web-2");
    expect((await other.keys("publish")).error).toBeUndefined();
  });

  it("takes over when all others are lost, and is believed by who pins its key", async () => {
    const key = await keyOf(other);
    expect((await maker.ledger("takeover", "--reason", "none")).error).toMatchObject({
      exitCode: exitCode.usage,
      message: expect.stringContaining("is accepted already"),
    });
    const { stdout } = await other.ledger("takeover", "--reason", "web-1 has burnt down");
    expect(stdout).toContain(`      - ${key}`);
    expect((await other.keys("destroy", "--day", TODAY, "--yes")).error).toBeUndefined();
    const third = await ledgerMachine(world, "web-3");
    expect((await third.ledger("verify")).error?.exitCode).toBe(exitCode.integrity);
    const convinced = await ledgerMachine(world, "web-3", [key]);
    expect((await convinced.ledger("verify")).error).toBeUndefined();
    expect((await other.ledger("takeover", "--reason", "once more")).error?.exitCode).toBe(exitCode.usage);
  });
});

describe("a machine whose config pins who writes the ledger", () => {
  beforeAll(async () => {
    await world.end();
    world = await made.copy();
    await use();
  });

  it("destroys nothing where another has put a ledger of his own in its place", async () => {
    const pinning = await ledgerMachine(world, "web-1", [otherSigner(9).key]);
    const before = await world.files("keys");
    const { error } = await pinning.keys("destroy", "--day", TODAY, "--yes");
    expect(error?.exitCode).toBe(exitCode.integrity);
    expect(error?.message).toContain("is not that of the keys which the config pins");
    expect(await world.files("keys")).toEqual(before);
    const own = await ledgerMachine(world, "web-1", [await keyOf(maker)]);
    expect((await own.keys("destroy", "--day", TODAY, "--yes")).error).toBeUndefined();
  });

  it("does not begin a control chain that others are to have begun", async () => {
    await rm(join(world.folder, "store", "ledger"), { recursive: true });
    const pinning = await ledgerMachine(world, "web-1", [otherSigner(9).key]);
    const { error } = await pinning.keys("publish");
    expect(error).toMatchObject({
      exitCode: exitCode.config,
      message: expect.stringContaining("and nobody has yet"),
    });
    expect(await readdir(join(world.folder, "store"))).not.toContain("ledger");
  });
});

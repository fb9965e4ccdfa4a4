import { mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { exitCode } from "../../src/exit-code.ts";
import { recordKey } from "../../src/ledger/chain.ts";
import { CHECKPOINT_CHAIN, CONTROL_CHAIN } from "../../src/partition.ts";
import { createFolderStore } from "../../src/store/folder-store.ts";
import type { ObjectStore } from "../../src/store/object-store.ts";
import { ensureStoreIdentity } from "../../src/store-identity.ts";
import { type CommandWorld, createCommandWorld } from "../support/command-world.ts";
import { otherSigner, writerTo } from "../support/ledger-writer.ts";
import { keyOf, type LedgerMachine, ledgerMachine } from "./ledger-machine.ts";
import { change, ship } from "./ledger-world.ts";
import { recordsOf } from "./memory-ledger.ts";

let world: CommandWorld;
let storeId: string;
let ledger: ObjectStore;
let maker: LedgerMachine;

beforeEach(async () => {
  world = await createCommandWorld();
  const root = (name: string): ObjectStore =>
    createFolderStore(join(world.folder, "store", name), `file:///store/${name}`);
  const at = "2026-11-22T12:00:00.000Z";
  storeId = (await ensureStoreIdentity(root("published"), { at, isDrill: false, seal: "none" })).id;
  ledger = root("ledger");
  maker = await ledgerMachine(world, "web-1");
});

afterEach(async () => {
  await world.end();
});

/** A node ships under a key of its own. */
async function shipAs(number: number, from: number, to: number): Promise<string> {
  const signer = otherSigner(number, storeId);
  await ship(writerTo(ledger, signer), "web-17", from, to);
  return signer.key;
}

describe("hostlog ledger key", () => {
  it("prints the key with which the machine signs, the same each time, whose other half nobody else reads", async () => {
    await maker.ledger("checkpoint");
    expect(await keyOf(maker)).toBe((await recordsOf(ledger, CONTROL_CHAIN))[0]?.signedBy);
    const other = await ledgerMachine(world, "web-2");
    const key = await keyOf(other);
    expect(key).toMatch(/^ed25519:[A-Za-z0-9+/]{43}=$/);
    expect(await keyOf(other)).toBe(key);
    expect(await readdir(other.state)).toEqual(["ledger-key.pem"]);
    const file = await stat(join(other.state, "ledger-key.pem"));
    expect([file.mode & 0o777, (await stat(other.state)).mode & 0o777]).toEqual([0o600, 0o700]);
  });

  it("says what to do about a file that holds no such key, and leaves it", async () => {
    const path = join(maker.state, "ledger-key.pem");
    await maker.ledger("key");
    await writeFile(path, "not a key");
    const { error } = await maker.ledger("key");
    expect(error).toMatchObject({ exitCode: exitCode.config, message: expect.stringContaining(path) });
    expect(await readFile(path, "utf8")).toBe("not a key");
  });
});

describe("hostlog ledger accept", () => {
  it.each([
    ["what is no key", ["ed25519:short", "--name", "web-2"], "hostlog ledger key"],
    [
      "a chain that no node can have",
      [otherSigner(2).key, "--name", "x", "--chain", "../x"],
      "no node's name",
    ],
    ["a blank name", [otherSigner(2).key, "--name", " "], "whose key it is"],
  ])("refuses %s", async (_name, words, message) => {
    const { error } = await maker.ledger("accept", ...words);
    expect(error).toMatchObject({
      exitCode: exitCode.usage,
      message: expect.stringContaining(message),
    });
  });

  it("accepts a node that was installed anew, for its own chain", async () => {
    const first = await shipAs(2, 1, 2);
    expect((await maker.ledger("checkpoint")).stderr).toContain(
      `chain web-17: ${first} was seen for the first`,
    );
    const second = await shipAs(3, 3, 5);
    const { stdout, error } = await maker.ledger("verify");
    expect(stdout).toContain(`! chain web-17: record 3 is signed by ${second}`);
    expect(stdout).toContain("2 more like it");
    expect(error?.exitCode).toBe(exitCode.partial);
    await maker.ledger("accept", second, "--name", "web-17, new disk", "--chain", "web-17");
    expect((await maker.ledger("verify")).error).toBeUndefined();
  });

  it("is refused under a made-up clock in a store that holds real visits", async () => {
    const words = ["accept", otherSigner(2).key, "--name", "x", "--now", "2026-11-22"];
    expect((await maker.ledger(...words)).error?.exitCode).toBe(exitCode.usage);
  });
});

describe("hostlog ledger verify", () => {
  const json = async (...words: readonly string[]): Promise<unknown> =>
    JSON.parse((await maker.ledger("verify", "--output", "json", ...words)).stdout);

  it("takes what hostlog ledger checkpoint prints, and says that it is whole up to there", async () => {
    await shipAs(2, 1, 3);
    const head = (await maker.ledger("checkpoint")).stdout.trim();
    expect(head).toMatch(/^1:[0-9a-f]{64}$/);
    const { stdout, error } = await maker.ledger("verify", "--head", head, "--key", await keyOf(maker));
    expect(error).toBeUndefined();
    expect(stdout).toContain("up to checkpoint 1, which you have noted, it is the same ledger, and whole");
    expect(await json("--head", head)).toMatchObject({
      store: storeId,
      root: await keyOf(maker),
      pinned: { keys: [], found: true },
      checkpoint: { sequence: 1, sha256: head.slice(2) },
      chains: [
        { chain: CONTROL_CHAIN, records: 2 },
        { chain: CHECKPOINT_CHAIN, records: 1 },
        { chain: "web-17", records: 3, unsigned: 0 },
      ],
      findings: [],
    });
  });

  it("ends with 3 when something was changed, names the first bad record, and says what to do", async () => {
    await shipAs(2, 1, 3);
    const head = (await maker.ledger("checkpoint")).stdout.trim();
    await change(ledger, "web-17", 2, /(?<="lines":)\d/);
    const { stdout, error } = await maker.ledger("verify", "--head", head);
    const key = recordKey("web-17", 2);
    expect(stdout).toContain(`! chain web-17: ${key} is not signed by the key it names\n`);
    expect(error).toMatchObject({ exitCode: exitCode.integrity, message: expect.stringContaining("a copy") });
    expect(await json()).toMatchObject({
      findings: [{ chain: "web-17", sequence: 2, kind: "forged", records: 1, serious: true }],
    });
  });

  it("says of an empty ledger that it is one", async () => {
    expect((await maker.ledger("verify")).stdout).toContain("nothing was ever recorded");
  });

  it.each([
    ["--head 12", ["--head", "12"]],
    ["--head without a number", ["--head", `0:${"0".repeat(64)}`]],
    ["--key without a key", ["--key", "ed25519:x"]],
  ])("refuses %s", async (_name, words) => {
    expect((await maker.ledger("verify", ...words)).error?.exitCode).toBe(exitCode.usage);
  });
});

describe("hostlog ledger checkpoint", () => {
  it("ends with 3 when a chain is not what it was, and is written all the same", async () => {
    await shipAs(2, 1, 3);
    await maker.ledger("checkpoint");
    await ledger.remove([recordKey("web-17", 3)]);
    const { stdout, error } = await maker.ledger("checkpoint");
    expect(stdout).toMatch(/^2:/);
    expect(error).toMatchObject({
      exitCode: exitCode.integrity,
      message: expect.stringContaining("chain web-17: chains/web-17/000000000003.json is missing"),
    });
  });

  it("does not let the control chain begin again when it was removed", async () => {
    await maker.ledger("checkpoint");
    await rm(join(world.folder, "store", "ledger", "chains", CONTROL_CHAIN), { recursive: true });
    expect((await maker.ledger("checkpoint")).error).toMatchObject({
      exitCode: exitCode.integrity,
      message: expect.stringContaining("has lost its signed records"),
    });
  });
});

describe("hostlog ledger copy", () => {
  it("copies what is new into a folder elsewhere, and nothing over what differs", async () => {
    const folder = join(world.folder, "copy");
    await shipAs(2, 1, 3);
    await maker.ledger("checkpoint");
    const first = await maker.ledger("copy", folder);
    expect([first.stdout.split(" (")[0], first.error]).toEqual([`6 objects copied to ${folder}`, undefined]);
    expect(await readdir(join(folder, "chains"))).toEqual([CHECKPOINT_CHAIN, CONTROL_CHAIN, "web-17"]);
    await shipAs(2, 4, 4);
    expect((await maker.ledger("copy", folder)).stdout).toContain("1 object copied");
    await change(ledger, "web-17", 4, /(?<="lines":)\d/);
    const { stdout, error } = await maker.ledger("copy", folder);
    expect(stdout).toContain(`! ${recordKey("web-17", 4)} is another object in the ledger than in the copy`);
    expect(error?.exitCode).toBe(exitCode.integrity);
  });

  it("refuses a folder in the store itself, which changes with it", async () => {
    await mkdir(join(world.folder, "store", "ledger", "copy"), { recursive: true });
    const { error } = await maker.ledger("copy", join(world.folder, "store", "ledger", "copy"));
    expect(error?.exitCode).toBe(exitCode.usage);
  });
});

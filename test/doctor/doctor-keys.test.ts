import { chmod, cp, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createOpenContext, type Surroundings } from "../../src/commands/context.ts";
import { doctorCommand } from "../../src/commands/doctor.ts";
import type { Finding, FindingGroup } from "../../src/doctor/finding.ts";
import { UserError } from "../../src/errors.ts";
import { openKeyring } from "../../src/keyring/io/open-keyring.ts";
import { ensureStoreIdentity } from "../../src/store-identity.ts";
import { serveWorld } from "../custodian/support/custodian-world.ts";
import { createKeysWorld, type KeysWorld } from "../keys/support/keys-world.ts";
import { runCommand } from "../support/command-world.ts";
import { runHostlog } from "../support/run-hostlog.ts";

const TODAY = "2026-11-22";
const snapshot = "recipients/000000000001.json";

/** A store with a small keyring. Its store and its keys lie in one folder, and so on one file system. */
let made: KeysWorld;
let world: KeysWorld;

beforeAll(async () => {
  made = await createKeysWorld();
  await made.init("--small");
});

afterAll(async () => {
  await made.end();
});

beforeEach(async () => {
  world = await made.copy();
});

afterEach(async () => {
  await world.end();
});

interface Keys {
  readonly status: number;
  find(check: string): Finding | undefined;
  /** `verdict check` of what is not well, but for what hangs on the machine that the test runs on. */
  readonly troubles: readonly string[];
}

const ofMachine = new Set(["memory", "swap", "core-files", "keys-apart"]);

/** What the doctor says of keys. */
async function doctor(change: Partial<Surroundings> = {}, ...words: readonly string[]): Promise<Keys> {
  const stdout = new PassThrough();
  const surroundings = { ...world.surroundings, ...change, stdout };
  const command = doctorCommand(createOpenContext(surroundings));
  let status = 0;
  try {
    await runCommand(command, "--output", "json", ...words);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    status = error.exitCode;
  }
  return keysOf(status, String(stdout.read()));
}

function keysOf(status: number, text: string): Keys {
  const { groups } = JSON.parse(text) as { readonly groups: readonly FindingGroup[] };
  const findings = groups.find(({ subject }) => subject === "keys")?.findings ?? [];
  const troubles = findings
    .filter(({ verdict, check }) => verdict !== "ok" && !ofMachine.has(check))
    .map(({ verdict, check }) => `${verdict} ${check}`);
  return { status, troubles, find: (name) => findings.find(({ check }) => check === name) };
}

function on(day: string): Partial<Surroundings> {
  return { clock: () => Date.parse(`${day}T12:00:00Z`) };
}

async function addToConfig(text: string): Promise<void> {
  const file = join(world.folder, "hostlog.yaml");
  await writeFile(file, `${await readFile(file, "utf8")}\n${text}\n`);
}

/** As on a node: the keys are on another machine. */
async function moveKeysAway(): Promise<void> {
  await rename(join(world.folder, "keys"), join(world.folder, "another-machine"));
}

describe("hostlog doctor on the keys of a store", () => {
  it("finds a small keyring and what is published in order", async () => {
    const keys = await doctor();
    expect(keys.troubles).toEqual([]);
    expect(keys.find("seal")?.fact).toContain("are sealed (seal: age)");
    expect(keys.find("recipients")?.fact).toMatch(/^generation 1 is signed by ed25519:/);
    expect(keys.find("days-left")?.fact).toBe("keys are published for 400 more days");
    expect(keys.find("keyring")?.fact).toContain(await world.keyringFolder());
  });

  it("has nothing more to say of a store that does not seal, or that was never made", async () => {
    await rm(join(world.folder, "store"), { recursive: true });
    expect((await doctor()).troubles).toEqual(["not-tried seal"]);
    const unsealed = { at: "2026-11-22T12:00:00.000Z", isDrill: false, seal: "none" } as const;
    await ensureStoreIdentity(world.root("published"), unsealed);
    const keys = await doctor();
    expect(keys.find("seal")?.fact).toContain("are not sealed (seal: none)");
    expect(keys.find("recipients")).toBeUndefined();
  });

  it("refuses a store for which nothing is published: no node can ship", async () => {
    await world.root("published").remove([snapshot]);
    const keys = await doctor();
    expect(keys.troubles).toEqual(["refused recipients"]);
    expect(keys.status).toBe(78);
  });

  it("refuses recipients that the provider has not signed", async () => {
    const bytes = Buffer.from(await world.root("published").read(snapshot));
    const at = bytes.indexOf('"age1') + 10;
    bytes[at] = bytes[at] === 0x71 ? 0x70 : 0x71;
    await world.root("published").remove([snapshot]);
    await world.root("published").create(snapshot, bytes);
    const keys = await doctor();
    expect(keys.troubles).toEqual(["refused recipients"]);
    expect(keys.find("recipients")?.fact).toContain("is not what the provider signed");
  });

  it("warns where fewer than 60 days are left, and refuses where there is none for today", async () => {
    expect((await doctor(on("2027-10-28"))).troubles).toEqual([]);
    const few = await doctor(on("2027-10-29"));
    expect([few.troubles, few.find("days-left")?.fact]).toEqual([
      ["warning days-left"],
      "keys are published for 59 more days",
    ]);
    expect((await doctor(on("2027-12-28"))).troubles).toEqual(["refused days-left"]);
  });

  it("refuses where a class of the config has no key", async () => {
    await addToConfig("domains: { example.org: short }");
    const file = join(world.folder, "hostlog.yaml");
    await writeFile(
      file,
      (await readFile(file, "utf8")).replace("standard: 1d", "standard: 1d\n  short: 1d"),
    );
    expect((await doctor()).find("days-left")?.fact).toBe("there is no key for today's lines of raw short");
  });
});

describe("hostlog doctor on a keyring", () => {
  it("refuses one that others may look into", async () => {
    await chmod(await world.keyringFolder(), 0o755);
    const keys = await doctor();
    expect(keys.troubles).toContain("refused keyring");
    expect(keys.status).toBe(78);
  });

  it("warns of one on the file system of the store, and of one within it", async () => {
    expect((await doctor()).find("keys-apart")).toMatchObject({
      verdict: "warning",
      fact: expect.stringContaining("same file system"),
    });
    const inside = join(world.folder, "store", "keys");
    await cp(join(world.folder, "keys"), inside, { recursive: true });
    expect((await doctor({ environment: { HOSTLOG_KEYS: inside } })).find("keys-apart")).toMatchObject({
      verdict: "warning",
      fact: "the keyring lies inside the store",
    });
  });
});

describe("hostlog doctor on a node, whose keys are elsewhere", () => {
  it("warns that the provider's key is not pinned, and trusts none for having looked", async () => {
    await moveKeysAway();
    const keys = await doctor();
    expect(keys.troubles).toEqual(["warning recipients"]);
    expect(keys.find("recipients")?.consequence).toContain("keys.provider");
    expect(keys.find("keyring")?.fact).toBe("no private key is on this machine");
    expect(keys.find("memory")).toBeUndefined();
    // The key by which this machine signs the ledger is there since the store was made.
    expect(await readdir(join(world.folder, "store", "state"))).toEqual(["ledger-key.pem"]);
  });

  it("is content with the pinned one, and refuses what is signed by another", async () => {
    const keyring = await openKeyring(await world.keyringFolder());
    await moveKeysAway();
    await addToConfig(`keys: { provider: "${keyring?.providerKey}" }`);
    expect((await doctor()).troubles).toEqual([]);
    const other = `ed25519:${Buffer.alloc(32, 7).toString("base64")}`;
    const file = join(world.folder, "hostlog.yaml");
    await writeFile(file, (await readFile(file, "utf8")).replace(keyring?.providerKey ?? "", other));
    expect((await doctor()).troubles).toEqual(["refused recipients"]);
  });
});

describe("hostlog doctor on a custodian", () => {
  it("finds the one that serves this store, and another store's", async () => {
    const keyring = await openKeyring(await world.keyringFolder());
    const unlocked = await keyring?.unlock({ identities: [], passphrase: undefined });
    if (unlocked === undefined) throw new Error("no keyring");
    const { settings } = await serveWorld({ folder: world.folder, unlocked });
    await addToConfig(`custodian: { url: "${settings.url}" }`);
    expect((await doctor()).find("custodian")).toMatchObject({ verdict: "ok" });
    await world.root("published").remove(["store.json"]);
    await ensureStoreIdentity(world.root("published"), { at: TODAY, isDrill: false, seal: "age" });
    expect((await doctor()).find("custodian")).toMatchObject({ verdict: "refused" });
    unlocked.close();
  });

  it("warns of one that cannot be reached, by whom look-ups wait", async () => {
    await moveKeysAway();
    await addToConfig(`custodian: { url: "unix:${join(world.folder, "nobody.sock")}" }`);
    const keys = await doctor();
    expect(keys.find("custodian")).toMatchObject({ verdict: "warning" });
    expect(keys.find("memory")).toBeDefined();
  });
});

describe("hostlog doctor on where look-ups open objects", () => {
  it("warns of a folder that is not in memory", async () => {
    await mkdir(join(world.folder, "disk"));
    const environment = { ...world.surroundings.environment, HOSTLOG_MEMORY: join(world.folder, "disk") };
    const { find } = await doctor({ environment });
    expect(find("memory")).toMatchObject({
      verdict: "warning",
      fact: expect.stringContaining("not in memory"),
    });
    expect(find("memory")?.consequence).toContain("HOSTLOG_MEMORY");
    expect(await readdir(join(world.folder, "disk"))).toEqual([]);
  });

  it("makes no folder when nothing is to be written", async () => {
    expect((await doctor({}, "--read-only")).find("memory")).toMatchObject({ verdict: "not-tried" });
  });

  it.runIf(process.platform === "linux")(
    "finds that the program keeps its memory out of core files",
    async () => {
      const words = ["doctor", "--output", "json", "--now", TODAY];
      const { status, stdout } = await runHostlog(words, { directory: world.folder });
      expect(keysOf(status ?? 0, stdout).find("core-files")).toMatchObject({ verdict: "ok" });
    },
  );
});

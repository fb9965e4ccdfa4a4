import { chmod, mkdir, readdir, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createOpenContext } from "../../src/commands/context.ts";
import { makeSmallKeyring, openOrCreate } from "../../src/commands/init-keyring.ts";
import { recordKeys } from "../../src/commands/key-ledger.ts";
import { ensureKeys, publishKeys } from "../../src/commands/publish-keys.ts";
import type { Day } from "../../src/day.ts";
import { exitCode } from "../../src/exit-code.ts";
import { ensureStoreIdentity } from "../../src/store-identity.ts";
import { createKeysWorld, createPerson, type KeysWorld } from "./support/keys-world.ts";

/** Whatever begins a private key of age, or a PEM of one. */
const secret = /AGE-SECRET-KEY|PRIVATE KEY/i;

let world: KeysWorld;

beforeEach(async () => {
  world = await createKeysWorld();
});

afterEach(async () => {
  await world.end();
});

async function storeAge(): Promise<string> {
  const made = { at: "2026-11-22T12:00:00.000Z", isDrill: false, seal: "age" } as const;
  return (await ensureStoreIdentity(world.root("published"), made)).id;
}

describe("hostlog init --small", () => {
  it("makes the store, its keyring for the owner alone, and publishes and records the keys", async () => {
    const { stdout, stderr, error } = await world.init("--small");
    expect(error).toBeUndefined();
    const folder = await world.keyringFolder();
    expect(stdout).toContain(`keyring    small, in ${folder}`);
    expect(stdout).toMatch(/^ {4}provider: ed25519:[A-Za-z0-9+/]{43}=$/m);
    expect(stdout).toContain("hostlog keys export --to FILE --recipient age1…");
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    for (const name of (await world.files("keys")).keys()) {
      expect((await stat(join(world.folder, "keys", name))).mode & 0o777).toBe(0o600);
    }
    expect(await world.records()).toMatchObject([
      { kind: "keys-made", keys: 804, clock: "system", firstDay: "2026-11-21", lastDay: "2027-12-27" },
      { kind: "recipients-published", generation: 1, lastDay: "2027-12-27" },
    ]);
    expect((await world.keys("list")).error).toBeUndefined();

    // No secret is shown, and none is in the store; beside its roots is what this machine signs with.
    expect(stdout + stderr).not.toMatch(secret);
    for (const [path, bytes] of await world.files("store")) {
      if (path !== "state/ledger-key.pem") expect(bytes.toString()).not.toMatch(secret);
    }
  });

  it("says what is there and changes nothing when it is run again, and refuses another keyring", async () => {
    await world.init("--small");
    const before = [await world.files("keys"), await world.files("store")];
    const { stdout, error } = await world.on("2026-12-24").init("--small");
    expect(error).toBeUndefined();
    expect(stdout).toContain("keys       were there already");
    for (const words of [["--team"], ["--team", "--recipient", "age1x"]]) {
      const { error: refused } = await world.init(...words);
      expect(refused?.exitCode).toBe(exitCode.usage);
      expect(refused?.message).toContain("nothing was changed");
    }
    expect([await world.files("keys"), await world.files("store")]).toEqual(before);
  });

  it("refuses to put the keys inside the store, whose copies would hold them", async () => {
    const environment = { HOSTLOG_KEYS: join(world.folder, "store", "keys") };
    const context = await createOpenContext({ ...world.surroundings, environment })({});
    await expect(makeSmallKeyring(context, await storeAge())).rejects.toMatchObject({
      exitCode: exitCode.config,
      message: expect.stringContaining("inside the store"),
    });
  });

  it("refuses a made-up clock for a store of real visits", async () => {
    await storeAge();
    const { error } = await world.init("--small", "--now", "2029-01-01");
    expect(error?.exitCode).toBe(exitCode.usage);
    expect(await readdir(world.folder)).not.toContain("keys");
  });
});

describe("hostlog init", () => {
  it.each([[[]], [["--small", "--team"]], [["--small", "--recipient", "age1x"]]])(
    "makes nothing without one choice of who holds the keys: %j",
    async (words) => {
      const { error } = await world.init(...words);
      expect(error?.exitCode).toBe(exitCode.usage);
      expect(await readdir(world.folder)).toEqual(["hostlog.yaml", "people"]);
    },
  );

  it("makes a store without keys for seal: none, which stays so", async () => {
    const { stdout, error } = await world.init("--seal", "none");
    expect(error).toBeUndefined();
    expect(stdout).toContain("not sealed");
    expect((await world.keys("list")).error?.message).toContain("is not sealed (seal: none)");
    expect((await world.init("--small")).error?.exitCode).toBe(exitCode.config);
    expect((await world.init("--small", "--seal", "none")).error?.exitCode).toBe(exitCode.usage);
    expect(await readdir(world.folder)).not.toContain("keys");
  });
});

describe("hostlog init --team", () => {
  it("makes keys that one of the people must open before anything is published", async () => {
    const anna = await createPerson(world.folder, "anna");
    const { stdout, error } = await world.init("--team", "--recipient", anna.recipient);
    expect(error).toBeUndefined();
    expect(stdout).toContain(`opened by  ${anna.recipient}`);
    expect(stdout).toContain("- hostlog keys publish --identity FILE");
    for (const bytes of (await world.files("keys")).values()) expect(bytes.toString()).not.toMatch(secret);

    const { error: refused } = await world.keys("publish");
    expect(refused?.exitCode).toBe(exitCode.usage);
    expect(refused?.message).toContain("give --identity FILE or --passphrase-file FILE");
    const stranger = await createPerson(world.folder, "stranger");
    const { error: closed } = await world.keys("publish", "--identity", stranger.file);
    expect(closed?.message).toContain(anna.recipient);
    expect(await world.records()).toMatchObject([{ kind: "keys-made" }]);

    // Run again by one of the people, it goes on where it stopped.
    const again = await world.init("--team", "--recipient", anna.recipient, "--identity", anna.file);
    expect(again.stdout).toContain("published  generation 1");
    expect(await world.records()).toMatchObject([
      { kind: "keys-made" },
      { kind: "recipients-published", generation: 1 },
    ]);
    expect((await world.keys("list")).error).toBeUndefined();
  });

  it("takes a passphrase from a file that others cannot read, and asks for one of some length", async () => {
    const file = join(world.folder, "people", "passphrase");
    await writeFile(file, "short\n", { mode: 0o600 });
    expect((await world.init("--team", "--passphrase-file", file)).error?.message).toContain("15 characters");
    await writeFile(file, "granite lantern tuesday orbit\nnot this line\n");
    await chmod(file, 0o644);
    expect((await world.init("--team", "--passphrase-file", file)).error?.message).toContain("chmod 600");
    expect(await readdir(world.folder)).not.toContain("store");
    await chmod(file, 0o600);
    const { stdout, error } = await world.init("--team", "--passphrase-file", file);
    expect(error).toBeUndefined();
    expect(stdout).toContain("opened by  a passphrase");
    expect(stdout).toContain("published  generation 1");
    expect(stdout).not.toContain("granite");
  });
});

describe("makeSmallKeyring", () => {
  it("gives several that start at once the same keyring, each key once, and records it once", async () => {
    const id = await storeAge();
    const made = await Promise.all(
      Array.from({ length: 3 }, async () =>
        makeSmallKeyring(await createOpenContext(world.surroundings)({}), id),
      ),
    );
    expect(new Set(made.map(({ providerKey }) => providerKey)).size).toBe(1);
    expect(await world.records()).toMatchObject([
      { kind: "keys-made", keys: 804 },
      { kind: "recipients-published", generation: 1 },
    ]);
    expect((await world.keys("verify")).error).toBeUndefined();
  });

  it.each(["created", "ensured", "published"])(
    "goes on after it was stopped when the keyring was %s",
    async (until) => {
      const id = await storeAge();
      const context = await createOpenContext(world.surroundings)({});
      const keyring = await openOrCreate(context, id, { kind: "small" });
      if (until !== "created") await ensureKeys(context, keyring);
      if (until === "published") {
        await publishKeys(context, await keyring.unlock({ identities: [], passphrase: undefined }));
      }
      const later = await createOpenContext({
        ...world.surroundings,
        clock: () => Date.parse("2026-11-22T12:00:09Z"),
      })({});
      const again = await makeSmallKeyring(later, id);
      expect(again.providerKey).toBe(keyring.providerKey);
      expect(await world.records()).toMatchObject([
        { kind: "keys-made", keys: 804 },
        { kind: "recipients-published", generation: 1 },
      ]);
    },
  );

  it("records once what several record at once, each by its own clock", async () => {
    const contexts = await Promise.all(
      Array.from({ length: 6 }, (_, index) => {
        const nowMs = Date.parse("2026-11-22T12:00:00Z") + index;
        return createOpenContext({ ...world.surroundings, clock: () => nowMs })({});
      }),
    );
    const [context] = contexts;
    if (context === undefined) throw new Error("there are six");
    const keyring = await openOrCreate(context, await storeAge(), { kind: "small" });
    const published = { generation: 1, sha256: "00".repeat(32), lastDay: "2027-12-27" as Day };
    await Promise.all(contexts.map((one) => recordKeys(one, keyring, published)));
    expect(await world.records()).toMatchObject([{ kind: "recipients-published", generation: 1 }]);
  });

  it("says so when it cannot record, and records all of it the next time", async () => {
    const id = await storeAge();
    const context = await createOpenContext(world.surroundings)({});
    const first = join(world.folder, "store", "ledger", "chains", "control", "000000000001.json");
    await mkdir(first, { recursive: true, mode: 0o700 });
    await expect(makeSmallKeyring(context, id)).rejects.toMatchObject({
      exitCode: exitCode.integrity,
      message: expect.stringContaining("is not recorded"),
    });
    await rm(first, { recursive: true });
    await makeSmallKeyring(context, id);
    expect((await world.records()).map(({ kind }) => kind)).toEqual(["keys-made", "recipients-published"]);
  });
});

import { cp, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Context, createOpenContext, type OpenContext } from "../../src/commands/context.ts";
import { retentionCommand } from "../../src/commands/retention.ts";
import type { HeaderAnswer } from "../../src/custodian/custodian.ts";
import { createLocalCustodian } from "../../src/custodian/io/local-custodian.ts";
import { UserError } from "../../src/errors.ts";
import { exitCode } from "../../src/exit-code.ts";
import { openKeyring } from "../../src/keyring/io/open-keyring.ts";
import { splitHeader } from "../../src/seal/age-header.ts";
import { decodeRecipient } from "../../src/seal/age-text.ts";
import type { SealedView } from "../../src/seal/day-key-name.ts";
import { openBytes } from "../../src/seal/open-bytes.ts";
import { sealBytes } from "../../src/seal/seal-bytes.ts";
import { sha256Hex } from "../../src/sha256.ts";
import type { ObjectStore } from "../../src/store/object-store.ts";
import {
  createKeysWorld,
  createPerson,
  type KeysWorld,
  type Ran,
  TODAY,
} from "../keys/support/keys-world.ts";
import { runCommand } from "../support/command-world.ts";
import { listKeys } from "../support/list-keys.ts";
import { keyOf } from "../support/purge-objects.ts";

/** What is kept is kept for its day and the one behind it, so that the keys of a new keyring begin with this day. */
const FIRST_DAY = "2026-11-21";
/** When what lies on {@link FIRST_DAY} is due. */
const DUE_ON = "2026-11-23";
const line = Buffer.from("198.51.100.77 was here");

/** A store with a small keyring. */
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

async function put(
  view: SealedView,
  day: string,
): Promise<{ readonly key: string; readonly sealed: Uint8Array }> {
  const keyring = await openKeyring(await world.keyringFolder());
  const entry = (await keyring?.entries())?.find((one) => one.view === view && one.day === day);
  const recipient = decodeRecipient(entry?.recipient ?? "");
  if (recipient === undefined) throw new Error(`no key of ${view} ${day}`);
  const sealed = sealBytes(line, [recipient]);
  const key = keyOf(view, day);
  await world.root(view).create(key, sealed);
  return { key, sealed };
}

async function retention(
  day: string,
  words: readonly string[],
  change: (context: Context) => Context = (context) => context,
): Promise<Ran> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const base = createOpenContext({ ...world.on(day).surroundings, stdout, stderr });
  const openContext: OpenContext = async (options) => change(await base(options));
  let error: UserError | undefined;
  try {
    await runCommand(retentionCommand(openContext), ...words);
  } catch (thrown) {
    if (!(thrown instanceof UserError)) throw thrown;
    error = thrown;
  }
  return { stdout: String(stdout.read() ?? ""), stderr: String(stderr.read() ?? ""), error };
}

/** What the custodian of a keyring's folder answers, with all that is in it. */
async function ask(folder: string, key: string, sealed: Uint8Array): Promise<HeaderAnswer | undefined> {
  const keyring = await openKeyring(folder);
  const unlocked = await keyring?.unlock({ identities: [], passphrase: undefined });
  const header = splitHeader(sealed);
  if (unlocked === undefined || header === undefined) throw new Error("nothing to ask");
  const custodian = createLocalCustodian(unlocked);
  const answers = await custodian.openHeaders({
    lookup: "0".repeat(32),
    purpose: "query",
    headers: [{ view: "raw", key, header }],
  });
  await custodian.close();
  return answers[0];
}

/** What lies in these folders of the world. */
async function hashesOf(...folders: readonly string[]): Promise<readonly string[]> {
  const files = await Promise.all(folders.map((name) => world.files(name)));
  return files.flatMap((found) => [...found].map(([name, bytes]) => `${name} ${sha256Hex(bytes)}`)).sort();
}

async function kinds(): Promise<readonly string[]> {
  return (await world.records()).map(({ kind }) => kind);
}

describe("retention of a sealed store", () => {
  it("shows the keys that are due, those of days without an object too, and changes nothing", async () => {
    await put("raw", FIRST_DAY);
    const before = await hashesOf("keys", "store");
    const { stdout: table } = await retention("2026-11-24", ["plan", "--output", "table"]);
    expect(table).toContain(
      "keys due: 4, of 2 days, 2026-11-21 to 2026-11-22; they are destroyed before any object\n",
    );
    expect((await retention(DUE_ON, ["plan", "--output", "json"])).stdout).toContain(
      '"keys":[{"view":"quarantine","day":"2026-11-21","class":"standard"},{"view":"raw","day":"2026-11-21","class":"standard"}]',
    );
    expect(await hashesOf("keys", "store")).toEqual(before);
  });

  it("destroys keys and records it before the objects, so that no copy of a day can be opened", async () => {
    const { key, sealed } = await put("raw", FIRST_DAY);
    const kept = await put("raw", TODAY);
    expect(await ask(await world.keyringFolder(), key, sealed)).toMatchObject({ kind: "opened" });

    const { error, stderr: said } = await retention(DUE_ON, ["run"]);

    expect(error).toBeUndefined();
    expect(said).toContain("2 keys of 1 day destroyed");
    expect(await kinds()).toEqual(["keys-made", "recipients-published", "keys-destroyed", "purge"]);
    expect((await world.records())[2]).toMatchObject({
      keys: [
        {
          view: "quarantine",
          day: FIRST_DAY,
          retentionClass: "standard",
          recipient: expect.stringMatching(/^age1/),
        },
        { view: "raw", day: FIRST_DAY },
      ],
      copies: ["days/quarantine_standard_2026-11.json", "days/raw_standard_2026-11.json"],
      exportsOutstanding: [],
      probe: "cannot be opened",
    });
    expect(await listKeys(world.root("raw"))).toEqual([kept.key]);
    expect(await ask(await world.keyringFolder(), key, sealed)).toMatchObject({ kind: "destroyed" });
    const answer = await ask(await world.keyringFolder(), kept.key, kept.sealed);
    if (answer?.kind !== "opened") throw new Error("what is not due was destroyed");
    expect(Buffer.from(openBytes(kept.sealed, answer.fileKey))).toEqual(line);
  });

  it("has a copy of the keyring, and nothing else, that still opens the day", async () => {
    const { key, sealed } = await put("raw", FIRST_DAY);
    await cp(await world.keyringFolder(), join(world.folder, "copy"), { recursive: true });
    await retention(DUE_ON, ["run"]);
    expect(await ask(join(world.folder, "copy"), key, sealed)).toMatchObject({ kind: "opened" });
  });

  it("does nothing more when it is run again", async () => {
    await put("raw", FIRST_DAY);
    await retention(DUE_ON, ["run"]);
    const before = await hashesOf("keys", "store/ledger");
    const { stderr: said } = await retention(DUE_ON, ["run"]);
    expect(said).toBe("");
    expect(await hashesOf("keys", "store/ledger")).toEqual(before);
  });

  it("removes nothing while keys of many days are due at once, until somebody says how many", async () => {
    const { key } = await put("raw", FIRST_DAY);
    const day = "2026-12-24";
    const refused = await retention(day, ["run"]);
    expect(refused.error?.exitCode).toBe(exitCode.partial);
    expect(refused.error?.message).toContain('"hostlog keys destroy --due --days 32"');
    expect(await listKeys(world.root("raw"))).toEqual([key]);
    expect(await kinds()).toEqual(["keys-made", "recipients-published"]);

    expect((await world.on(day).keys("destroy", "--due", "--days", "32")).error).toBeUndefined();
    expect((await retention(day, ["run"])).error).toBeUndefined();
    expect(await listKeys(world.root("raw"))).toEqual([]);
  });

  it("makes up for 31 missed days by itself", async () => {
    await put("raw", FIRST_DAY);
    const { error, stderr: said } = await retention("2026-12-23", ["run"]);
    expect(error).toBeUndefined();
    expect(said).toContain("62 keys of 31 days destroyed");
  });

  it("destroys a team's keys without any secret", async () => {
    const { recipient } = await createPerson(world.folder, "ada");
    for (const name of ["store", "keys"]) await rm(join(world.folder, name), { recursive: true });
    await world.init("--team", "--recipient", recipient);
    const { key } = await put("raw", FIRST_DAY);
    expect((await retention(DUE_ON, ["run"])).error).toBeUndefined();
    expect(await kinds()).toContain("keys-destroyed");
    expect(await listKeys(world.root("raw"))).not.toContain(key);
  });
});

describe("retention where the keyring is elsewhere", () => {
  it("removes the objects, and says who must destroy their keys", async () => {
    await put("raw", FIRST_DAY);
    await rename(join(world.folder, "keys"), join(world.folder, "another-machine"));
    const { error, stderr: said } = await retention(DUE_ON, ["run"]);
    expect(error).toBeUndefined();
    expect(said).toContain('run "hostlog keys destroy --due" each day on the one that has them');
    expect(await listKeys(world.root("raw"))).toEqual([]);
    expect(await kinds()).toEqual(["keys-made", "recipients-published", "purge"]);
  });

  it("says nothing of keys when none of what it removes is sealed", async () => {
    await world.root("analytics").create(keyOf("analytics", FIRST_DAY), line);
    await rename(join(world.folder, "keys"), join(world.folder, "another-machine"));
    expect((await retention("2027-11-23", ["run"])).stderr).toBe("");
  });
});

describe("a run of retention that cannot record the keys it has destroyed", () => {
  it("removes nothing, and the next records them", async () => {
    const { key } = await put("raw", FIRST_DAY);
    const killed = await retention(DUE_ON, ["run"], deaf);
    expect(killed.error?.exitCode).toBe(exitCode.tryAgain);
    expect(await kinds()).toEqual(["keys-made", "recipients-published"]);
    expect(await listKeys(world.root("raw"))).toEqual([key]);

    expect((await retention(DUE_ON, ["run"])).error).toBeUndefined();
    expect(await kinds()).toEqual(["keys-made", "recipients-published", "keys-destroyed", "purge"]);
    expect((await world.records())[2]).toMatchObject({ keys: [{ day: FIRST_DAY }, { day: FIRST_DAY }] });
  });
});

describe("keys that an export holds", () => {
  it("are destroyed here and nowhere else: the objects go, the exit code and the record say what is left", async () => {
    const { recipient } = await createPerson(world.folder, "ada");
    await put("raw", FIRST_DAY);
    await world.keys("export", "--to", join(world.folder, "off-site.age"), "--recipient", recipient);

    const { error, stderr: said } = await retention(DUE_ON, ["run"]);

    expect(error?.exitCode).toBe(exitCode.partial);
    expect(said).toContain("warning: destroyed here; copies outstanding: 1 (export 1)\n");
    expect(await listKeys(world.root("raw"))).toEqual([]);
    const record = (await world.records()).find(({ kind }) => kind === "keys-destroyed");
    expect(record).toMatchObject({ exportsOutstanding: [1] });
  });

  it("are outstanding no more once the export is confirmed gone", async () => {
    const { recipient } = await createPerson(world.folder, "ada");
    await put("raw", FIRST_DAY);
    await world.keys("export", "--to", join(world.folder, "off-site.age"), "--recipient", recipient);
    await rm(join(world.folder, "off-site.age"));
    await world.keys("gone", "1", "--reason", "the disk was shredded");
    expect((await retention(DUE_ON, ["run"])).error).toBeUndefined();
  });
});

/** Its ledger takes nothing. */
function deaf(context: Context): Context {
  return {
    ...context,
    async openRoot(name): Promise<ObjectStore> {
      const store = await context.openRoot(name);
      if (name !== "ledger") return store;
      return { ...store, create: () => Promise.reject(new UserError("the disk is full", exitCode.tryAgain)) };
    },
  };
}

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
/** An hour before the time of day at which all later runs happen, so that two days on a grace is over. */
const PLANNED_AT = `${TODAY}T12:00:00Z`;
/** When what lies on {@link FIRST_DAY} is due, and was planned two days ago. */
const DUE_ON = "2026-11-24";
const KEPT_DAY = "2026-11-23";
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

/** `when`: an instant, or a day, of which it is one o'clock. */
async function retention(
  when: string,
  words: readonly string[],
  change: (context: Context) => Context = (context) => context,
): Promise<Ran> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const clock = (): number => Date.parse(when.includes("T") ? when : `${when}T13:00:00Z`);
  const base = createOpenContext({ ...world.surroundings, clock, stdout, stderr });
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
  return (await world.records()).map(({ kind }) => kind).filter((kind) => !kind.startsWith("lease"));
}

/** Puts an object, and lets a run plan what becomes due of all that there is. */
async function putPlanned(
  view: SealedView,
  day: string,
): Promise<{ readonly key: string; readonly sealed: Uint8Array }> {
  const object = await put(view, day);
  await retention(PLANNED_AT, ["run"]);
  return object;
}

const before = ["keys-made", "recipients-published", "retention-policy", "purge-planned", "retention-ran"];
const destroyed = ["keys-destroyed", "purge-begun", "purge-certificate", "retention-ran"];

describe("retention of a sealed store", () => {
  it("shows the keys that are due, those of days without an object too, and changes nothing", async () => {
    await putPlanned("raw", FIRST_DAY);
    const hashes = await hashesOf("keys", "store");
    const { stdout } = await retention(DUE_ON, ["plan", "--output", "json"]);
    expect(JSON.parse(stdout)).toMatchObject({
      keys: [
        { view: "quarantine", day: FIRST_DAY, class: "standard" },
        { view: "raw", day: FIRST_DAY, class: "standard" },
        { view: "quarantine", day: TODAY, class: "standard" },
        { view: "raw", day: TODAY, class: "standard" },
      ],
      keys_waiting: [],
    });
    expect(await hashesOf("keys", "store")).toEqual(hashes);
  });

  it("destroys keys and records it before the objects, so that no copy of a day can be opened", async () => {
    const { key, sealed } = await put("raw", FIRST_DAY);
    const kept = await putPlanned("raw", KEPT_DAY);
    expect(await ask(await world.keyringFolder(), key, sealed)).toMatchObject({ kind: "opened" });

    const { error, stderr: said } = await retention(DUE_ON, ["run"]);

    expect(error).toBeUndefined();
    expect(said).toContain("4 keys of 2 days destroyed");
    expect(await kinds()).toEqual([...before, ...destroyed]);
    const records = await world.records();
    expect(records.find(({ kind }) => kind === "keys-destroyed")).toMatchObject({
      keys: expect.arrayContaining([
        {
          view: "raw",
          day: FIRST_DAY,
          retentionClass: "standard",
          recipient: expect.stringMatching(/^age1/),
        },
      ]),
      copies: ["days/quarantine_standard_2026-11.json", "days/raw_standard_2026-11.json"],
      exportsOutstanding: [],
      probe: "cannot be opened",
    });
    expect(records.find(({ kind }) => kind === "purge-certificate")).toMatchObject({
      group: { view: "raw", day: FIRST_DAY },
      keys: { kind: "destroyed", exportsOutstanding: [] },
      exceptions: ["gone 1 day later than promised", expect.stringContaining("no record named")],
    });
    expect(await listKeys(world.root("raw"))).toEqual([kept.key]);
    expect(await ask(await world.keyringFolder(), key, sealed)).toMatchObject({ kind: "destroyed" });
    const answer = await ask(await world.keyringFolder(), kept.key, kept.sealed);
    if (answer?.kind !== "opened") throw new Error("what is not due was destroyed");
    expect(Buffer.from(openBytes(kept.sealed, answer.fileKey))).toEqual(line);
  });

  it("destroys no key while the plan of its objects can be cancelled", async () => {
    const { key, sealed } = await putPlanned("raw", FIRST_DAY);
    expect((await retention("2026-11-23", ["run"])).error).toBeUndefined();
    expect(await ask(await world.keyringFolder(), key, sealed)).toMatchObject({ kind: "opened" });
    expect(await listKeys(world.root("raw"))).toEqual([key]);
  });

  it("has a copy of the keyring, and nothing else, that still opens the day", async () => {
    const { key, sealed } = await putPlanned("raw", FIRST_DAY);
    await cp(await world.keyringFolder(), join(world.folder, "copy"), { recursive: true });
    await retention(DUE_ON, ["run"]);
    expect(await ask(join(world.folder, "copy"), key, sealed)).toMatchObject({ kind: "opened" });
  });

  it("does nothing more when it is run again", async () => {
    await putPlanned("raw", FIRST_DAY);
    await retention(DUE_ON, ["run"]);
    const hashes = await hashesOf("keys");
    const recorded = await kinds();
    const { stderr: said } = await retention(DUE_ON, ["run"]);
    expect(said).toBe("");
    expect(await hashesOf("keys")).toEqual(hashes);
    expect(await kinds()).toEqual([...recorded, "retention-ran"]);
  });

  it("keeps keys of many days that are due at once, until somebody says how many", async () => {
    await retention(PLANNED_AT, ["run"]);
    const refused = await retention("2026-12-24", ["run"]);
    expect(refused.error?.exitCode).toBe(exitCode.partial);
    expect(refused.error?.message).toContain("keys of too many days");
    expect(await kinds()).not.toContain("keys-destroyed");

    const day = "2026-12-25";
    expect((await world.on(day).keys("destroy", "--due", "--days", "33")).error).toBeUndefined();
    expect((await retention(day, ["run"])).error).toBeUndefined();
  });

  it("makes up for 31 missed days by itself", async () => {
    await retention(PLANNED_AT, ["run"]);
    const { error, stderr: said } = await retention("2026-12-23", ["run"]);
    expect(error).toBeUndefined();
    expect(said).toContain("62 keys of 31 days destroyed");
  });

  it("destroys a team's keys without any secret", async () => {
    const { recipient } = await createPerson(world.folder, "ada");
    for (const name of ["store", "keys"]) await rm(join(world.folder, name), { recursive: true });
    await world.init("--team", "--recipient", recipient);
    const { key } = await putPlanned("raw", FIRST_DAY);
    expect((await retention(DUE_ON, ["run"])).error).toBeUndefined();
    expect(await kinds()).toContain("keys-destroyed");
    expect(await listKeys(world.root("raw"))).not.toContain(key);
  });
});

describe("retention where the keyring is elsewhere", () => {
  it("removes the objects, and says who must destroy their keys", async () => {
    await putPlanned("raw", FIRST_DAY);
    await rename(join(world.folder, "keys"), join(world.folder, "another-machine"));
    const { error, stderr: said } = await retention(DUE_ON, ["run"]);
    expect(error).toBeUndefined();
    expect(said).toContain('run "hostlog keys destroy --due" each day on the one that has them');
    expect(await listKeys(world.root("raw"))).toEqual([]);
    const certificate = (await world.records()).find(({ kind }) => kind === "purge-certificate");
    expect(certificate).toMatchObject({
      keys: { kind: "outstanding" },
      exceptions: expect.arrayContaining([expect.stringContaining("its key is kept on another machine")]),
    });
  });

  it("says nothing of keys when none of what it removes is sealed", async () => {
    await world.root("analytics").create(keyOf("analytics", FIRST_DAY), line);
    await rename(join(world.folder, "keys"), join(world.folder, "another-machine"));
    await retention(PLANNED_AT, ["run"]);
    expect((await retention(DUE_ON, ["run"])).stderr).toBe("");
    expect(await listKeys(world.root("analytics"))).toEqual([]);
  });
});

describe("a run of retention that cannot record the keys it has destroyed", () => {
  it("destroys the objects all the same, says that the keys are outstanding, and the next records them", async () => {
    const { key, sealed } = await putPlanned("raw", FIRST_DAY);
    const deaf = await retention(DUE_ON, ["run"], (context) => deafTo(context, "keys-destroyed"));
    expect(deaf.error?.exitCode).toBe(exitCode.partial);
    expect(deaf.error?.message).toContain("what was done to the keys is done, and is not recorded");
    expect(await kinds()).not.toContain("keys-destroyed");
    expect(await ask(await world.keyringFolder(), key, sealed)).toMatchObject({ kind: "destroyed" });
    expect(await listKeys(world.root("raw"))).toEqual([]);
    const certificate = (await world.records()).find(({ kind }) => kind === "purge-certificate");
    expect(certificate).toMatchObject({ keys: { kind: "outstanding" } });

    expect((await retention(DUE_ON, ["run"])).error).toBeUndefined();
    const records = (await world.records()).filter(({ kind }) => kind === "keys-destroyed");
    expect(records).toHaveLength(1);
  });
});

describe("keys that an export holds", () => {
  it("are destroyed here and nowhere else: the objects go, a warning and the certificate say what is left", async () => {
    const { recipient } = await createPerson(world.folder, "ada");
    await putPlanned("raw", FIRST_DAY);
    await world.keys("export", "--to", join(world.folder, "off-site.age"), "--recipient", recipient);

    const { error, stderr: said } = await retention(DUE_ON, ["run"]);

    expect(error).toBeUndefined();
    expect(said).toContain("warning: destroyed here; copies outstanding: 1 (export 1)");
    expect(await listKeys(world.root("raw"))).toEqual([]);
    const records = await world.records();
    expect(records.find(({ kind }) => kind === "keys-destroyed")).toMatchObject({ exportsOutstanding: [1] });
    expect(records.find(({ kind }) => kind === "purge-certificate")).toMatchObject({
      keys: { kind: "destroyed", exportsOutstanding: [1] },
      exceptions: expect.arrayContaining([expect.stringContaining("1 export of the keyring")]),
    });

    // A new one is made each month: this one was forgotten.
    await retention("2026-12-20", ["run"]);
    expect((await retention("2026-12-27", ["run"])).error).toBeUndefined();
    const forgotten = await retention("2026-12-28", ["run"]);
    expect(forgotten.error?.exitCode).toBe(exitCode.partial);
    expect(forgotten.error?.message).toContain("export 1 holds keys still");
  });

  it("are outstanding no more once the export is confirmed gone", async () => {
    const { recipient } = await createPerson(world.folder, "ada");
    await putPlanned("raw", FIRST_DAY);
    await world.keys("export", "--to", join(world.folder, "off-site.age"), "--recipient", recipient);
    await rm(join(world.folder, "off-site.age"));
    await world.keys("gone", "1", "--reason", "the disk was shredded");
    const { error, stderr: said } = await retention(DUE_ON, ["run"]);
    expect(error).toBeUndefined();
    expect(said).not.toContain("outstanding");
  });
});

/** Its ledger takes no record of that kind. */
function deafTo(context: Context, kind: string): Context {
  return {
    ...context,
    async openRoot(name): Promise<ObjectStore> {
      const store = await context.openRoot(name);
      if (name !== "ledger") return store;
      const create: ObjectStore["create"] = (key, body) =>
        Buffer.from(body).includes(`"kind":"${kind}"`)
          ? Promise.reject(new UserError("the disk is full", exitCode.tryAgain))
          : store.create(key, body);
      return { ...store, create };
    },
  };
}

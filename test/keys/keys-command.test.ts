import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createOpenContext } from "../../src/commands/context.ts";
import { keyringOf } from "../../src/commands/keyring-of.ts";
import { retentionCommand } from "../../src/commands/retention.ts";
import type { Day } from "../../src/day.ts";
import { exitCode } from "../../src/exit-code.ts";
import type { Keyring } from "../../src/keyring/keyring.ts";
import { formatKey } from "../../src/partition.ts";
import { decodeRecipient } from "../../src/seal/age-text.ts";
import { formatDayKey, type SealedView } from "../../src/seal/day-key-name.ts";
import { sealBytes } from "../../src/seal/seal-bytes.ts";
import { generateIdentity } from "../../src/seal/x25519.ts";
import { runCommand } from "../support/command-world.ts";
import { createKeysWorld, createPerson, type KeysWorld, TODAY } from "./support/keys-world.ts";

let made: KeysWorld;
let world: KeysWorld;
let anna: { readonly file: string; readonly recipient: string };

beforeAll(async () => {
  made = await createKeysWorld();
  await made.init("--small");
  await createPerson(made.folder, "anna");
});

afterAll(async () => {
  await made.end();
});

beforeEach(async () => {
  world = await made.copy();
  anna = await createPerson(world.folder, "anna");
});

afterEach(async () => {
  await world.end();
});

async function keyring(): Promise<Keyring> {
  const found = await keyringOf(await createOpenContext(world.surroundings)({}), await world.storeId());
  if (found === undefined) throw new Error("the world has a keyring");
  return found;
}

const batch = "0123456789abcdef0123456789abcdef";

/** An object as a node makes it: sealed for the key of its name, or for another. */
async function store(view: SealedView, day: string, recipient?: Uint8Array): Promise<string> {
  const name = { day: day as Day, node: "web-1", retentionClass: "standard" };
  const key = formatKey({ ...name, batch, isSealed: true });
  const entry = (await (await keyring()).entries()).find(
    (one) => formatDayKey(one) === formatDayKey({ ...name, view }),
  );
  const own = decodeRecipient(entry?.recipient ?? "");
  const sealedFor = recipient ?? own;
  if (sealedFor === undefined) throw new Error("there is no key for it");
  await world.root(view).create(key, sealBytes(Buffer.from("PAR1"), [sealedFor]));
  return `${view}/${key}`;
}

describe("hostlog keys list", () => {
  it("shows by view and class what there is, and nothing of a secret", async () => {
    const { stdout, error } = await world.keys("list", "--output", "table");
    expect(error).toBeUndefined();
    expect(stdout).toContain(`keyring    small, in ${await world.keyringFolder()}`);
    expect(stdout).toContain("published  generation 1, of today");
    expect(stdout).toMatch(/^raw +standard +2026-11-21 +2027-12-27 +402 +0 +400$/m);
    expect(stdout).toContain("2026-11-22: nothing to do");
    const { stdout: json } = await world.keys("list");
    expect(JSON.parse(json)).toMatchObject({
      kind: "keys",
      keyring: "small",
      published: { generation: 1 },
      series: [{ view: "quarantine" }, { view: "raw", class: "standard", kept: 402, days_left: 400 }],
      exports_outstanding: [],
      alarms: [],
    });
    expect(stdout + json).not.toMatch(/SECRET|PRIVATE/);
  });

  it.each([
    ["2026-12-28", "only copy"],
    ["2027-10-29", "there for 59 more days"],
  ])("ends with 2 and says what to do: on %s %s", async (day, alarm) => {
    const { stdout, error } = await world.on(day).keys("list", "--output", "table");
    expect(error?.exitCode).toBe(exitCode.partial);
    expect(stdout).toMatch(new RegExp(`^! .*${alarm}`, "m"));
  });

  it("names what is missing where there is no keyring", async () => {
    await rename(join(world.folder, "keys"), join(world.folder, "keys-elsewhere"));
    const { error } = await world.keys("list");
    expect(error?.exitCode).toBe(exitCode.config);
    expect(error?.message).toContain(`no keyring of this store in ${await world.keyringFolder()}`);
  });
});

describe("hostlog keys ensure", () => {
  it("makes, publishes and records what is missing, and then nothing more", async () => {
    const { stdout } = await world.on("2026-11-25").keys("ensure");
    expect(stdout).toContain("6 keys made, for days from 2027-12-28 to 2027-12-30");
    expect(stdout).toContain("generation 2 is published");
    const after = [await world.files("keys"), await world.files("store")];
    expect((await world.on("2026-11-25").keys("ensure")).stdout).toContain("no key was missing");
    expect([await world.files("keys"), await world.files("store")]).toEqual(after);
    expect((await world.records()).slice(2)).toMatchObject([
      { kind: "keys-made", keys: 6, firstDay: "2027-12-28" },
      { kind: "recipients-published", generation: 2, lastDay: "2027-12-30" },
    ]);
  });

  it("refuses a made-up clock, under which keys of real days would count as past", async () => {
    for (const verb of [["ensure"], ["publish"], ["destroy", "--due"], ["rotate", "--provider"]]) {
      const { error } = await world.keys(...verb, "--now", "2029-01-01");
      expect(error?.exitCode).toBe(exitCode.usage);
    }
  });
});

describe("hostlog keys verify", () => {
  it("says that every key is right and opens every header", async () => {
    await store("raw", TODAY);
    await store("quarantine", TODAY);
    const { stdout, error } = await world.keys("verify", "--read");
    expect(error).toBeUndefined();
    expect(stdout).toContain("804 keys kept, 0 keys destroyed");
    expect(stdout).toContain("2 sealed objects of 2 day keys, 2 of their headers opened");
  });

  it("ends with 3 for an object that was sealed for another key", async () => {
    const key = await store("raw", TODAY, generateIdentity().recipient);
    expect((await world.keys("verify")).error).toBeUndefined();
    const { stdout, error } = await world.keys("verify", "--read");
    expect(error?.exitCode).toBe(exitCode.integrity);
    expect(stdout).toContain(`! ${key} is not sealed for the key of its day`);
  });

  it("ends with 3 for objects of a day that has no key", async () => {
    const key = await store("raw", "2026-11-20", generateIdentity().recipient);
    const { stdout, error } = await world.keys("verify");
    expect(error?.exitCode).toBe(exitCode.integrity);
    expect(stdout).toContain(`! there is no key for 1 object of raw/2026-11-20/standard, such as ${key}`);
  });

  it("ends with 3 for a key that was changed in its file", async () => {
    const path = join(await world.keyringFolder(), "days", "raw_standard_2026-11.json");
    const text = await readFile(path, "utf8");
    const [first = "", second = ""] = [...text.matchAll(/"identity": "([^"]+)"/g)].map((match) => match[1]);
    await writeFile(path, text.replace(first, "-").replace(second, first).replace('"-"', `"${second}"`));
    const { stdout, error } = await world.keys("verify");
    expect(error?.exitCode).toBe(exitCode.integrity);
    expect(stdout).toMatch(/^! the key of raw\/2026-11-2\d\/standard is/m);
  });

  it("ends with 2 for objects whose key was destroyed, which a purge has to remove", async () => {
    const key = await store("raw", TODAY);
    await world.keys("destroy", "--day", TODAY, "--yes");
    const { stdout, error } = await world.keys("verify", "--read");
    expect(error?.exitCode).toBe(exitCode.partial);
    expect(stdout).toContain(`${key}, cannot be opened since`);
    expect(stdout).toContain("due for purge");
    expect(stdout).toContain("1 sealed object of 1 day key, 0 of their headers opened");
  });
});

describe("hostlog keys destroy", () => {
  it("shows what would be destroyed, and destroys it only with --yes", async () => {
    await store("raw", TODAY);
    const before = await world.files("keys");
    const { stdout, error } = await world.keys("destroy", "--day", TODAY);
    expect(error).toBeUndefined();
    expect(stdout).toMatch(/^raw +2026-11-22 +standard +1 +\d+ B$/m);
    expect(stdout).toContain("2 keys; with --yes they are destroyed");
    expect(await world.files("keys")).toEqual(before);
  });

  it("destroys, proves, records, and tells nodes", async () => {
    const { stdout, error } = await world.keys("destroy", "--day", TODAY, "--view", "raw", "--yes");
    expect(error).toBeUndefined();
    expect(stdout).toContain("1 key destroyed, of 2026-11-22");
    expect(stdout).toContain("generation 2 is published");
    expect((await world.records()).slice(2)).toMatchObject([
      { kind: "keys-destroyed", keys: [{ view: "raw", day: TODAY }], probe: "cannot be opened" },
      { kind: "recipients-published", generation: 2 },
    ]);
    const again = await world.keys("destroy", "--day", TODAY, "--view", "raw", "--yes");
    expect(again.stdout).toContain("no such key was left to destroy");
    expect(await world.records()).toHaveLength(4);
  });

  it("destroys nothing where the ledger cannot be read", async () => {
    const ledger = join(world.folder, "store", "ledger");
    await rm(ledger, { recursive: true });
    await writeFile(ledger, "in the way");
    const before = await world.files("keys");
    expect((await world.keys("destroy", "--day", TODAY, "--yes")).error).toBeDefined();
    expect(await world.files("keys")).toEqual(before);
  });

  it("records a destruction that an earlier run did not come to record", async () => {
    const control = join(world.folder, "store", "ledger", "chains", "control");
    const next = join(control, `${String((await readdir(control)).length + 1).padStart(12, "0")}.json`);
    await mkdir(next);
    const { error } = await world.keys("destroy", "--day", TODAY, "--yes");
    expect(error?.exitCode).toBe(exitCode.integrity);
    expect(error?.message).toContain("what was done to the keys is done, and is not recorded");
    await rm(next, { recursive: true });
    await world.keys("destroy", "--day", TODAY, "--yes");
    expect((await world.records()).slice(2).map(({ kind }) => kind)).toEqual([
      "keys-destroyed",
      "recipients-published",
    ]);
  });

  it("destroys what is due once its term is in force for two days, and more than 31 days only when told how many", async () => {
    const soon = world.on("2026-12-01");
    const { stdout, stderr } = await soon.keys("destroy", "--due");
    expect([stdout, stderr]).toEqual([
      "no such key was left to destroy\n",
      "note: 18 keys past the term of the config wait for the plan of their objects: see hostlog retention plan\n",
    ]);
    await runCommand(retentionCommand(createOpenContext(world.surroundings)), "run");
    expect((await soon.keys("destroy", "--due", "--dry-run")).stdout).toContain(
      "18 keys; leave --dry-run out",
    );
    expect((await soon.keys("destroy", "--due")).stdout).toContain("18 keys destroyed");
    const late = world.on("2027-02-01");
    const { error } = await late.keys("destroy", "--due");
    expect(error?.exitCode).toBe(exitCode.usage);
    expect(error?.message).toContain("keys of 62 days: nothing was destroyed");
    expect((await late.keys("destroy", "--due", "--days", "61")).error?.message).toContain("--days 62");
    expect((await late.keys("destroy", "--due", "--days", "62")).stdout).toContain("124 keys destroyed");
    // Nodes refuse what is past its term by themselves: one publication a day would be for nothing.
    expect(await readdir(join(world.folder, "store", "published", "recipients"))).toHaveLength(1);
  });

  it.each([[[]], [["--day", TODAY, "--due"]], [["--day", "2026-02-30"]], [["--day", TODAY, "--dry-run"]]])(
    "refuses what does not say which keys: %j",
    async (words) => {
      expect((await world.keys("destroy", ...words)).error?.exitCode).toBe(exitCode.usage);
    },
  );
});

describe("hostlog keys export, exports and gone", () => {
  it("numbers and records an export, and knows that it holds what is destroyed later", async () => {
    const to = join(world.folder, "people", "keys-1.age");
    const { stdout } = await world.keys("export", "--to", to, "--recipient", anna.recipient);
    expect(stdout).toContain(`export 1: 804 keys in ${to}`);
    expect((await readFile(to)).subarray(0, 22).toString()).toBe("age-encryption.org/v1\n");

    const { stderr: destroyed, error } = await world.keys("destroy", "--day", TODAY, "--yes");
    expect(error).toBeUndefined();
    expect(destroyed).toContain("warning: destroyed here; copies outstanding: 1 (export 1)");
    // An export is made anew each month: an older one was forgotten.
    const forgotten = await world.on("2026-12-28").keys("destroy", "--day", TODAY, "--yes");
    expect(forgotten.error?.exitCode).toBe(exitCode.partial);
    expect(forgotten.error?.message).toContain("export 1 holds keys still that were destroyed here");
    const { stdout: list, error: alarmed } = await world.keys("list", "--output", "table");
    expect(alarmed?.exitCode).toBe(exitCode.partial);
    expect(list).toContain("! 2 keys destroyed here; copies outstanding: 1 (export 1)");

    expect((await world.keys("gone", "1", "--reason", "the stick was shredded")).error).toBeUndefined();
    expect((await world.keys("exports", "--output", "table")).stdout).toContain("the stick was shredded");
    expect((await world.keys("list")).error).toBeUndefined();
    expect((await world.records()).slice(2).map(({ kind }) => kind)).toEqual([
      "keys-exported",
      "keys-destroyed",
      "recipients-published",
      "export-gone",
    ]);
  });

  it("makes none that nobody elsewhere can open, none in the keyring, and replaces no file", async () => {
    const to = join(world.folder, "people", "anna.txt");
    const inside = join(await world.keyringFolder(), "keys.age");
    const recipient = ["--recipient", anna.recipient];
    for (const words of [
      ["--to", `${to}-2`],
      ["--to", to, ...recipient],
      ["--to", inside, ...recipient],
    ]) {
      expect((await world.keys("export", ...words)).error?.exitCode).toBe(exitCode.usage);
    }
    expect((await world.keys("exports", "--output", "table")).stdout).toBe("no export was ever made\n");
  });

  it.each(["0", "1", "x", "-1"])("confirms no export that was never made: %s", async (number) => {
    const { error } = await world.keys("gone", "--reason", "x", "--", number);
    expect(error?.exitCode).toBe(exitCode.usage);
  });
});

describe("hostlog keys rotate", () => {
  it("gives the provider a key that the one before has signed, publishes and records it", async () => {
    const before = (await keyring()).providerKey;
    await world.keys("rotate", "--provider");
    const { providerKey, providerHistory } = await keyring();
    expect(providerHistory.map(({ key }) => key)).toEqual([before, providerKey]);
    expect((await world.records()).slice(2)).toMatchObject([
      { kind: "recipients-published", generation: 2 },
      { kind: "keys-rotated", what: "provider", key: providerKey },
    ]);
    expect((await world.keys("verify")).error).toBeUndefined();
  });

  it("hands a small keyring to people, and leaves nothing in the clear", async () => {
    await world.keys("rotate", "--custodian", "--recipient", anna.recipient);
    for (const bytes of (await world.files("keys")).values()) expect(bytes.toString()).not.toMatch(/SECRET/);
    expect((await world.keys("verify")).error?.exitCode).toBe(exitCode.usage);
    expect((await world.keys("verify", "--identity", anna.file)).error).toBeUndefined();
    expect((await world.records()).at(-1)).toMatchObject({ kind: "keys-rotated", what: "custodian" });
  });

  it("records a rotation that an earlier run did not come to record", async () => {
    const ledger = join(world.folder, "store", "ledger");
    const { custodianRecipient } = await keyring();
    const state = join(world.folder, "store", "state");
    await mkdir(state, { recursive: true });
    // As a rotation leaves it that was killed before its record.
    await writeFile(join(state, `custodian-before-${await world.storeId()}`), "age1before\n");
    await world.keys("publish");
    expect((await world.records()).at(-1)).toMatchObject({ what: "custodian", key: custodianRecipient });
    const count = (await readdir(join(ledger, "chains", "control"))).length;
    await world.keys("publish");
    expect(await readdir(join(ledger, "chains", "control"))).toHaveLength(count);
  });
});

describe("hostlog keys restore", () => {
  it("makes the keyring again, without what was destroyed since the export", async () => {
    const to = join(world.folder, "people", "keys-1.age");
    await world.keys("export", "--to", to, "--recipient", anna.recipient);
    await world.keys("destroy", "--day", TODAY, "--view", "raw", "--yes");
    await store("quarantine", TODAY);
    const { providerKey } = await keyring();
    const restore = ["restore", to, "--identity", anna.file, "--small"];
    expect((await world.keys(...restore)).error?.message).toContain("nothing was changed");
    await rm(join(world.folder, "keys"), { recursive: true });

    const { stdout, error } = await world.keys(...restore);
    expect(error).toBeUndefined();
    expect(stdout).toContain("803 keys kept, 1 key destroyed and not restored");
    expect((await keyring()).providerKey).toBe(providerKey);
    const verified = await world.keys("verify", "--read");
    expect(verified.stdout).toContain("1 of their headers opened");
    expect(verified.error?.exitCode).toBe(exitCode.partial);
    expect(verified.stdout).toContain("copies outstanding: 1 (export 1)");
  });

  it("restores nothing where the ledger cannot say what was destroyed", async () => {
    const to = join(world.folder, "people", "keys-1.age");
    await world.keys("export", "--to", to, "--recipient", anna.recipient);
    await rm(join(world.folder, "keys"), { recursive: true });
    const control = join(world.folder, "store", "ledger", "chains", "control");
    await rm(join(control, "000000000001.json"));
    const { error } = await world.keys("restore", to, "--identity", anna.file, "--small");
    expect(error?.exitCode).toBe(exitCode.integrity);
    expect(await readdir(world.folder)).not.toContain("keys");
  });
});

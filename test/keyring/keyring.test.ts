import { chmod, chown, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { exitCode } from "../../src/exit-code.ts";
import { createKeyring } from "../../src/keyring/io/create-keyring.ts";
import { openKeyring } from "../../src/keyring/io/open-keyring.ts";
import { isSignedBy } from "../../src/keyring/provider-history.ts";
import { encodeRecipient } from "../../src/seal/age-text.ts";
import { recipientOf } from "../../src/seal/x25519.ts";
import { describeWithStockAge, runAge } from "../support/stock-age.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import {
  AT,
  copyOf,
  fewSeries,
  identityOf,
  LATER,
  makeEmptyKeyring,
  makeKeyring,
  nothing,
  raw,
  reopen,
  STORE,
  series,
  wrappedIn,
} from "./support/keyring-world.ts";

describe("making a keyring", () => {
  it("makes a folder for its owner alone, and no key yet", async () => {
    const keyring = await makeEmptyKeyring();

    expect(keyring).toMatchObject({ storeId: STORE, kind: "small", people: [] });
    expect(keyring.providerKey).toMatch(/^ed25519:[A-Za-z0-9+/]{43}=$/);
    expect(keyring.custodianRecipient).toMatch(/^age1/);
    expect(await keyring.entries()).toEqual([]);
    expect((await stat(keyring.folder)).mode & 0o777).toBe(0o700);
    for (const name of await readdir(keyring.folder)) {
      const status = await stat(join(keyring.folder, name));
      expect([name, status.mode & 0o777]).toEqual([name, status.isDirectory() ? 0o700 : 0o600]);
    }
  });

  it("gives all that make a small one at once the same, and leaves nothing beside it", async () => {
    const parent = await temporaryFolder();
    const folder = join(parent, STORE);
    const make = () => createKeyring(folder, { storeId: STORE, at: AT, custodian: { kind: "small" } });

    const made = await Promise.all([make(), make(), make()]);

    expect(new Set(made.map(({ custodianRecipient }) => custodianRecipient)).size).toBe(1);
    expect(new Set(made.map(({ providerKey }) => providerKey)).size).toBe(1);
    expect(await readdir(parent)).toEqual([STORE]);
  });

  it("changes no keyring that is there", async () => {
    const { folder, custodianRecipient } = await makeKeyring();
    const recipients = [custodianRecipient];

    await expect(
      createKeyring(folder, { storeId: STORE, at: AT, custodian: { kind: "team", recipients } }),
    ).rejects.toMatchObject({ exitCode: exitCode.config, message: expect.stringContaining("already") });
    expect(await reopen({ folder })).toMatchObject({ kind: "small", custodianRecipient });
  });
});

describe("ensuring keys", () => {
  it("makes one for each day, view and class that is wished, and says which days", async () => {
    const keyring = await makeEmptyKeyring();

    expect(await keyring.ensure(fewSeries, AT)).toEqual({
      made: 5,
      firstDay: "2026-10-30",
      lastDay: "2026-11-02",
    });
    const entries = await keyring.entries();
    expect(entries.map(({ view, retentionClass, day }) => `${view} ${retentionClass} ${day}`)).toEqual([
      "quarantine standard 2026-11-02",
      "raw standard 2026-10-30",
      "raw standard 2026-10-31",
      "raw standard 2026-11-01",
      "raw standard 2026-11-02",
    ]);
    expect(new Set(entries.map(({ recipient }) => recipient)).size).toBe(5);
    expect(entries.every(({ createdAt }) => createdAt === AT)).toBe(true);
  });

  it("makes only what is missing when it runs again", async () => {
    const keyring = await makeKeyring();
    const before = await keyring.entries();

    expect(await keyring.ensure(fewSeries, LATER)).toEqual({
      made: 0,
      firstDay: undefined,
      lastDay: undefined,
    });
    expect(await keyring.ensure([series("2026-11-01", "2026-11-03")], LATER)).toEqual({
      made: 1,
      firstDay: "2026-11-03",
      lastDay: "2026-11-03",
    });
    expect((await keyring.entries()).slice(0, -1)).toEqual(before);
  });

  it("lets several processes ensure at once, and makes each key once", async () => {
    const keyring = await makeEmptyKeyring();
    const others = [await reopen(keyring), await reopen(keyring)];

    const made = await Promise.all([keyring, ...others].map((one) => one.ensure(fewSeries, AT)));

    expect(made.map((one) => one.made).sort((a, b) => a - b)).toEqual([0, 0, 5]);
  });
});

describe("a small keyring", () => {
  it("opens without a secret, and gives the private half of each of its keys", async () => {
    const keyring = await reopen(await makeKeyring());
    const unlocked = await keyring.unlock(nothing);

    for (const entry of await keyring.entries()) {
      expect(encodeRecipient(recipientOf(await identityOf(unlocked, entry)))).toBe(entry.recipient);
    }
    expect(await unlocked.identityOf(raw("2026-12-01"))).toEqual({ kind: "no-key" });
    expect(await unlocked.identityOf({ ...raw("2026-11-01"), retentionClass: "short" })).toEqual({
      kind: "no-key",
    });
  });

  it("signs with the provider's key", async () => {
    const keyring = await makeEmptyKeyring();
    const unlocked = await keyring.unlock(nothing);
    const message = Buffer.from("what is published");

    expect(isSignedBy(keyring.providerKey, message, unlocked.sign(message))).toBe(true);
    expect(unlocked.providerHistory().map(({ key }) => key)).toEqual([keyring.providerKey]);
  });

  it("gives nothing once it is closed", async () => {
    const unlocked = await (await makeKeyring()).unlock(nothing);

    unlocked.close();

    expect(() => unlocked.sign(Buffer.from("x"))).toThrow("closed");
    await expect((async () => unlocked.identityOf(raw("2026-11-01")))()).rejects.toThrow("closed");
  });
});

describe("a keyring that must not be used", () => {
  const refused = async (folder: string, message: RegExp, code: number): Promise<void> => {
    const use = async (): Promise<void> => {
      const keyring = await openKeyring(folder, STORE);
      await keyring?.entries();
      await keyring?.unlock(nothing);
    };
    await expect(use()).rejects.toMatchObject({
      name: "UserError",
      exitCode: code,
      message: expect.stringMatching(message),
    });
  };

  it.each([
    ["", 0o750, /chmod 700 .*6f1c2f9e/],
    ["keyring.json", 0o640, /chmod 600 .*keyring\.json/],
    ["custodian.key", 0o644, /chmod 600 .*custodian\.key/],
    ["provider.age", 0o602, /chmod 600 .*provider\.age/],
    ["days", 0o755, /chmod 700 .*days/],
    ["days/raw_standard_2026-11.json", 0o604, /chmod 600 .*raw_standard_2026-11\.json/],
  ])("is one whose part %j others may read or change", async (name, mode, message) => {
    const { folder } = await makeKeyring();

    await chmod(join(folder, name), mode);

    await refused(folder, message, exitCode.config);
  });

  it.skipIf(process.getuid?.() !== 0)("is one that belongs to another user", async () => {
    const { folder } = await makeKeyring();

    await chown(join(folder, "custodian.key"), 12_345, 12_345);

    await refused(folder, /custodian\.key belongs to another user .*12345/, exitCode.config);
  });

  it("is one of another store", async () => {
    const { folder } = await makeKeyring();

    await expect(openKeyring(folder, "another")).rejects.toMatchObject({
      exitCode: exitCode.config,
      message: expect.stringContaining(STORE),
    });
  });

  it("is one that a newer version made", async () => {
    const { folder } = await makeKeyring();
    const path = join(folder, "keyring.json");
    await writeFile(path, (await readFile(path, "utf8")).replace('"version": 1', '"version": 2'));

    await refused(folder, /newer version of hostlog/, exitCode.config);
  });

  it.each(["keyring.json", "custodian.key", "provider.age", "days/raw_standard_2026-11.json"])(
    "is one whose %s is damaged or missing, and it is named",
    async (name) => {
      const { folder } = await makeKeyring();
      const path = join(folder, name);
      const bytes = await readFile(path);

      await writeFile(path, bytes.subarray(0, bytes.length / 2));
      await refused(folder, new RegExp(`${name} is damaged`), exitCode.integrity);
      if (name.startsWith("days/")) return;
      await rm(path);
      await refused(folder, new RegExp(`${name} is damaged: it is missing`), exitCode.integrity);
    },
  );

  it("is one in which a month lies in another's place", async () => {
    const { folder } = await makeKeyring();
    const days = join(folder, "days");
    await rename(join(days, "raw_standard_2026-10.json"), join(days, "raw_standard_2026-11.json"));

    await refused(folder, /raw_standard_2026-11\.json is damaged/, exitCode.integrity);
  });

  it("is one in which a recipient was exchanged for somebody else's", async () => {
    const keyring = await makeKeyring();
    const path = join(keyring.folder, "days/raw_standard_2026-11.json");
    const [one, other] = (await keyring.entries()).slice(3).map(({ recipient }) => recipient);
    const text = await readFile(path, "utf8");
    await writeFile(path, text.replace(one ?? "", other ?? ""));

    const unlocked = await keyring.unlock(nothing);

    await expect(unlocked.identityOf(raw("2026-11-01"))).rejects.toMatchObject({
      exitCode: exitCode.integrity,
      message: expect.stringContaining("raw/2026-11-01/standard is not the private half"),
    });
  });

  it("is none where there is no folder, or an empty one", async () => {
    const folder = await temporaryFolder();

    expect(await openKeyring(folder, STORE)).toBeUndefined();
    expect(await openKeyring(join(folder, "none"), STORE)).toBeUndefined();
  });
});

describeWithStockAge("without this program", () => {
  it("the stock age opens a day's key with custodian.key, and with that what is sealed for the day", async () => {
    const keyring = await makeKeyring();
    const folder = await copyOf(keyring);
    const entry = (await keyring.entries()).find(({ day }) => day === "2026-11-01");
    const object = await runAge(["-r", entry?.recipient ?? ""], Buffer.from("evidence"));

    const wrapped = Buffer.from(await wrappedIn(folder, raw("2026-11-01")), "base64");
    const dayKey = await runAge(["-d", "-i", join(folder, "custodian.key")], wrapped);
    await writeFile(join(folder, "day.key"), dayKey);

    expect((await runAge(["-d", "-i", join(folder, "day.key")], object)).toString()).toBe("evidence");
  });
});

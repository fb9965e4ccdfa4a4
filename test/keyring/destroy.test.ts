import { cp, link, open, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Keyring } from "../../src/keyring/keyring.ts";
import { encodeIdentity } from "../../src/seal/age-text.ts";
import { describeWithStockAge, runAge } from "../support/stock-age.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import {
  AT,
  copyOf,
  fewSeries,
  filesBelow,
  identityOf,
  LATER,
  makeKeyring,
  nothing,
  raw,
  reopen,
  series,
  wrappedIn,
} from "./support/keyring-world.ts";

const DAY = raw("2026-11-01");

/** Every way in which a private key could lie in a file: as it is, as text, and wrapped. */
async function tracesOf(keyring: Keyring): Promise<readonly (Buffer | string)[]> {
  const unlocked = await keyring.unlock(nothing);
  const identity = Buffer.from(await identityOf(unlocked, DAY));
  const wrapped = await wrappedIn(keyring.folder, DAY);
  const text = encodeIdentity(identity);
  return [
    identity,
    identity.toString("hex"),
    ...[0, 1, 2].map((lead) => base64Inside(identity, lead)),
    text.slice("AGE-SECRET-KEY-1".length, -6),
    text.slice("AGE-SECRET-KEY-1".length, -6).toLowerCase(),
    wrapped,
    Buffer.from(wrapped, "base64"),
    // A part of it too: a file that was half overwritten is no better.
    wrapped.slice(-60),
  ];
}

/** The base64 of bytes that stand behind `lead` others, without what depends on their neighbours. */
function base64Inside(bytes: Uint8Array, lead: number): string {
  return Buffer.concat([Buffer.alloc(lead), bytes])
    .toString("base64")
    .slice(lead === 0 ? 0 : 4, -4);
}

async function filesWith(folder: string, traces: readonly (Buffer | string)[]): Promise<readonly string[]> {
  const files = [...(await filesBelow(folder))];
  return files.filter(([, bytes]) => traces.some((trace) => bytes.includes(trace))).map(([name]) => name);
}

describe("destroying a key", () => {
  it("leaves no trace of its private half in any file of the keyring, and names the files it was in", async () => {
    const keyring = await makeKeyring();
    const traces = await tracesOf(keyring);
    expect(await filesWith(keyring.folder, traces)).toEqual(["days/raw_standard_2026-11.json"]);

    const { destroyed, copies, copiesLeft } = await keyring.destroy([DAY], LATER);

    expect(destroyed).toMatchObject([{ ...DAY, createdAt: AT, destroyedAt: LATER }]);
    expect(copies).toEqual(["days/raw_standard_2026-11.json"]);
    expect(copiesLeft).toEqual([]);
    expect(await filesWith(keyring.folder, traces)).toEqual([]);
  });

  it("overwrites the old file where it lay, also for who had it open", async () => {
    const keyring = await makeKeyring();
    const traces = await tracesOf(keyring);
    const old = await open(join(keyring.folder, "days/raw_standard_2026-11.json"));

    await keyring.destroy([DAY], LATER);

    const bytes = await old.readFile();
    await old.close();
    expect(traces.some((trace) => bytes.includes(trace))).toBe(false);
    expect(bytes.every((byte) => byte === 0)).toBe(true);
    expect(bytes.length).toBeGreaterThan(300);
  });

  it("removes what killed processes left of it, and says so", async () => {
    const keyring = await makeKeyring();
    const traces = await tracesOf(keyring);
    const month = join(keyring.folder, "days/raw_standard_2026-11.json");
    await cp(join(keyring.folder, "days"), join(keyring.folder, "decided.0123456789ab.tmp~", "days"), {
      recursive: true,
    });
    await cp(month, `${month}.0123456789ab.tmp~`);
    await cp(month, `${month}.0123456789ab.old~`);

    const { copies } = await keyring.destroy([DAY], LATER);

    expect(copies).toEqual([
      "days/raw_standard_2026-11.json",
      "days/raw_standard_2026-11.json.0123456789ab.old~",
      "days/raw_standard_2026-11.json.0123456789ab.tmp~",
      "decided.0123456789ab.tmp~/days/raw_standard_2026-11.json",
    ]);
    expect(await filesWith(keyring.folder, traces)).toEqual([]);
    expect([...(await filesBelow(keyring.folder)).keys()].some((name) => name.includes("~"))).toBe(false);
  });

  it("names a copy that somebody else has put into the folder, and leaves it to them, until they remove it", async () => {
    const keyring = await makeKeyring();
    const month = join(keyring.folder, "days/raw_standard_2026-11.json");
    await cp(month, join(keyring.folder, "before-the-move.json"));

    const { copies, copiesLeft } = await keyring.destroy([DAY], LATER);

    expect(copiesLeft).toEqual(["before-the-move.json"]);
    expect(copies).toEqual(["days/raw_standard_2026-11.json"]);
    expect((await keyring.destroy([DAY], LATER)).copiesLeft).toEqual(["before-the-move.json"]);
    await rm(join(keyring.folder, "before-the-move.json"));
    expect((await keyring.destroy([DAY], LATER)).copiesLeft).toEqual([]);
  });

  it("does not overwrite a file that a leftover is only another name of", async () => {
    const keyring = await makeKeyring();
    const month = join(keyring.folder, "days/raw_standard_2026-11.json");
    await link(month, `${month}.0123456789ab.old~`);

    const found = await reopen(keyring);

    expect(await found.entries()).toEqual(await keyring.entries());
    expect((await filesBelow(keyring.folder)).has("days/raw_standard_2026-11.json.0123456789ab.old~")).toBe(
      false,
    );
  });

  it("lets the other keys be", async () => {
    const keyring = await makeKeyring();
    const unlocked = await keyring.unlock(nothing);
    const others = (await keyring.entries()).filter(({ view, day }) => view !== "raw" || day !== DAY.day);
    const before = await Promise.all(others.map((name) => identityOf(unlocked, name)));

    await keyring.destroy([DAY], LATER);

    expect(await Promise.all(others.map((name) => identityOf(unlocked, name)))).toEqual(before);
    expect(await unlocked.identityOf(DAY)).toEqual({ kind: "destroyed", at: LATER });
  });

  it("is for ever: no ensure makes a key for the day again", async () => {
    const keyring = await makeKeyring();
    const { destroyed } = await keyring.destroy([DAY], LATER);

    expect((await keyring.ensure(fewSeries, LATER)).made).toBe(0);
    expect((await keyring.ensure([series(DAY.day, DAY.day)], LATER)).made).toBe(0);
    expect((await keyring.entries()).filter(({ destroyedAt }) => destroyedAt !== undefined)).toEqual(
      destroyed,
    );
  });

  it("does nothing a second time but to say when it was, and passes over days without a key", async () => {
    const keyring = await makeKeyring();
    const { destroyed } = await keyring.destroy([DAY], AT);
    const file = join(keyring.folder, "days/raw_standard_2026-11.json");
    const before = await readFile(file);

    const again = await keyring.destroy([DAY, raw("2026-12-24"), raw("2026-11-30")], LATER);

    expect(again).toEqual({
      destroyed: [],
      destroyedBefore: destroyed,
      copies: [],
      copiesLeft: [],
      exportsOutstanding: [],
    });
    expect(await readFile(file)).toEqual(before);
  });

  it("takes keys of several months, views and classes at once", async () => {
    const keyring = await makeKeyring();
    const names = await keyring.entries();

    const { destroyed, copies } = await keyring.destroy(names, LATER);

    expect(destroyed).toHaveLength(names.length);
    expect(copies).toEqual([
      "days/quarantine_standard_2026-11.json",
      "days/raw_standard_2026-10.json",
      "days/raw_standard_2026-11.json",
    ]);
  });
});

describe("a destroyed key that was exported", () => {
  it("is outstanding in the exports that held it until each is confirmed gone", async () => {
    const keyring = await makeKeyring();
    const unlocked = await keyring.unlock(nothing);
    const recipient = keyring.custodianRecipient;
    for (const at of ["2026-11-22T10:00:00Z", "2026-11-22T11:00:00Z", "2026-11-22T12:00:00Z"]) {
      await unlocked.export({ at, sealedFor: { recipients: [recipient] } });
    }
    await keyring.confirmGone(2, LATER, "the disk was shredded");

    const { destroyed, exportsOutstanding } = await keyring.destroy([DAY], LATER);

    expect(exportsOutstanding).toEqual([1, 3]);
    expect(destroyed).toMatchObject([{ exportedIn: [1, 3] }]);
    await keyring.confirmGone(1, LATER, "the safe burnt down");
    expect((await keyring.destroy([DAY], LATER)).exportsOutstanding).toEqual([3]);
  });

  it("is not outstanding in an export of before it was made, nor of after it was destroyed", async () => {
    const keyring = await makeKeyring();
    const unlocked = await keyring.unlock(nothing);
    const recipients = [keyring.custodianRecipient];
    await unlocked.export({ at: AT, sealedFor: { recipients } });
    await keyring.ensure([series("2026-11-05", "2026-11-05")], LATER);

    expect((await keyring.destroy([raw("2026-11-05")], LATER)).exportsOutstanding).toEqual([]);
    await unlocked.export({ at: LATER, sealedFor: { recipients } });
    expect((await keyring.destroy([raw("2026-11-05")], LATER)).exportsOutstanding).toEqual([]);
    expect((await keyring.destroy([DAY], LATER)).exportsOutstanding).toEqual([1, 2]);
  });

  it("is outstanding also when the clock said that the export was before the key", async () => {
    const keyring = await makeKeyring();
    const unlocked = await keyring.unlock(nothing);
    const recipients = [keyring.custodianRecipient];
    await unlocked.export({ at: "2020-01-01T00:00:00Z", sealedFor: { recipients } });

    expect((await keyring.destroy([DAY], LATER)).exportsOutstanding).toEqual([1]);
  });

  it("has numbers that nobody confirms by mistake", async () => {
    const keyring = await makeKeyring();

    await expect(keyring.confirmGone(1, LATER, "never was")).rejects.toThrow("there is no export 1");
  });
});

describeWithStockAge("an object of a destroyed day", () => {
  it("was opened before, and cannot be opened with all that is left in the keyring", async () => {
    const keyring = await makeKeyring();
    const folder = await temporaryFolder();
    const recipient = (await keyring.entries()).find(
      ({ view, day }) => view === "raw" && day === DAY.day,
    )?.recipient;
    const object = await runAge(["-r", recipient ?? ""], Buffer.from("evidence"));
    expect(await openWithAllOf(await copyOf(keyring), folder, object)).toBe(1);

    await keyring.destroy([DAY], LATER);

    expect(await openWithAllOf(keyring.folder, folder, object)).toBe(0);
  });

  /** Tries every identity that the stock age gets out of the keyring; how many open the object. */
  async function openWithAllOf(keyring: string, folder: string, object: Uint8Array): Promise<number> {
    const custodian = join(keyring, "custodian.key");
    const identities: Buffer[] = [await readFile(custodian)];
    for (const [, bytes] of await filesBelow(keyring)) {
      for (const [, base64 = ""] of bytes.toString("latin1").matchAll(/"identity": "([^"]+)"/g)) {
        identities.push(await runAge(["-d", "-i", custodian], Buffer.from(base64, "base64")));
      }
    }
    expect(identities.length).toBeGreaterThan(4);
    let opened = 0;
    for (const [index, identity] of identities.entries()) {
      const path = join(folder, `${index}.key`);
      await writeFile(path, identity);
      const plain = await runAge(["-d", "-i", path], object).catch(() => undefined);
      if (plain?.toString() === "evidence") opened++;
    }
    return opened;
  }
});

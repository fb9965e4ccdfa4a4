import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Encrypter, generateX25519Identity, identityToRecipient } from "age-encryption";
import { beforeAll, describe, expect, it } from "vitest";
import { exitCode } from "../../src/exit-code.ts";
import { restoreKeyring } from "../../src/keyring/io/restore-keyring.ts";
import type { CustodianSecrets, Keyring } from "../../src/keyring/keyring.ts";
import { isSignedBy } from "../../src/keyring/provider-history.ts";
import { sha256Hex } from "../../src/sha256.ts";
import { describeWithStockAge, runAge } from "../support/stock-age.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import {
  AT,
  filesBelow,
  identityOf,
  LATER,
  makeKeyring,
  nothing,
  raw,
  STORE,
  series,
} from "./support/keyring-world.ts";

const DAY = raw("2026-11-01");

let identity: string;
let recipients: readonly string[];
let secrets: CustodianSecrets;

beforeAll(async () => {
  identity = await generateX25519Identity();
  recipients = [await identityToRecipient(identity)];
  secrets = { identities: [identity], passphrase: undefined };
});

async function exported(keyring: Keyring): Promise<Uint8Array> {
  const unlocked = await keyring.unlock(keyring.kind === "small" ? nothing : secrets);
  const { bytes } = await unlocked.export({ at: AT, sealedFor: { recipients } });
  return bytes;
}

async function newFolder(): Promise<string> {
  return join(await temporaryFolder(), "keys", STORE);
}

const small = { custodian: { kind: "small" } } as const;

describe("an export", () => {
  it("is numbered, and noted with its hash and how many keys it holds", async () => {
    const keyring = await makeKeyring();
    await keyring.destroy([DAY], LATER);
    const unlocked = await keyring.unlock(nothing);

    const first = await unlocked.export({ at: AT, sealedFor: { recipients } });
    const second = await unlocked.export({ at: LATER, sealedFor: { recipients } });

    expect(first.entry).toEqual({
      number: 1,
      at: AT,
      sha256: sha256Hex(first.bytes),
      keys: 4,
      newestKeyAt: AT,
      gone: undefined,
    });
    expect(await keyring.exports()).toEqual([first.entry, second.entry]);
  });

  it("is for a team's people when nobody else is named", async () => {
    const keyring = await makeKeyring({ kind: "team", recipients });

    const { bytes } = await (await keyring.unlock(secrets)).export({ at: AT, sealedFor: undefined });

    expect(await restoreKeyring(bytes, await newFolder(), secrets, [], small)).toMatchObject({
      storeId: STORE,
    });
  });

  it("of a small keyring must be told for whom, since it is to be opened elsewhere", async () => {
    const keyring = await makeKeyring();

    await expect(
      (await keyring.unlock(nothing)).export({ at: AT, sealedFor: undefined }),
    ).rejects.toMatchObject({
      exitCode: exitCode.usage,
      message: expect.stringContaining("say for whom the export is"),
    });
    expect(await keyring.exports()).toEqual([]);
  });

  it("is confirmed gone once, in the words of who knows", async () => {
    const keyring = await makeKeyring();
    await exported(keyring);

    const gone = await keyring.confirmGone(1, LATER, "stick broken in two");

    expect(gone.gone).toEqual({ at: LATER, reason: "stick broken in two" });
    expect(await keyring.confirmGone(1, AT, "something else")).toEqual(gone);
    expect(await keyring.exports()).toEqual([gone]);
  });
});

describeWithStockAge("an export, without this program", () => {
  it("is JSON with the age identity of each day in a line, that opens what is sealed for it", async () => {
    const keyring = await makeKeyring();
    const folder = await temporaryFolder();
    await writeFile(join(folder, "me"), identity);
    const recipient = (await keyring.entries()).find(
      ({ view, day }) => view === "raw" && day === DAY.day,
    )?.recipient;
    const object = await runAge(["-r", recipient ?? ""], Buffer.from("evidence"));

    const text = (await runAge(["-d", "-i", join(folder, "me")], await exported(keyring))).toString();

    const lines = text.split("\n").filter((line) => line.includes('"day":"2026-11-01"'));
    const dayKey = /AGE-SECRET-KEY-1\w+/.exec(lines[0] ?? "")?.[0] ?? "";
    await writeFile(join(folder, "day.key"), dayKey);
    expect((await runAge(["-d", "-i", join(folder, "day.key")], object)).toString()).toBe("evidence");
    expect(JSON.parse(text)).toMatchObject({ store: STORE, number: 1, keys: { length: 5 } });
    const custodian = await readFile(join(keyring.folder, "custodian.key"), "utf8");
    expect(text).not.toContain(/AGE-SECRET-KEY-1\w+/.exec(custodian)?.[0]);
  });
});

describe("restoring", () => {
  it("gives the same keys and the same provider, under a new custodian", async () => {
    const keyring = await makeKeyring();
    await keyring.destroy([raw("2026-10-31")], LATER);
    const before = await keyring.unlock(nothing);

    const restored = await restoreKeyring(await exported(keyring), await newFolder(), secrets, [], small);

    expect(await restored.entries()).toEqual(await keyring.entries());
    expect(restored.providerKey).toBe(keyring.providerKey);
    expect(restored.custodianRecipient).not.toBe(keyring.custodianRecipient);
    const after = await restored.unlock(nothing);
    expect(await identityOf(after, DAY)).toEqual(await identityOf(before, DAY));
    expect(after.providerHistory()).toEqual(before.providerHistory());
    expect(isSignedBy(keyring.providerKey, Buffer.from("x"), after.sign(Buffer.from("x")))).toBe(true);
  });

  it("knows of all exports, also of the one that it came from", async () => {
    const keyring = await makeKeyring();
    await exported(keyring);
    await keyring.confirmGone(1, LATER, "lost");
    const bytes = await exported(keyring);

    const restored = await restoreKeyring(bytes, await newFolder(), secrets, [], small);

    expect(await restored.exports()).toEqual(await keyring.exports());
    expect((await restored.destroy([DAY], LATER)).exportsOutstanding).toEqual([2]);
  });

  it("does not bring back what was destroyed since: no key, no trace, and never a new one", async () => {
    const keyring = await makeKeyring();
    const bytes = await exported(keyring);
    const [gone] = (await keyring.destroy([DAY], LATER)).destroyed;
    await keyring.ensure([series("2026-11-09", "2026-11-09")], LATER);
    const [young] = (await keyring.destroy([raw("2026-11-09")], LATER)).destroyed;
    if (gone?.destroyedAt === undefined || young?.destroyedAt === undefined) throw new Error("not destroyed");
    const since = [gone, young].map((one) => ({ ...one, destroyedAt: LATER }));

    const restored = await restoreKeyring(bytes, await newFolder(), secrets, since, small);

    const unlocked = await restored.unlock(nothing);
    expect(await unlocked.identityOf(DAY)).toEqual({ kind: "destroyed", at: LATER });
    expect(await unlocked.identityOf(raw("2026-11-09"))).toEqual({ kind: "destroyed", at: LATER });
    expect((await restored.ensure([series("2026-11-01", "2026-11-09")], LATER)).made).toBe(6);
    const tomb = (await restored.entries()).find(({ view, day }) => view === "raw" && day === DAY.day);
    expect(tomb).toMatchObject({ recipient: gone.recipient, exportedIn: [1] });
  });

  it("is refused where a keyring is", async () => {
    const keyring = await makeKeyring();
    const before = await filesBelow(keyring.folder);

    await expect(
      restoreKeyring(await exported(await makeKeyring()), keyring.folder, secrets, [], small),
    ).rejects.toMatchObject({ exitCode: exitCode.config });
    expect(await filesBelow(keyring.folder)).toEqual(before);
  });

  it("is refused for another store, without the secret, and for a file that is none", async () => {
    const bytes = await exported(await makeKeyring());
    const folder = await newFolder();
    const restore = (file: Uint8Array, given: CustodianSecrets, storeId?: string): Promise<Keyring> =>
      restoreKeyring(file, folder, given, [], storeId === undefined ? small : { ...small, storeId });

    await expect(restore(bytes, secrets, "another")).rejects.toMatchObject({ exitCode: exitCode.config });
    await expect(restore(bytes, nothing)).rejects.toMatchObject({ exitCode: exitCode.usage });
    await expect(restore(bytes.subarray(0, -1), secrets)).rejects.toMatchObject({ exitCode: exitCode.usage });
    await expect(restore(Buffer.from("junk"), secrets)).rejects.toMatchObject({ exitCode: exitCode.usage });
    const encrypter = new Encrypter();
    encrypter.addRecipient(recipients[0] ?? "");
    const other = await encrypter.encrypt(`{"version":1,"secret":"${identity}"}`);
    const error: unknown = await restore(other, secrets).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ exitCode: exitCode.integrity });
    expect(String(error)).not.toContain("AGE-SECRET-KEY");
  });
});

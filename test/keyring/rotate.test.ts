import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { generateX25519Identity, identityToRecipient } from "age-encryption";
import { describe, expect, it } from "vitest";
import { exitCode } from "../../src/exit-code.ts";
import type { Keyring, UnlockedKeyring } from "../../src/keyring/keyring.ts";
import { followProvider, isSignedBy } from "../../src/keyring/provider-history.ts";
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

async function identitiesOf(keyring: Keyring, unlocked: UnlockedKeyring): Promise<readonly Uint8Array[]> {
  const kept = (await keyring.entries()).filter(({ destroyedAt }) => destroyedAt === undefined);
  return Promise.all(kept.map((name) => identityOf(unlocked, name)));
}

describe("rotating the custodian", () => {
  it("keeps every key and its recipient, wrapped for a new identity", async () => {
    const keyring = await makeKeyring();
    await keyring.destroy([raw("2026-10-31")], LATER);
    const unlocked = await keyring.unlock(nothing);
    const [entries, identities] = [await keyring.entries(), await identitiesOf(keyring, unlocked)];

    const rotated = await unlocked.rotate({ what: "custodian", custodian: { kind: "small" } });

    expect(rotated.keyring.custodianRecipient).not.toBe(keyring.custodianRecipient);
    expect(await rotated.keyring.entries()).toEqual(entries);
    expect(await identitiesOf(keyring, rotated)).toEqual(identities);
    const found = await reopen(keyring);
    expect(found).toMatchObject({
      custodianRecipient: rotated.keyring.custodianRecipient,
      providerKey: keyring.providerKey,
    });
    expect(await identitiesOf(found, await found.unlock(nothing))).toEqual(identities);
    const message = Buffer.from("x");
    expect(isSignedBy(keyring.providerKey, message, rotated.sign(message))).toBe(true);
  });

  it("leaves nothing of the old identity, nor of what was wrapped for it", async () => {
    const keyring = await makeKeyring();
    const old = await readFile(join(keyring.folder, "custodian.key"), "latin1");
    const secret = /AGE-SECRET-KEY-1\w+/.exec(old)?.[0] ?? "";
    const wrapped = await wrappedIn(keyring.folder, raw("2026-11-01"));
    const unlocked = await keyring.unlock(nothing);
    expect(secret.length).toBe(74);

    await unlocked.rotate({ what: "custodian", custodian: { kind: "small" } });

    const files = await filesBelow(keyring.folder);
    for (const [name, bytes] of files) {
      expect([name, bytes.includes(secret), bytes.includes(wrapped)]).toEqual([name, false, false]);
    }
    expect([...files.keys()].sort()).toEqual([
      "custodian.key",
      "days/quarantine_standard_2026-11.json",
      "days/raw_standard_2026-10.json",
      "days/raw_standard_2026-11.json",
      "keyring.json",
      "provider.age",
    ]);
  });

  it("makes a team's keyring of a small one, and leaves no clear key behind", async () => {
    const keyring = await makeKeyring();
    const identity = await generateX25519Identity();
    const recipients = [await identityToRecipient(identity)];
    const unlocked = await keyring.unlock(nothing);

    await unlocked.rotate({ what: "custodian", custodian: { kind: "team", recipients } });

    const found = await reopen(keyring);
    expect(found).toMatchObject({ kind: "team", people: recipients });
    expect((await filesBelow(found.folder)).has("custodian.key")).toBe(false);
    await expect(found.unlock(nothing)).rejects.toMatchObject({ exitCode: exitCode.usage });
    const team = await found.unlock({ ...nothing, identities: [identity] });
    expect(await identitiesOf(found, team)).toHaveLength(5);
    await team.rotate({ what: "custodian", custodian: { kind: "small" } });
    expect((await filesBelow(found.folder)).has("custodian.age")).toBe(false);
  });

  it("tells who unlocked the keyring before to do it again", async () => {
    const keyring = await makeKeyring();
    const [one, other] = [await keyring.unlock(nothing), await keyring.unlock(nothing)];
    await one.rotate({ what: "custodian", custodian: { kind: "small" } });
    const refusal = { exitCode: exitCode.tryAgain, message: expect.stringContaining("start this again") };

    await expect(other.identityOf(raw("2026-11-01"))).rejects.toMatchObject(refusal);
    await expect(other.rotate({ what: "provider" })).rejects.toMatchObject(refusal);
    await expect(
      other.export({ at: AT, sealedFor: { recipients: [keyring.custodianRecipient] } }),
    ).rejects.toMatchObject(refusal);
  });

  it("lets who had the keyring open make keys for the new custodian", async () => {
    const keyring = await makeKeyring();
    const rotated = await (await keyring.unlock(nothing)).rotate({
      what: "custodian",
      custodian: { kind: "small" },
    });

    await keyring.ensure([series("2026-11-05", "2026-11-05")], LATER);

    expect(await identityOf(rotated, raw("2026-11-05"))).toHaveLength(32);
  });

  it("does not open with the old custodian's key, in whatever copy of it", async () => {
    const keyring = await makeKeyring();
    const copy = await copyOf(keyring);
    await (await keyring.unlock(nothing)).rotate({ what: "custodian", custodian: { kind: "small" } });

    await writeFile(join(keyring.folder, "custodian.key"), await readFile(join(copy, "custodian.key")));

    await expect((await reopen(keyring)).unlock(nothing)).rejects.toMatchObject({
      exitCode: exitCode.integrity,
    });
  });

  it("changes nothing when the new people's recipients are none", async () => {
    const keyring = await makeKeyring();
    const before = await filesBelow(keyring.folder);
    const unlocked = await keyring.unlock(nothing);

    await expect(
      unlocked.rotate({ what: "custodian", custodian: { kind: "team", recipients: ["age1junk"] } }),
    ).rejects.toThrow("no age recipient");

    expect(await filesBelow(keyring.folder)).toEqual(before);
    expect(await unlocked.identityOf(raw("2026-11-01"))).toMatchObject({ kind: "identity" });
  });
});

describe("rotating the provider", () => {
  it("signs with a new key, to which those who know an earlier one can follow", async () => {
    const keyring = await makeKeyring();
    const second = await (await keyring.unlock(nothing)).rotate({ what: "provider" });
    const third = await second.rotate({ what: "provider" });
    const message = Buffer.from("x");
    const found = await reopen(keyring);

    expect(new Set([keyring, second.keyring, third.keyring].map((one) => one.providerKey)).size).toBe(3);
    expect(found.providerKey).toBe(third.keyring.providerKey);
    expect(isSignedBy(found.providerKey, message, (await found.unlock(nothing)).sign(message))).toBe(true);
    for (const { providerKey } of [keyring, second.keyring, third.keyring]) {
      expect(followProvider(providerKey, third.providerHistory())).toBe(found.providerKey);
    }
  });

  it("leaves the day keys as they are", async () => {
    const keyring = await makeKeyring();
    const before = await wrappedIn(keyring.folder, raw("2026-11-01"));

    const rotated = await (await keyring.unlock(nothing)).rotate({ what: "provider" });

    expect(await wrappedIn(keyring.folder, raw("2026-11-01"))).toBe(before);
    expect(rotated.keyring.custodianRecipient).toBe(keyring.custodianRecipient);
    expect((await rotated.keyring.ensure(fewSeries, LATER)).made).toBe(0);
  });
});

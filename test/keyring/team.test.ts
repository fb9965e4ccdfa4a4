import { execFile } from "node:child_process";
import { chmod, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import {
  Encrypter,
  generateHybridIdentity,
  generateX25519Identity,
  identityToRecipient,
} from "age-encryption";
import { describe, expect, it } from "vitest";
import { exitCode } from "../../src/exit-code.ts";
import { identityTextOf } from "../../src/keyring/identity-text.ts";
import type { CustodianSecrets, Keyring } from "../../src/keyring/keyring.ts";
import { encodeRecipient } from "../../src/seal/age-text.ts";
import { recipientOf } from "../../src/seal/x25519.ts";
import { describeWithStockAge, runAge, runAgeKeygen } from "../support/stock-age.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import {
  copyOf,
  filesBelow,
  identityOf,
  makeEmptyKeyring,
  makeKeyring,
  nothing,
  raw,
  reopen,
} from "./support/keyring-world.ts";

const run = promisify(execFile);

const PASSPHRASE = "correct horse battery staple";

/** Unlocks it and shows that it is unlocked: it gives a key that is the right one. */
async function expectUnlocked(keyring: Keyring, secrets: Partial<CustodianSecrets>): Promise<void> {
  const unlocked = await keyring.unlock({ ...nothing, ...secrets });
  const entry = (await keyring.entries()).find(({ view, day }) => view === "raw" && day === "2026-11-01");
  const identity = await identityOf(unlocked, raw("2026-11-01"));
  expect(encodeRecipient(recipientOf(identity))).toBe(entry?.recipient);
}

async function person(): Promise<{ readonly identity: string; readonly recipient: string }> {
  const identity = await generateX25519Identity();
  return { identity, recipient: await identityToRecipient(identity) };
}

async function quicklySealed(plain: string, passphrase: string): Promise<Uint8Array> {
  const encrypter = new Encrypter();
  encrypter.setPassphrase(passphrase);
  encrypter.setScryptWorkFactor(10);
  return encrypter.encrypt(plain);
}

describe("a team's keyring", () => {
  it("opens for each of its people, whatever else stands in the identity file", async () => {
    const [one, other, stranger] = [await person(), await person(), await person()];
    const recipients = [one.recipient, other.recipient];
    const keyring = await reopen(await makeKeyring({ kind: "team", recipients }));

    expect(keyring).toMatchObject({ kind: "team", people: recipients });
    await expectUnlocked(keyring, { identities: [one.identity] });
    const file = `# created: 2026-11-22\r\n# public key: …\r\n${stranger.identity}\r\n\r\n${other.identity}\r\n`;
    await expectUnlocked(keyring, { identities: [file] });
    await expectUnlocked(keyring, { identities: [stranger.identity, one.identity], passphrase: "unneeded" });
  });

  it("opens for a hybrid post-quantum identity", async () => {
    const identity = await generateHybridIdentity();
    const recipients = [await identityToRecipient(identity)];
    const keyring = await makeKeyring({ kind: "team", recipients });

    await expectUnlocked(keyring, { identities: [identity] });
  });

  it("opens for nobody else, and says for whom it is", async () => {
    const [one, stranger] = [await person(), await person()];
    const keyring = await makeKeyring({ kind: "team", recipients: [one.recipient] });
    const refusal = { exitCode: exitCode.usage, message: expect.stringContaining(one.recipient) };

    await expect(keyring.unlock(nothing)).rejects.toMatchObject(refusal);
    await expect(keyring.unlock({ ...nothing, identities: [stranger.identity] })).rejects.toMatchObject(
      refusal,
    );
    await expect(keyring.unlock({ ...nothing, identities: ["junk"] })).rejects.toMatchObject(refusal);
    await expect(keyring.unlock({ ...nothing, passphrase: PASSPHRASE })).rejects.toMatchObject(refusal);
  });

  it("names no secret when it refuses", async () => {
    const [one, stranger] = [await person(), await person()];
    const keyring = await makeKeyring({ kind: "team", recipients: [one.recipient] });
    const secrets = { identities: [stranger.identity], passphrase: PASSPHRASE };

    const error: unknown = await keyring.unlock(secrets).catch((caught: unknown) => caught);

    expect(String(error)).not.toContain("AGE-SECRET-KEY");
    expect(String(error)).not.toContain(PASSPHRASE);
  });

  it("has no private key in the clear in any of its files", async () => {
    const one = await person();
    const keyring = await makeKeyring({ kind: "team", recipients: [one.recipient] });

    for (const [name, bytes] of await filesBelow(keyring.folder)) {
      const text = bytes.toString("latin1");
      expect([name, /AGE-SECRET-KEY|PRIVATE KEY/.test(text)]).toEqual([name, false]);
    }
    expect((await filesBelow(keyring.folder)).has("custodian.key")).toBe(false);
  });

  it("makes and destroys keys without a secret", async () => {
    const one = await person();
    const keyring = await makeKeyring({ kind: "team", recipients: [one.recipient] });

    expect((await keyring.destroy([raw("2026-11-01")], "2026-11-23T00:00:00Z")).destroyed).toHaveLength(1);
  });

  it("opens with a passphrase, and not with another", { timeout: 60_000 }, async () => {
    const keyring = await makeKeyring({ kind: "team", passphrase: PASSPHRASE });

    await expectUnlocked(keyring, { passphrase: PASSPHRASE });
    // Each try at a file of ours takes a second, on purpose.
    await writeFile(join(keyring.folder, "custodian.age"), await quicklySealed("anything", PASSPHRASE));
    await expect(keyring.unlock({ ...nothing, passphrase: `${PASSPHRASE} ` })).rejects.toMatchObject({
      exitCode: exitCode.usage,
      message: expect.stringContaining("is for a passphrase"),
    });
  });

  it.each([
    ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIH", /ssh-ed25519 AAAA.*no age recipient/],
    ["age1junk", /age1junk is no age recipient/],
    ["AGE-SECRET-KEY-1QQQQ", /^one of those given is no age recipient/],
  ])("is not made for %s", async (recipient, message) => {
    await expect(makeEmptyKeyring({ kind: "team", recipients: [recipient] })).rejects.toMatchObject({
      exitCode: exitCode.usage,
      message: expect.stringMatching(message),
    });
  });

  it("is not made for nobody", async () => {
    await expect(makeEmptyKeyring({ kind: "team", recipients: [] })).rejects.toThrow("no recipient");
    await expect(makeEmptyKeyring({ kind: "team", passphrase: "" })).rejects.toThrow("cannot be empty");
  });
});

describeWithStockAge("a team's keyring and the stock age", () => {
  it("agree on who opens custodian.age, and what it prints unlocks the keyring", async () => {
    const folder = await temporaryFolder();
    await runAgeKeygen(["-o", join(folder, "me")]);
    const identityFile = await readFile(join(folder, "me"), "utf8");
    const recipient = (await runAgeKeygen(["-y", join(folder, "me")])).toString().trim();
    const keyring = await makeKeyring({ kind: "team", recipients: [recipient] });

    const printed = await runAge(["-d", "-i", join(folder, "me"), join(keyring.folder, "custodian.age")]);

    expect(printed.toString()).toContain(`# public key: ${keyring.custodianRecipient}`);
    await expectUnlocked(keyring, { identities: [printed.toString()] });
    await expectUnlocked(keyring, { identities: [identityFile] });
  });

  it("let custodian.age be wrapped for an ssh key instead", async () => {
    const folder = await temporaryFolder();
    const one = await person();
    const keyring = await makeKeyring({ kind: "team", recipients: [one.recipient] });
    const custodian = join(keyring.folder, "custodian.age");
    await writeFile(join(folder, "me"), one.identity);
    await run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", join(folder, "ssh")]);

    const plain = await runAge(["-d", "-i", join(folder, "me"), custodian]);
    await writeFile(custodian, await runAge(["-a", "-R", join(folder, "ssh.pub")], plain));

    await expect(keyring.unlock({ ...nothing, identities: [one.identity] })).rejects.toThrow(
      /ssh-ed25519.*"age -d"/,
    );
    const printed = await runAge(["-d", "-i", join(folder, "ssh"), custodian]);
    await expectUnlocked(keyring, { identities: [printed.toString()] });
    await writeFile(custodian, await runAge(["-r", one.recipient], plain));
    await expectUnlocked(keyring, { identities: [one.identity] });
  });

  it("take what custodian.age printed of an older keyring for nobody's", async () => {
    const one = await person();
    const keyring = await makeKeyring({ kind: "team", recipients: [one.recipient] });
    const other = await makeKeyring();
    const printed = await readFile(join(other.folder, "custodian.key"), "utf8");

    await expect(keyring.unlock({ ...nothing, identities: [printed] })).rejects.toThrow(one.recipient);
  });

  it("refuse a custodian.age with another keyring's identity in it", async () => {
    const one = await person();
    const keyring = await makeKeyring({ kind: "team", recipients: [one.recipient] });
    const foreign = await copyOf(await makeKeyring({ kind: "team", recipients: [one.recipient] }));
    await writeFile(join(keyring.folder, "custodian.age"), await readFile(join(foreign, "custodian.age")));

    await expect(keyring.unlock({ ...nothing, identities: [one.identity] })).rejects.toMatchObject({
      exitCode: exitCode.integrity,
    });
  });

  it("read an identity file that is encrypted with a passphrase itself", async () => {
    const one = await person();
    const keyring = await makeKeyring({ kind: "team", recipients: [one.recipient] });
    const encrypted = identityTextOf(await quicklySealed(`# mine\n${one.identity}\n`, PASSPHRASE));

    await expectUnlocked(keyring, { identities: [encrypted], passphrase: PASSPHRASE });
    await expect(keyring.unlock({ ...nothing, identities: [encrypted] })).rejects.toThrow(
      "give that passphrase",
    );
    await expect(keyring.unlock({ identities: [encrypted], passphrase: "another" })).rejects.toThrow(
      "does not open the encrypted identity file",
    );
  });

  it("let nobody be a custodian whose file others may read", async () => {
    const one = await person();
    const keyring = await makeKeyring({ kind: "team", recipients: [one.recipient] });

    await chmod(join(keyring.folder, "custodian.age"), 0o644);

    await expect(keyring.unlock({ ...nothing, identities: [one.identity] })).rejects.toThrow("chmod 600");
  });
});

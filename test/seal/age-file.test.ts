import { generateKeyPairSync, randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Decrypter, Encrypter } from "age-encryption";
import { describe, expect, it } from "vitest";
import { openHeader, splitHeader } from "../../src/seal/age-header.ts";
import { decodeIdentity, decodeRecipient, encodeIdentity, encodeRecipient } from "../../src/seal/age-text.ts";
import { openForIdentity } from "../../src/seal/open-bytes.ts";
import { SealBrokenError } from "../../src/seal/seal-broken-error.ts";
import { sealBytes } from "../../src/seal/seal-bytes.ts";
import { NONCE_BYTES, sealedLayout } from "../../src/seal/sealed-layout.ts";
import { generateIdentity, recipientOf } from "../../src/seal/x25519.ts";
import { describeWithStockAge, runAge, runAgeKeygen } from "../support/stock-age.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/** Around the borders of a chunk, of which a file has none, one and many. */
const sizes = [0, 1, 65_535, 65_536, 65_537, 1024 * 1024];

function same(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

describe.each(sizes)("a sealed object of %i plain bytes", (size) => {
  const plain = randomBytes(size);
  const { identity, recipient } = generateIdentity();

  it("opens with its key, and has the size that its layout says", () => {
    const sealed = sealBytes(plain, [recipient]);
    expect(same(openForIdentity(sealed, identity), plain)).toBe(true);
    const headerBytes = splitHeader(sealed)?.length ?? 0;
    expect(sealedLayout(sealed.length, headerBytes)?.plainSizeBytes).toBe(size);
  });

  it("opens with each of several keys", () => {
    const other = generateIdentity();
    const sealed = sealBytes(plain, [other.recipient, recipient]);
    expect(same(openForIdentity(sealed, identity), plain)).toBe(true);
    expect(same(openForIdentity(sealed, other.identity), plain)).toBe(true);
  });

  it("is read by the age-encryption package, and the package's is read here", async () => {
    const decrypter = new Decrypter();
    decrypter.addIdentity(encodeIdentity(identity));
    expect(same(await decrypter.decrypt(sealBytes(plain, [recipient])), plain)).toBe(true);
    const encrypter = new Encrypter();
    encrypter.addRecipient(encodeRecipient(recipient));
    expect(same(openForIdentity(await encrypter.encrypt(plain), identity), plain)).toBe(true);
  });
});

describe("the bytes of a sealed object", () => {
  it("lie in an ArrayBuffer of their own, which can be handed to another thread", () => {
    const sealed = sealBytes(randomBytes(100), [generateIdentity().recipient]);
    expect(sealed.byteOffset).toBe(0);
    expect(sealed.buffer.byteLength).toBe(sealed.length);
  });

  it("share no file key, no nonce and no ephemeral key with another's: none is ever used twice", () => {
    const { identity, recipient } = generateIdentity();
    const parts = ["one", "two"].map(() => {
      const sealed = Buffer.from(sealBytes(Buffer.from("the same"), [recipient]));
      const header = splitHeader(sealed) ?? new Uint8Array();
      return {
        fileKey: openHeader(header, identity),
        nonce: sealed.subarray(header.length, header.length + NONCE_BYTES),
        share: /X25519 (\S+)/.exec(Buffer.from(header).toString())?.[1],
      };
    });
    const [one, two] = parts;
    expect(one?.fileKey).toHaveLength(16);
    expect(one?.fileKey).not.toEqual(two?.fileKey);
    expect(one?.nonce).not.toEqual(two?.nonce);
    expect(one?.share).not.toBe(two?.share);
  });
});

describeWithStockAge("the stock age tool", () => {
  it.each(sizes)("opens what is sealed here, of %i bytes", async (size) => {
    const folder = await temporaryFolder();
    const { identity, recipient } = generateIdentity();
    const plain = randomBytes(size);
    await writeFile(join(folder, "key.txt"), `${encodeIdentity(identity)}\n`, { mode: 0o600 });
    const opened = await runAge(["-d", "-i", join(folder, "key.txt")], sealBytes(plain, [recipient]));
    expect(same(opened, plain)).toBe(true);
  });

  it.each(sizes)("seals what opens here, of %i bytes, for a key of age-keygen", async (size) => {
    const keyFile = (await runAgeKeygen()).toString();
    const text = /^AGE-SECRET-KEY-1\w+$/m.exec(keyFile)?.[0] ?? "";
    const recipientText = /age1\w+/.exec(keyFile)?.[0] ?? "";
    const identity = decodeIdentity(text) ?? new Uint8Array();
    expect(recipientOf(identity)).toEqual(decodeRecipient(recipientText));
    const plain = randomBytes(size);
    const sealed = await runAge(["-r", recipientText], plain);
    expect(same(openForIdentity(sealed, identity), plain)).toBe(true);
  });
  it("seals what opens here also when it is for an SSH key too", async () => {
    const folder = await temporaryFolder();
    const { identity, recipient } = generateIdentity();
    await writeFile(join(folder, "ssh.pub"), sshPublicKey());
    const args = ["-R", join(folder, "ssh.pub"), "-r", encodeRecipient(recipient)];
    const sealed = await runAge(args, Buffer.from("both"));
    expect(sealed.toString("latin1")).toContain("-> ssh-ed25519 ");
    expect(Buffer.from(openForIdentity(sealed, identity)).toString()).toBe("both");
  });

  it("makes armoured files on demand, which no object is", async () => {
    const { identity, recipient } = generateIdentity();
    const armoured = await runAge(["-a", "-r", encodeRecipient(recipient)], Buffer.from("text"));
    expect(() => openForIdentity(armoured, identity)).toThrow(SealBrokenError);
  });
});

/** A line as in authorized_keys. Source: RFC 8709, section 4. */
function sshPublicKey(): string {
  const key = generateKeyPairSync("ed25519").publicKey.export({ format: "jwk" }).x ?? "";
  const parts = [Buffer.from("ssh-ed25519"), Buffer.from(key, "base64url")].map((part) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(part.length);
    return Buffer.concat([length, part]);
  });
  return `ssh-ed25519 ${Buffer.concat(parts).toString("base64")}\n`;
}

import { randomFillSync } from "node:crypto";
import { open, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Decrypter, Encrypter } from "age-encryption";
import { beforeAll, describe, expect, it } from "vitest";
import { encodeIdentity, encodeRecipient } from "../../src/seal/age-text.ts";
import { openForIdentity } from "../../src/seal/open-bytes.ts";
import { SealBrokenError } from "../../src/seal/seal-broken-error.ts";
import { sealBytes } from "../../src/seal/seal-bytes.ts";
import { generateIdentity } from "../../src/seal/x25519.ts";
import { describeWithStockAge, runAge } from "../support/stock-age.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

// Some three thousand chunks: their numbers take more than a byte.

const { identity, recipient } = generateIdentity();
const plain = new Uint8Array(200_000_000);
let sealed: Uint8Array;

beforeAll(() => {
  randomFillSync(plain);
  sealed = sealBytes(plain, [recipient]);
});

function isPlain(bytes: Uint8Array): boolean {
  return Buffer.compare(bytes, plain) === 0;
}

describe("a sealed object of 200 MB", () => {
  it("opens, and not when it was cut off at the end of a chunk", () => {
    expect(isPlain(openForIdentity(sealed, identity))).toBe(true);
    const payloadStart = 168 + 16;
    const cut = sealed.subarray(0, payloadStart + 3000 * (64 * 1024 + 16));
    expect(() => openForIdentity(cut, identity)).toThrow(SealBrokenError);
  });

  it("is read by the age-encryption package, and the package's is read here", async () => {
    const decrypter = new Decrypter();
    decrypter.addIdentity(encodeIdentity(identity));
    expect(isPlain(await decrypter.decrypt(sealed))).toBe(true);
    const encrypter = new Encrypter();
    encrypter.addRecipient(encodeRecipient(recipient));
    expect(isPlain(openForIdentity(await encrypter.encrypt(plain), identity))).toBe(true);
  });
});

describeWithStockAge("the stock age tool, with 200 MB", () => {
  it("opens what is sealed here, and seals what opens here", async () => {
    const directory = await temporaryFolder();
    await writeFile(join(directory, "key.txt"), `${encodeIdentity(identity)}\n`, { mode: 0o600 });
    await writeFile(join(directory, "sealed.age"), sealed);
    await runAge(["-d", "-i", "key.txt", "-o", "opened", "sealed.age"], undefined, { directory });
    expect(isPlain(await readFile(join(directory, "opened")))).toBe(true);
    await runAge(["-r", encodeRecipient(recipient), "-o", "theirs.age", "opened"], undefined, { directory });
    expect(isPlain(openForIdentity(await readFile(join(directory, "theirs.age")), identity))).toBe(true);
  });

  it("does not take for whole what was cut off at the end of a chunk", async () => {
    const directory = await temporaryFolder();
    await writeFile(join(directory, "key.txt"), `${encodeIdentity(identity)}\n`, { mode: 0o600 });
    const file = await open(join(directory, "cut.age"), "w");
    await file.write(sealed, 0, 168 + 16 + 3000 * (64 * 1024 + 16));
    await file.close();
    await expect(
      runAge(["-d", "-i", "key.txt", "-o", "opened", "cut.age"], undefined, { directory }),
    ).rejects.toThrow("EOF");
  });
});

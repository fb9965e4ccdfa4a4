import { createHash, randomFillSync } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Decrypter, Encrypter } from "age-encryption";
import { describe, expect, it } from "vitest";
import { encodeIdentity, encodeRecipient } from "../../src/seal/age-text.ts";
import { openForIdentity } from "../../src/seal/open-bytes.ts";
import { sealBytes } from "../../src/seal/seal-bytes.ts";
import { generateIdentity } from "../../src/seal/x25519.ts";
import { describeWithStockAge, runAge } from "../support/stock-age.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const plain = randomFillSync(new Uint8Array(200_000_000));
const expected = hashOf(plain);
const { identity, recipient } = generateIdentity();

function hashOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

describe("an object of 200 MB", () => {
  it("is read by the age-encryption package, and the package's is read here", {
    timeout: 300_000,
  }, async () => {
    const decrypter = new Decrypter();
    decrypter.addIdentity(encodeIdentity(identity));
    expect(hashOf(await decrypter.decrypt(sealBytes(plain, [recipient])))).toBe(expected);
    const encrypter = new Encrypter();
    encrypter.addRecipient(encodeRecipient(recipient));
    expect(hashOf(openForIdentity(await encrypter.encrypt(plain), identity))).toBe(expected);
  });
});

describeWithStockAge("an object of 200 MB and the stock age tool", () => {
  it("is opened by it, and opens what it has sealed", { timeout: 300_000 }, async () => {
    const folder = await temporaryFolder();
    const [key, sealed, opened, other] = ["key", "sealed", "opened", "other"].map((name) =>
      join(folder, name),
    );
    if (key === undefined || sealed === undefined || opened === undefined || other === undefined)
      throw new Error();
    await writeFile(key, `${encodeIdentity(identity)}\n`, { mode: 0o600 });
    await writeFile(sealed, sealBytes(plain, [recipient]));
    await runAge(["-d", "-i", key, "-o", opened, sealed]);
    expect(hashOf(await readFile(opened))).toBe(expected);
    await runAge(["-r", encodeRecipient(recipient), "-o", other, opened]);
    expect(hashOf(openForIdentity(await readFile(other), identity))).toBe(expected);
  });
});

import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { exitCode } from "../../src/exit-code.ts";
import { putAttachment, readAttachment } from "../../src/ledger/attachment.ts";
import { appendRecord } from "../../src/ledger/chain.ts";
import { chainNames } from "../../src/ledger/chain-names.ts";
import { sha256Hex } from "../../src/sha256.ts";
import { writerTo } from "../support/ledger-writer.ts";
import { createMemoryStore } from "../support/memory-store.ts";
import { recordAt, replaceObject } from "./memory-ledger.ts";

const packed = gzipSync("[]");
const sealed = Buffer.from("age-encryption.org/v1\n");

describe("an attachment", () => {
  it.each([
    ["packed", "inventories", packed, ".json.gz"],
    ["sealed", "holds", sealed, ".age"],
  ] as const)("that is %s lies under its own hash", async (_name, folder, value, suffix) => {
    const ledger = createMemoryStore("memory:ledger");
    const attachment = await putAttachment(ledger, folder, value);
    const sha256 = sha256Hex(value);
    expect(attachment).toEqual({ key: `${folder}/${sha256}${suffix}`, sizeBytes: value.length, sha256 });
    expect(Buffer.from(await readAttachment(ledger, attachment))).toEqual(value);
    expect(await putAttachment(ledger, folder, value)).toEqual(attachment);
  });

  it("that is there and other bytes is a finding, also for who would put it there again", async () => {
    const ledger = createMemoryStore("memory:ledger");
    const attachment = await putAttachment(ledger, "inventories", packed);
    for (const bytes of [Buffer.concat([packed, packed]), Buffer.alloc(packed.length)]) {
      await replaceObject(ledger, attachment.key, bytes);
      const trouble = { exitCode: exitCode.integrity, message: expect.stringContaining("it was changed") };
      await expect(readAttachment(ledger, attachment)).rejects.toMatchObject(trouble);
      await expect(putAttachment(ledger, "inventories", packed)).rejects.toMatchObject(trouble);
    }
  });

  it("that is missing is a finding", async () => {
    const ledger = createMemoryStore("memory:ledger");
    const attachment = await putAttachment(ledger, "inventories", packed);
    await ledger.remove([attachment.key]);
    await expect(readAttachment(ledger, attachment)).rejects.toMatchObject({
      exitCode: exitCode.integrity,
      message: expect.stringContaining(`${attachment.key} is missing`),
    });
  });
});

describe("chainNames", () => {
  it("names each chain once, however long it is and whatever its name goes on with", async () => {
    const ledger = createMemoryStore("memory:ledger");
    for (const chain of ["web", "web-1", "web.1", "web1", "control", "checkpoints"]) {
      for (let number = 1; number <= 3; number++)
        await appendRecord(writerTo(ledger), chain, recordAt(number));
    }
    expect(await chainNames(ledger)).toEqual(["checkpoints", "control", "web-1", "web.1", "web", "web1"]);
  });

  it("names none in a ledger that nobody has written to", async () => {
    expect(await chainNames(createMemoryStore("memory:ledger"))).toEqual([]);
  });
});

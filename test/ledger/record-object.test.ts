import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { appendRecord, emptyChain, headOf, readChain } from "../../src/ledger/chain.ts";
import type { SignedRecord } from "../../src/ledger/record.ts";
import { encodeRecord, readRecord } from "../../src/ledger/record-object.ts";
import { createRecordSigner } from "../../src/ledger/record-signer.ts";
import { sha256Hex } from "../../src/sha256.ts";
import { otherSigner, testSigner, testStoreId, unsignedRecord, writerTo } from "../support/ledger-writer.ts";
import { createMemoryStore } from "../support/memory-store.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { recordAt } from "./memory-ledger.ts";

const record: SignedRecord = {
  version: 2,
  store: testStoreId,
  chain: "web01",
  sequence: 1,
  previous: emptyChain.sha256,
  body: recordAt(7),
};

const recordLine =
  '{"version":2,"store":"00000000-0000-4000-8000-000000000000","chain":"web01","sequence":1,' +
  `"previous":"${"0".repeat(64)}","body":{"kind":"purge","view":"raw","day":"2026-11-22",` +
  '"at":"2026-11-22T00:00:07.000Z","clock":"system","policy":[],"objects":[],"failures":7}}';

/** RFC 8032, 7.1, TEST 1: the public half of the test's key. */
const publicKey = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";

describe("the bytes of a record", () => {
  const text = Buffer.from(encodeRecord(record, testSigner())).toString();

  it("are its line of JSON, and the line with the key and the signature", () => {
    const [line, signature, rest] = text.split("\n");
    expect(line).toBe(recordLine);
    expect(signature).toMatch(
      /^\{"key":"ed25519:11qYAYKxCrfVS\/7TyWQHOg7hcvPapiMlrwIaaPcHURo=","signature":"[A-Za-z0-9+/]{86}=="\}$/,
    );
    expect(rest).toBe("");
  });

  it("are the same each time", () => {
    expect(Buffer.from(encodeRecord(record, testSigner())).toString()).toBe(text);
  });

  it("carry a signature that openssl finds good, over a line of context and the record's line", async () => {
    const folder = await temporaryFolder();
    const file = (name: string, bytes: string | Uint8Array): string => {
      writeFileSync(join(folder, name), bytes);
      return join(folder, name);
    };
    const { signature } = JSON.parse(text.split("\n")[1] ?? "") as { readonly signature: string };
    const key = file("key.der", Buffer.from(`302a300506032b6570032100${publicKey}`, "hex"));
    const message = file("message", `hostlog record 2\n${recordLine}\n`);
    const signed = file("signature", Buffer.from(signature, "base64"));
    const keyWords = ["-pubin", "-keyform", "DER", "-inkey", key];
    const words = ["-verify", "-rawin", ...keyWords, "-in", message, "-sigfile", signed];
    const output = execFileSync("openssl", ["pkeyutl", ...words]);
    expect(output.toString()).toContain("Signature Verified Successfully");
  });

  it("read back, with their hash and who signed them", () => {
    const bytes = Buffer.from(text);
    expect(readRecord(bytes)).toEqual({
      kind: "record",
      stored: { record, sha256: sha256Hex(bytes), signedBy: testSigner().key },
    });
  });

  it("are none, or forged, with any byte changed", () => {
    const bytes = Buffer.from(text);
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (index, change) => {
        const changed = Buffer.from(bytes);
        changed.writeUInt8((changed[index] ?? 0) ^ change, index);
        expect(readRecord(changed).kind).not.toBe("record");
      }),
      { numRuns: 300 },
    );
  });

  it("are none with a byte more or a byte less, anywhere", () => {
    const bytes = Buffer.from(text);
    fc.assert(
      fc.property(fc.nat(bytes.length), fc.constantFrom(" ", "\n", "\r", "0", "\0"), (index, more) => {
        const longer = Buffer.concat([bytes.subarray(0, index), Buffer.from(more), bytes.subarray(index)]);
        const shorter = Buffer.concat([bytes.subarray(0, index), bytes.subarray(index + 1)]);
        expect(readRecord(longer).kind).not.toBe("record");
        if (index < bytes.length) expect(readRecord(shorter).kind).not.toBe("record");
      }),
      { numRuns: 200 },
    );
  });

  it.each([
    ["the signature's base64 without padding", text.replace(/=="\}\n$/, '"}\n')],
    ["base64 for URLs", text.replaceAll("+", "-").replaceAll("/", "_")],
    [
      "the last bits of the base64 set, which decode to the same bytes",
      text.replace(/[AQgw]=="\}\n$/, 'R=="}\n'),
    ],
    ["a blank in the signature's line", text.replace('","signature', '", "signature')],
    ["its fields the other way round", text.replace(/\{("key":"[^"]+"),("signature":"[^"]+")\}/, "{$2,$1}")],
    ["one more field there", text.replace(/"\}\n$/, '","more":1}\n')],
    ["two records", text + text],
    ["a mark of the byte order", `\ufeff${text}`],
    ["an escape where a letter will do", text.replace('"purge"', '"\\u0070urge"')],
    ["a number written otherwise", text.replace('"failures":7', '"failures":7.0')],
    ["lines that end as on Windows", text.replaceAll("\n", "\r\n")],
  ])("are none with %s", (_name, changed) => {
    expect(changed).not.toBe(text);
    expect(readRecord(Buffer.from(changed)).kind).not.toBe("record");
  });

  it("are forged when another key is named", () => {
    const changed = text.replace(testSigner().key, otherSigner(1).key);
    expect(readRecord(Buffer.from(changed))).toEqual({ kind: "forged", key: otherSigner(1).key });
  });

  it.each([
    ["without a kind", { body: {} }],
    ["with a list for a body", { body: [] }],
    ["of number 0", { sequence: 0 }],
    ["of a broken number", { sequence: 1.5 }],
    ["without a store", { store: undefined }],
    ["under a lease that has no number", { fence: "1" }],
    ["under lease 0", { fence: 0 }],
    ["of the next version", { version: 3 }],
  ])("are none %s, however well it is signed", (_name, change) => {
    const wrong = { ...record, ...change } as unknown as SignedRecord;
    expect(readRecord(encodeRecord(wrong, testSigner()))).toEqual({ kind: "junk" });
  });

  it("may hold any text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.dictionary(fc.string(), fc.nat()), (reason, erased) => {
        const body = { ...recordAt(1), kind: "rewrite", reason, rowsErased: erased } as never;
        const written = encodeRecord({ ...record, body }, testSigner());
        expect(readRecord(written).kind).toBe("record");
      }),
    );
  });
});

describe("a signer", () => {
  it("is made of an Ed25519 key only", () => {
    const pem = execFileSync("openssl", ["genpkey", "-algorithm", "X25519"]);
    expect(() => createRecordSigner(testStoreId, pem)).toThrow("not an Ed25519 key");
    expect(() => createRecordSigner(testStoreId, Buffer.from("nothing"))).toThrow();
  });
});

describe("records of a release that did not sign", () => {
  const first = unsignedRecord("web01", 1, undefined, recordAt(1));
  const second = unsignedRecord("web01", 2, first, recordAt(2));

  it("are read as they are, and signed ones follow them", async () => {
    const ledger = createMemoryStore("memory:ledger");
    await ledger.create("chains/web01/000000000001.json", first);
    await ledger.create("chains/web01/000000000002.json", second);
    await appendRecord(writerTo(ledger), "web01", recordAt(3));
    const signers: (string | undefined)[] = [];
    for await (const { signedBy } of readChain(ledger, "web01")) signers.push(signedBy);
    expect(signers).toEqual([undefined, undefined, testSigner().key]);
  });

  it("do not follow signed ones, also where a reader goes on behind these", async () => {
    const ledger = createMemoryStore("memory:ledger");
    await appendRecord(writerTo(ledger), "web01", recordAt(1));
    const signed = await ledger.read("chains/web01/000000000001.json");
    await ledger.create("chains/web01/000000000002.json", unsignedRecord("web01", 2, signed, recordAt(2)));
    const read = async (from = emptyChain): Promise<number> => {
      let records = 0;
      for await (const _ of readChain(ledger, "web01", from)) records++;
      return records;
    };
    const message = "000000000002.json is not signed";
    await expect(read()).rejects.toThrow(message);
    const reading = readRecord(signed);
    if (reading.kind !== "record") throw new Error("a record");
    await expect(read(headOf(reading.stored))).rejects.toThrow(message);
  });

  it.each([
    ["white space behind it", " \n\n", "record"],
    ["another line behind it", "{}\n", "junk"],
  ])("with %s are %s", (_name, more, kind) => {
    expect(readRecord(Buffer.concat([first, Buffer.from(more)])).kind).toBe(kind);
  });
});

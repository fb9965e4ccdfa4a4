import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Decrypter } from "age-encryption";
import { describe, expect, it } from "vitest";
import { HEADER_BYTES_MAX, isHeaderOf, openHeader, splitHeader } from "../../src/seal/age-header.ts";
import { encodeIdentity } from "../../src/seal/age-text.ts";
import { openForIdentity } from "../../src/seal/open-bytes.ts";
import { SealBrokenError } from "../../src/seal/seal-broken-error.ts";
import { sealBytes } from "../../src/seal/seal-bytes.ts";
import { generateIdentity } from "../../src/seal/x25519.ts";
import { describeWithStockAge, runAge } from "../support/stock-age.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import {
  CHUNK_BYTES,
  fileKey,
  fileWithHeader,
  fileWithPayload,
  type HandMadeHeader,
  handMadeHeader,
  handMadePayload,
  pair,
} from "./support/hand-made.ts";

// The cases have the subjects of the public test vectors for age (C2SP CCTV, age/testdata) and were made here. What is
// expected of each is also asked of others' programs, so that no case tests a misunderstanding of ours.

const noPad = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64").replaceAll("=", "");
const share = (text: string): HandMadeHeader => ({
  change: (signed) => signed.replace(/X25519 \S+/, `X25519 ${text}`),
});
const replacing = (pattern: RegExp | string, by: string): HandMadeHeader => ({
  change: (signed) => signed.replace(pattern, by),
});
/** A stanza for somebody else. */
const foreign = ((): string => {
  const text = Buffer.from(sealBytes(new Uint8Array(), [generateIdentity().recipient])).toString("latin1");
  return text.slice(text.indexOf("\n") + 1, text.indexOf("--- "));
})();
const line = "A".repeat(64);
const full = { plainBytes: CHUNK_BYTES };

const opened: readonly (readonly [string, Buffer])[] = [
  ["a header as it should be", fileWithHeader({})],
  ["a stanza of another kind, with words and no body", fileWithHeader({ stanzas: "-> grease one two\n\n" })],
  [
    "a stanza with every character that a word may have",
    fileWithHeader({ stanzas: "-> !\"#$%&' ()*+,-./:;<=>?@[\\]^_`{|}~\n\n" }),
  ],
  ["a body of one full line and a short one", fileWithHeader({ stanzas: `-> grease\n${line}\nAAAA\n` })],
  ["a body of full lines and an empty one", fileWithHeader({ stanzas: `-> grease\n${line}\n${line}\n\n` })],
  [
    "what would be malformed in a stanza of our kind, in lower case",
    fileWithHeader({ stanzas: "-> x25519 AAAA\n\n" }),
  ],
  ["somebody else's stanza before", fileWithHeader({ stanzas: foreign })],
  ["somebody else's stanza behind", fileWithHeader({ stanzasBehind: foreign })],
  ["no bytes", fileWithPayload(handMadePayload([{ plainBytes: 0 }]))],
  ["one full chunk", fileWithPayload(handMadePayload([full]))],
  ["two full chunks", fileWithPayload(handMadePayload([full, full]))],
  ["a second chunk of one byte", fileWithPayload(handMadePayload([full, { plainBytes: 1 }]))],
];

const damagedHeaders: readonly (readonly [string, HandMadeHeader])[] = [
  ["another version", replacing("/v1", "/v2")],
  ["carriage returns", replacing(/\n/g, "\r\n")],
  ["a carriage return behind a stanza", replacing(/(X25519 \S+)/, "$1\r")],
  ["no stanza", replacing(/-> [^]*---/, "---")],
  ["a stanza that begins otherwise", { stanzas: "- > grease\n\n" }],
  ["a stanza without a word", { stanzas: "->\n\n" }],
  ["a stanza with an empty word", { stanzas: "-> \n\n" }],
  ["two spaces between words", { stanzas: "-> grease  one\n\n" }],
  ["a space behind the last word", { stanzas: "-> grease \n\n" }],
  ["a tab between words", { stanzas: "-> grease\tone\n\n" }],
  ["a letter that is not ASCII", { stanzas: "-> gr\xe9ase\n\n" }],
  ["a stanza without a body", { stanzas: "-> grease\n" }],
  ["a last stanza without a body", { stanzasBehind: "-> grease\n" }],
  ["a last body without its short last line", { stanzasBehind: `-> grease\n${line}\n` }],
  ["a body with padding", { stanzas: "-> grease\nAAA=\n" }],
  ["a body with bits over", { stanzas: "-> grease\nAAB\n" }],
  ["a body of one character", { stanzas: "-> grease\nA\n" }],
  ["a body in the alphabet of URLs", { stanzas: "-> grease\nAA-_\n" }],
  ["a body with a space", { stanzas: "-> grease\nAA AA\n" }],
  ["a body without its short last line", { stanzas: `-> grease\n${line}\n` }],
  ["a body of short lines", { stanzas: "-> grease\nAAAA\nAAAA\n" }],
  ["a line of more than 64 columns", { stanzas: `-> grease\n${line}AAAA\n\n` }],
  ["a share of 31 bytes", share(noPad(new Uint8Array(31).fill(9)))],
  ["a share of 33 bytes", share(noPad(new Uint8Array(33).fill(9)))],
  ["a share with bits over", share(`${noPad(new Uint8Array(32).fill(9)).slice(0, -1)}l`)],
  ["a share with padding", share(`${noPad(new Uint8Array(32).fill(9))}=`)],
  ["a share of zeros", share(noPad(new Uint8Array(32)))],
  ["a share of low order", share(noPad(Uint8Array.of(1, ...new Uint8Array(31))))],
  ["a word too many", replacing(/(X25519 \S+)/, "$1 more")],
  ["a share too few", replacing(/X25519 \S+/, "X25519")],
  ["a malformed stanza of our kind before a good one", { stanzas: "-> X25519 AAAA\n\n" }],
  ["a file key of 32 bytes", replacing(/(X25519 \S+\n).*\n/, `$1${noPad(new Uint8Array(48))}\n\n`)],
  ["a file key of 12 bytes", replacing(/(X25519 \S+\n).*\n/, `$1${noPad(new Uint8Array(28))}\n`)],
  ["a wrapped file key that was changed", replacing(/(X25519 \S+\n)\S{4}/, "$1AAAA")],
  ["another MAC", { changeLast: () => `--- ${noPad(new Uint8Array(32))}\n` }],
  ["a MAC of 31 bytes", { changeLast: () => `--- ${noPad(new Uint8Array(31))}\n` }],
  ["a MAC of 33 bytes", { changeLast: () => `--- ${noPad(new Uint8Array(33))}\n` }],
  ["a MAC with bits over", { changeLast: (last) => `${last.slice(0, -2)}/\n` }],
  ["a MAC with padding", { changeLast: (last) => last.replace("\n", "=\n") }],
  ["no MAC", { changeLast: () => "---\n" }],
  ["a MAC without a space before", { changeLast: (last) => last.replace("--- ", "---") }],
  ["a MAC with two spaces before", { changeLast: (last) => last.replace("--- ", "---  ") }],
  ["a space behind the MAC", { changeLast: (last) => last.replace("\n", " \n") }],
  ["a word behind the MAC", { changeLast: (last) => last.replace("\n", " more\n") }],
];

const sound = handMadePayload([full, full]);
const SEALED_CHUNK_BYTES = CHUNK_BYTES + 16;

const damagedPayloads: readonly (readonly [string, Uint8Array])[] = [
  ["nothing behind the header", new Uint8Array()],
  ["half a nonce", sound.subarray(0, 8)],
  ["a nonce and no chunk", sound.subarray(0, 16)],
  ["less than a tag", sound.subarray(0, 30)],
  ["a chunk without all of its tag", handMadePayload([{ plainBytes: 5 }]).subarray(0, -1)],
  ["only the first of two chunks", sound.subarray(0, 16 + SEALED_CHUNK_BYTES)],
  ["a chunk that is not marked as the last", handMadePayload([{ plainBytes: 5, isLast: false }])],
  ["a full chunk that is not marked as the last", handMadePayload([{ ...full, isLast: false }])],
  ["two chunks, none of them the last", handMadePayload([full, { plainBytes: 5, isLast: false }])],
  ["two chunks, both the last", handMadePayload([{ ...full, isLast: true }, { plainBytes: 5 }])],
  ["an empty last chunk behind a full one", handMadePayload([full, { plainBytes: 0 }])],
  ["a short chunk before the last", handMadePayload([{ plainBytes: 5 }, { plainBytes: 5 }])],
  ["a chunk longer than 64 KiB", handMadePayload([{ plainBytes: CHUNK_BYTES + 1 }])],
  ["a number left out", handMadePayload([full, { plainBytes: 5, number: 2 }])],
  ["numbers that begin at 1", handMadePayload([{ plainBytes: 5, number: 1 }])],
  ["a byte behind the last chunk", Buffer.concat([handMadePayload([{ plainBytes: 5 }]), Buffer.alloc(1)])],
  ["a byte behind a full last chunk", Buffer.concat([sound, Buffer.alloc(1)])],
  ["a file behind the file", Buffer.concat([sound, fileWithHeader({})])],
];

const refused: readonly (readonly [string, Buffer])[] = [
  ...damagedHeaders.map(([name, header]) => [name, fileWithHeader(header)] as const),
  ...damagedPayloads.map(([name, payload]) => [name, fileWithPayload(payload)] as const),
  ["an empty file", Buffer.alloc(0)],
  ["a newline before the header", Buffer.concat([Buffer.from("\n"), fileWithHeader({})])],
];

describe("an age file with", () => {
  it.each(opened)("%s opens", (_, file) => {
    expect(openForIdentity(file, pair.identity)).toBeInstanceOf(Uint8Array);
  });

  it.each(refused)("%s does not", (_, file) => {
    expect(() => openForIdentity(file, pair.identity)).toThrow(SealBrokenError);
  });

  it("more chunks than a byte counts opens", () => {
    const chunks = [...Array.from({ length: 257 }, () => full), { plainBytes: 3 }];
    const file = fileWithPayload(handMadePayload(chunks));
    expect(openForIdentity(file, pair.identity)).toHaveLength(257 * CHUNK_BYTES + 3);
  });

  it("a header of more bytes than we read does not, though others open it", () => {
    const long = { stanzas: `-> grease ${"x".repeat(HEADER_BYTES_MAX)}\n\n` };
    expect(() => openForIdentity(fileWithHeader(long), pair.identity)).toThrow(SealBrokenError);
    expect(splitHeader(handMadeHeader(long))).toBeUndefined();
    expect(openHeader(handMadeHeader(long), pair.identity)).toBeUndefined();
  });
});

describe("a header by itself, with", () => {
  it.each(damagedHeaders)("%s gives no file key", (_, header) => {
    expect(openHeader(handMadeHeader(header), pair.identity)).toBeUndefined();
  });

  it("no stanza belongs to no file key", () => {
    expect(isHeaderOf(handMadeHeader({}), fileKey)).toBe(true);
    expect(isHeaderOf(handMadeHeader(replacing(/-> [^]*---/, "---")), fileKey)).toBe(false);
  });
});

describeWithStockAge("the stock age tool says the same of", () => {
  async function judge(file: Uint8Array): Promise<"opened" | "refused"> {
    const identities = join(await temporaryFolder(), "key.txt");
    await writeFile(identities, `${encodeIdentity(pair.identity)}\n`, { mode: 0o600 });
    return runAge(["-d", "-i", identities], file).then(
      () => "opened",
      () => "refused",
    );
  }

  it("what opens", async () => {
    for (const [name, file] of opened) expect(await judge(file), name).toBe("opened");
  });

  it("what does not", async () => {
    for (const [name, file] of refused) expect(await judge(file), name).toBe("refused");
  });
});

describe("the age-encryption package says the same of", () => {
  async function judge(file: Uint8Array): Promise<"opened" | "refused"> {
    const decrypter = new Decrypter();
    decrypter.addIdentity(encodeIdentity(pair.identity));
    return decrypter.decrypt(file).then(
      () => "opened",
      () => "refused",
    );
  }

  it("what opens", async () => {
    for (const [name, file] of opened) expect(await judge(file), name).toBe("opened");
  });

  it("what does not", async () => {
    for (const [name, file] of refused) expect(await judge(file), name).toBe("refused");
  });
});

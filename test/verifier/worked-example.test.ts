import { spawnSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { RecordBody } from "../../src/ledger/record.ts";
import { encodeRecord } from "../../src/ledger/record-object.ts";
import { createRecordSigner } from "../../src/ledger/record-signer.ts";
import { sha256Hex } from "../../src/sha256.ts";
import { testSigner } from "../support/ledger-writer.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { type LedgerFiles, ledgerFilesOf } from "./ledger-files.ts";
import { startPythonVerifier } from "./python-verifier.ts";
import type { Question } from "./question.ts";
import { askOffline, askProgram, askPython } from "./three-verifiers.ts";

// docs/ledger.md has a ledger in it, byte for byte.

const page = readFileSync("docs/ledger.md", "utf8");
const blocks = [...page.matchAll(/^```\n(chains\/\S+)\n([^`]*)```$/gm)].map(([, key = "", text = ""]) => ({
  key,
  text,
}));
const rows = [...page.matchAll(/^\| `(chains\/\S+json)` \| (\d+) \| `([0-9a-f]{64})` \|$/gm)];

async function exampleFiles(): Promise<LedgerFiles> {
  const folder = await temporaryFolder();
  for (const { key, text } of blocks) {
    mkdirSync(dirname(join(folder, key)), { recursive: true, mode: 0o700 });
    writeFileSync(join(folder, key), text, { mode: 0o600 });
  }
  return ledgerFilesOf(folder);
}

const python = startPythonVerifier();
afterAll(() => python?.end());

/** What all three find. */
async function findingsOf(question: Question): Promise<readonly string[]> {
  const [offline, program] = [askOffline(question), await askProgram(question)];
  expect(program.findings).toEqual(offline.findings);
  if (python !== undefined) expect(await askPython(python, question)).toEqual(offline);
  return offline.findings;
}

describe("the example in docs/ledger.md", () => {
  it("is what the program writes, with the sizes and hashes that it says", async () => {
    const files = await exampleFiles();
    const facts = blocks.map(({ key, text }) => [key, String(Buffer.byteLength(text)), sha256Hex(text)]);
    expect(rows.map(([, ...row]) => row)).toEqual(facts);
    expect(facts).toHaveLength(4);
    for (const [chain, sequence] of [
      ["control", 1],
      ["control", 2],
      ["control", 3],
      ["checkpoints", 1],
    ] as const) {
      const written = encodeRecord(files.record(chain, sequence), testSigner());
      expect(files.read(chain, sequence)).toBe(Buffer.from(written).toString());
    }
  });

  it("is good, also with its key pinned and its checkpoint noted", async () => {
    const { folder } = await exampleFiles();
    const head = /--head\s(1:[0-9a-f]{64})/.exec(page)?.[1] ?? "";
    expect(page.replaceAll(/\s+/g, " ")).toContain(`The root is \`${testSigner().key}\``);
    expect(await findingsOf({ folder })).toEqual([]);
    expect(await findingsOf({ folder, keys: [testSigner().key], head })).toEqual([]);
  });

  it.each<readonly [string, (files: LedgerFiles) => void, readonly string[]]>([
    ["a record is missing", (files) => files.remove("control", 3), ["control 3 cut-off !"]],
    [
      "a day is changed",
      (files) => files.write("control", 2, files.read("control", 2).replace("2026-11-22", "2026-11-21")),
      ["control 2 forged !"],
    ],
    [
      "a holder is changed, and signed anew",
      (files) => {
        const [line = ""] = files.read("control", 2).split("\n");
        files.signLine("control", 2, testSigner(), line.replace("keys-1", "keys-2"));
      },
      ["control 3 unlinked !"],
    ],
    [
      "a fence is changed, and signed anew",
      (files) => files.sign("control", 3, testSigner(), { fence: 1 }),
      ["control 3 fence !", "control 3 replaced !"],
    ],
  ])("is found to be tampered with as the page says: %s", async (_, tamper, expected) => {
    const files = await exampleFiles();
    tamper(files);
    expect(await findingsOf({ folder: files.folder })).toEqual(expected);
  });
});

describe("verify-ledger.mjs", () => {
  function run(...args: readonly string[]): { status: number | null; stdout: string; stderr: string } {
    return spawnSync(process.execPath, ["src/verifier/verify-ledger.mjs", ...args], { encoding: "utf8" });
  }

  it("says what it read, what is wrong, and what it cannot know", async () => {
    const files = await exampleFiles();
    const good = run(files.folder);
    expect(good).toMatchObject({ status: 0, stderr: "" });
    expect(good.stdout).toContain("control: 3 records, 0 unsigned");
    expect(good.stdout).toContain("no record was changed, removed, moved or put in");
    expect(good.stdout).toContain("not known: whether its end was cut off");

    files.remove("control", 3);
    const bad = run(files.folder, "--json", "--key", testSigner().key);
    expect(bad.status).toBe(3);
    expect(JSON.parse(bad.stdout)).toMatchObject({
      root: testSigner().key,
      findings: [{ chain: "control", sequence: 3, kind: "cut-off", serious: true }],
    });
  });

  it("ends with 2 for what a person has to judge", async () => {
    const files = await exampleFiles();
    const { privateKey } = generateKeyPairSync("ed25519");
    const pem = Buffer.from(privateKey.export({ format: "pem", type: "pkcs8" }));
    const other = createRecordSigner(testSigner().storeId, pem);
    const body = { ...files.record("control", 1).body, key: other.key, how: "takeover" } as RecordBody;
    files.sign("control", 4, other, { body });

    const { status, stdout } = run(files.folder);

    expect(status).toBe(2);
    expect(stdout).toContain(`! control: record 4 is signed by a key that accepts itself`);
    expect(run(files.folder, "--key", other.key).status).toBe(0);
  });

  it("is one file of less than 300 lines, which needs nothing but Node", () => {
    const text = readFileSync("src/verifier/verify-ledger.mjs", "utf8");
    const imported = [...text.matchAll(/^import .* from "([^"]+)";$/gm)].map(([, name = ""]) => name);
    expect(imported.length).toBe(text.split(/^import /m).length - 1);
    expect(imported.filter((name) => !name.startsWith("node:"))).toEqual([]);
    expect(text.split("\n").length - 1).toBeLessThan(300);
  });

  it.each([
    ["no folder", []],
    ["a folder that holds no ledger", ["docs"]],
    ["two folders", ["docs", "src"]],
    ["a word that it does not know", ["docs", "--heads", "1"]],
    ["a head that is none", ["FOLDER", "--head", "117"]],
    ["an empty head", ["FOLDER", "--head="]],
    ["a key that is none", ["FOLDER", "--key", "ed25519:abc"]],
  ])("refuses %s", async (_, args) => {
    const { folder } = await exampleFiles();
    const { status, stderr } = run(...args.map((arg) => (arg === "FOLDER" ? folder : arg)));
    expect(status).toBe(64);
    expect(stderr).toContain("usage: node verify-ledger.mjs FOLDER");
  });
});

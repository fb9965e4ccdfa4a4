import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { testSigner } from "../support/ledger-writer.ts";
import { copyLedgerFiles, type LedgerFiles } from "./ledger-files.ts";
import { type PythonVerifier, startPythonVerifier } from "./python-verifier.ts";
import type { Question } from "./question.ts";
import { makeRealLedger, type RealLedger } from "./real-ledger.ts";
import { note, type Tampering, tamperings } from "./tampering.ts";
import { manifestTamperings, wholeTamperings } from "./tampering-wholes.ts";
import { askOffline, askProgram, askPython, type Verdict } from "./three-verifiers.ts";

// A ledger that the program wrote, and what somebody could do to it. Three verifiers say the same of each: the program's,
// the one that is given to auditors, and one that was written from docs/ledger.md by itself.

let ledger: RealLedger;
let python: PythonVerifier | undefined;
/** For changes that are taken back. */
let spare: LedgerFiles;
let copies = 0;

beforeAll(async () => {
  ledger = await makeRealLedger();
  spare = copyLedgerFiles(ledger.copy, join(ledger.folder, "changed"));
  python = startPythonVerifier();
}, 120_000);

afterAll(async () => {
  await python?.end();
  await ledger.end();
});

function tamper({ act, pinned }: Omit<Tampering, "name">): {
  question: Question;
  expected: readonly string[];
} {
  const files = copyLedgerFiles(ledger.copy, join(ledger.folder, `copy-${++copies}`));
  const expected = act(files, ledger);
  const keys = { key: [ledger.first.key], "strange key": [testSigner().key], head: [] };
  return {
    question: {
      folder: files.folder,
      store: ledger.storeId,
      keys: pinned === undefined ? [] : keys[pinned],
      ...(pinned === "head" ? { head: ledger.head } : {}),
    },
    expected,
  };
}

/** What each of them says. */
async function askAll(question: Question): Promise<readonly Verdict[]> {
  const others = python === undefined ? [] : [await askPython(python, question)];
  return [askOffline(question), await askProgram(question), ...others];
}

describe("a ledger as it was written", () => {
  it("has what an auditor meets: two nodes, two writers, leases, checkpoints, plans and certificates", () => {
    const { folder } = copyLedgerFiles(ledger.copy, join(ledger.folder, "whole"));
    const verdict = askOffline({ folder });
    expect(verdict.chains.map(({ chain }) => chain)).toEqual(["control", "checkpoints", "web01", "web02"]);
    expect(verdict.writers.map(({ chain, how }) => `${chain} ${how}`)).toEqual([
      "control first",
      "web02 first-use",
      "control accepted",
    ]);
    expect(verdict.root).toBe(ledger.first.key);
  });

  it.each(["nothing noted", "a key pinned", "a checkpoint noted"])(
    "is good to all three, with %s",
    async (what) => {
      const question = {
        folder: ledger.copy,
        store: ledger.storeId,
        ...(what === "a key pinned" ? { keys: [ledger.first.key] } : {}),
        ...(what === "a checkpoint noted" ? { head: ledger.head } : {}),
      };
      const [offline, ...others] = await askAll(question);
      expect(offline?.findings).toEqual([]);
      for (const other of others) expect(other).toEqual(offline);
    },
  );

  it("is of the store that its control chain names, for who does not know it", () => {
    const { question } = tamper({
      act: (files, { first }) => {
        files.sign("control", files.length("control") + 1, first, {
          store: "another",
          body: note,
        });
        return [];
      },
    });
    const { store, findings } = askOffline({ folder: question.folder });
    expect(store).toBe(ledger.storeId);
    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatch(/^control \d+ other-store !$/);
  });
});

describe("a ledger that somebody has tampered with", () => {
  it.each([...tamperings, ...wholeTamperings])("$name", async (tampering) => {
    const { question, expected } = tamper(tampering);
    const [offline, ...others] = await askAll(question);
    expect(offline?.findings).toEqual(expected);
    for (const other of others) expect(other).toEqual(offline);
  });

  it.each(manifestTamperings)("$name: for those who read manifests", async (tampering) => {
    const { question, expected } = tamper(tampering);
    const withoutSequence = (findings: readonly string[]): readonly string[] =>
      findings.map((finding) => finding.replace(/ \d+ /, " "));
    const offline = askOffline(question);
    expect(withoutSequence(offline.findings)).toEqual(expected);
    if (python !== undefined) expect(await askPython(python, question)).toEqual(offline);
  });
});

/** All that a noted checkpoint vouches for: records, and what they name. */
function paths(): readonly string[] {
  return readdirSync(ledger.copy, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(ledger.copy.length + 1))
    .sort();
}

const change = fc.record({ file: fc.nat(), place: fc.nat(), xor: fc.integer({ min: 1, max: 255 }) });

/** Makes a change, asks, and takes it back. */
async function withChange<Answer>(
  path: string,
  { place, xor }: { readonly place: number; readonly xor: number },
  ask: (question: Question) => Promise<Answer>,
): Promise<Answer> {
  const whole = readFileSync(join(ledger.copy, path));
  const changed = Buffer.from(whole);
  const index = place % changed.length;
  changed[index] = (changed[index] ?? 0) ^ xor;
  writeFileSync(join(spare.folder, path), changed);
  try {
    return await ask({ folder: spare.folder, store: ledger.storeId, head: ledger.head });
  } finally {
    writeFileSync(join(spare.folder, path), whole);
  }
}

describe("a ledger of which a checkpoint was noted", () => {
  it("has no byte that can be changed unseen", { timeout: 120_000 }, async () => {
    const all = paths();
    await fc.assert(
      fc.asyncProperty(change, async ({ file, ...what }) => {
        const path = all[file % all.length] ?? "";
        const found = await withChange(path, what, async (question) => {
          const offline = askOffline(question);
          // It leaves manifests to `hostlog verify`, which reads the store.
          if (!path.startsWith("manifests/")) expect(await askProgram(question)).toEqual(offline);
          return offline.findings;
        });
        expect(found.length).toBeGreaterThan(0);
      }),
      { numRuns: 40 },
    );
  });

  it("has none for the second verifier either", { timeout: 120_000 }, async (context) => {
    const second = python;
    if (second === undefined) return context.skip();
    const all = paths();
    await fc.assert(
      fc.asyncProperty(change, async ({ file, ...what }) => {
        const path = all[file % all.length] ?? "";
        await withChange(path, what, async (question) => {
          const { findings } = await askPython(second, question);
          expect(findings.length).toBeGreaterThan(0);
          expect(findings).toEqual(askOffline(question).findings);
        });
      }),
      { numRuns: 20 },
    );
  });

  it("has no file that can be removed unseen", async () => {
    for (const path of paths()) {
      rmSync(join(spare.folder, path));
      const { findings } = askOffline({ folder: spare.folder, head: ledger.head });
      expect([path, findings.length > 0]).toEqual([path, true]);
      writeFileSync(join(spare.folder, path), readFileSync(join(ledger.copy, path)));
    }
  });
});

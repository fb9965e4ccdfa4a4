import { describe, expect, it } from "vitest";
import { type Finding, isSerious } from "../../src/audit/finding.ts";
import type { ReadFinding } from "../../src/audit/read-store.ts";
import { exitCode } from "../../src/exit-code.ts";
import { appendRecord } from "../../src/ledger/chain.ts";
import type { KeyRecord } from "../../src/ledger/key-record.ts";
import { formatKey } from "../../src/partition.ts";
import { sealBytes } from "../../src/seal/seal-bytes.ts";
import type { SealMode } from "../../src/seal/seal-mode.ts";
import { generateIdentity } from "../../src/seal/x25519.ts";
import { sha256Hex } from "../../src/sha256.ts";
import { replaceObject } from "../ledger/memory-ledger.ts";
import { appendControl, auditOf, readingFindings } from "../support/audit.ts";
import { writerTo } from "../support/ledger-writer.ts";
import { dayOf } from "../support/purge-objects.ts";
import { batchOf, memoryRoots, type Roots, sourceOf } from "../support/recorded-batch.ts";
import { createVerifyWorld, type Verified } from "./verify-world.ts";

const plain = Buffer.from("PAR1 lines PAR1");
const sealed = sealBytes(plain, [generateIdentity().recipient]);
const plainKey = keyOf(false);
const sealedKey = keyOf(true);

function keyOf(isSealed: boolean): string {
  const name = { day: dayOf("2026-11-22"), node: "web01", retentionClass: "standard", batch: "5".repeat(32) };
  return formatKey({ ...name, isSealed });
}

/** One recorded batch whose raw object has this name and these bytes. */
async function commitRaw(roots: Roots, key: string, bytes: Uint8Array): Promise<void> {
  const { record, manifest, objects } = await batchOf([sourceOf(0, 100)], {
    changeObject: (object) =>
      object.view === "raw" ? { ...object, key, sizeBytes: bytes.length, sha256: sha256Hex(bytes) } : object,
  });
  await roots.ledger.create(record.manifest.key, manifest);
  for (const [index, object] of record.objects.entries()) {
    await roots[object.view].create(object.key, object.view === "raw" ? bytes : (objects[index] ?? bytes));
  }
  await appendRecord(writerTo(roots.ledger), "web01", record);
}

async function findings(
  roots: Roots,
  seal: SealMode | undefined,
  isReading = false,
): Promise<readonly (Finding | ReadFinding)[]> {
  return isReading ? readingFindings(roots, { seal }) : (await auditOf(roots, { seal })).findings;
}

describe("auditStore on a store that seals", () => {
  it("finds nothing where raw is sealed and analytics is not", async () => {
    const roots = memoryRoots();
    await commitRaw(roots, sealedKey, sealed);
    expect(await findings(roots, "age", true)).toEqual([]);
    expect((await auditOf(roots)).objects.raw).toMatchObject({ sealed: 1 });
  });

  it("finds a plain object in raw or quarantine, recorded or not", async () => {
    const roots = memoryRoots();
    await commitRaw(roots, plainKey, plain);
    await roots.quarantine.create(plainKey, plain);
    const found = await findings(roots, "age");
    expect(found).toMatchObject([
      { kind: "unsealed", view: "raw", key: plainKey },
      { kind: "unsealed", view: "quarantine", key: plainKey },
      { kind: "unrecorded", view: "quarantine", key: plainKey, node: "web01" },
    ]);
    expect(
      found.filter(({ kind }) => kind === "unsealed" && isSerious({ kind, view: "raw", key: "" })),
    ).toHaveLength(2);
  });

  it("finds one that has only the name of a sealed one, when it reads", async () => {
    const roots = memoryRoots();
    await commitRaw(roots, sealedKey, plain);
    expect(await findings(roots, "age")).toEqual([]);
    expect(await findings(roots, "age", true)).toEqual([{ kind: "unsealed", view: "raw", key: sealedKey }]);
  });

  it("finds a sealed object in analytics, which no engine can read", async () => {
    const roots = memoryRoots();
    await roots.analytics.create(sealedKey, sealed);
    expect(await findings(roots, "age")).toContainEqual({
      kind: "sealed",
      view: "analytics",
      key: sealedKey,
    });
  });

  it("compares sealed bytes with their hash, without a key", async () => {
    const roots = memoryRoots();
    await commitRaw(roots, sealedKey, sealed);
    const changed = Buffer.from(sealed);
    changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1;
    await replaceObject(roots.raw, sealedKey, changed);
    expect(await findings(roots, "age", true)).toEqual([{ kind: "altered", view: "raw", key: sealedKey }]);
  });
});

describe("auditStore on a store that does not seal", () => {
  it("finds a sealed object, by its name, and by its bytes when it reads", async () => {
    const roots = memoryRoots();
    await commitRaw(roots, sealedKey, sealed);
    expect(await findings(roots, "none")).toEqual([{ kind: "sealed", view: "raw", key: sealedKey }]);
    const other = memoryRoots();
    await commitRaw(other, plainKey, sealed);
    expect(await findings(other, "none")).toEqual([]);
    expect(await findings(other, "none", true)).toEqual([{ kind: "sealed", view: "raw", key: plainKey }]);
  });

  it("says nothing of what has no name of hostlog's, nor where nobody knows how the store is kept", async () => {
    const roots = memoryRoots();
    await roots.raw.create("notes.txt", plain);
    expect(await findings(roots, "age")).toMatchObject([{ kind: "foreign", view: "raw", key: "notes.txt" }]);
    await commitRaw(roots, plainKey, plain);
    expect(await findings(roots, undefined)).toHaveLength(1);
  });
});

const stamp = { at: "2026-11-22T12:00:00.000Z", clock: "system" } as const;
const keyRecords: readonly KeyRecord[] = [
  { kind: "keys-made", ...stamp, keys: 2, firstDay: dayOf("2026-11-21"), lastDay: dayOf("2026-11-22") },
  {
    kind: "recipients-published",
    ...stamp,
    generation: 1,
    sha256: "0".repeat(64),
    lastDay: dayOf("2026-11-22"),
  },
  {
    kind: "keys-destroyed",
    ...stamp,
    keys: [],
    copies: [],
    exportsOutstanding: [],
    probe: "cannot be opened",
  },
];

describe("a control chain with records of keys", () => {
  async function withKeys(): Promise<Roots> {
    const roots = memoryRoots();
    await commitRaw(roots, sealedKey, sealed);
    for (const record of keyRecords) await appendControl(roots.ledger, record);
    return roots;
  }

  it("is read like any other", async () => {
    expect(await findings(await withKeys(), "age", true)).toEqual([]);
  });

  it.each([
    ["is missing", async ({ ledger }: Roots) => ledger.remove([recordKey(2)]), "record 2 is missing"],
    [
      "is junk",
      ({ ledger }: Roots) => replaceObject(ledger, recordKey(2), "{}"),
      "000000000002.json is no record",
    ],
    [
      "says something else now",
      async ({ ledger }: Roots) => {
        const text = new TextDecoder().decode(await ledger.read(recordKey(2)));
        await replaceObject(ledger, recordKey(2), text.replace('"keys":2', '"keys":3'));
      },
      "000000000002.json is not signed by the key",
    ],
  ])("is a finding that names the record when one of them %s", async (_, change, message) => {
    const roots = await withKeys();
    await change(roots);
    expect(await findings(roots, "age")).toContainEqual(
      expect.objectContaining({ kind: "chain", sequence: 2, message: expect.stringContaining(message) }),
    );
  });

  function recordKey(sequence: number): string {
    return `chains/control/${String(sequence).padStart(12, "0")}.json`;
  }
});

describe("hostlog verify", () => {
  async function verify(
    seal: SealMode,
    key: string,
    bytes: Uint8Array,
    ...words: readonly string[]
  ): Promise<Verified> {
    const world = await createVerifyWorld(seal);
    await commitRaw(world.roots, key, bytes);
    return world.run(words);
  }

  it("says in a line how the store keeps raw, and whether it has looked", async () => {
    expect((await verify("age", sealedKey, sealed)).stdout).toContain(
      "\nsealed (seal: age): 1 of 1 objects of raw and quarantine are age files, by their names (--read looks into them)\n",
    );
    expect((await verify("age", sealedKey, sealed, "--read")).stdout).toContain(
      "\nsealed (seal: age): 1 of 1 objects of raw and quarantine are age files\n",
    );
  });

  it("claims nothing of a store that does not seal", async () => {
    const { stdout, error } = await verify("none", plainKey, plain);
    expect(error).toBeUndefined();
    expect(stdout).toContain(
      "\nnot sealed (seal: none): who can read raw and quarantine in the store can read the lines\n",
    );
  });

  it("ends with exit code 3 where plain and sealed objects are mixed, and names them", async () => {
    const { stdout, status } = await verify("age", plainKey, plain);
    expect(status).toBe(exitCode.integrity);
    expect(stdout).toContain(`! raw/${plainKey} is not sealed, and this store seals`);
    expect(stdout).toContain("sealed (seal: age): 0 of 1 objects");
  });

  it("says the same to programs", async () => {
    const { stdout } = await verify("age", sealedKey, sealed, "--output", "json");
    expect(JSON.parse(stdout)).toMatchObject({ seal: "age", objects: { raw: { sealed: 1 } }, findings: [] });
  });
});

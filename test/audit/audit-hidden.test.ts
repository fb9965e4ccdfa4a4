import { describe, expect, it } from "vitest";
import { auditHidden } from "../../src/audit/audit-hidden.ts";
import { isSerious } from "../../src/audit/finding.ts";
import { parseDay } from "../../src/day.ts";
import { exitCode } from "../../src/exit-code.ts";
import { AccessDeniedError, type HiddenObject, type ObjectStore } from "../../src/store/object-store.ts";
import { appendControl, auditOf } from "../support/audit.ts";
import { memoryRoots } from "../support/recorded-batch.ts";

const none = { versions: 0, versionBytes: 0, deleteMarkers: 0, uploads: 0 };
const nothing = (): boolean => false;
const everything = (): boolean => true;

function hiding(objects: readonly HiddenObject[], trouble?: Error): Pick<ObjectStore, "listHidden"> {
  return {
    async *listHidden() {
      yield* objects;
      if (trouble !== undefined) throw trouble;
    },
  };
}

describe("auditHidden", () => {
  it("finds nothing in a store that hides nothing", async () => {
    expect(await auditHidden(hiding([]), everything)).toEqual({
      hidden: none,
      undead: new Set(),
    });
  });

  it("counts what is hidden of objects that are kept, or that no record names", async () => {
    const store = hiding([
      { key: "a", kind: "version", sizeBytes: 20 },
      { key: "a", kind: "version", sizeBytes: 30 },
      { key: "b", kind: "delete-marker", sizeBytes: 0 },
      { key: "unknown", kind: "upload", sizeBytes: 0 },
    ]);
    const { hidden, undead } = await auditHidden(store, nothing);
    expect(hidden).toEqual({ versions: 2, versionBytes: 50, deleteMarkers: 1, uploads: 1 });
    expect(undead).toEqual(new Set());
  });

  it.each(["version", "delete-marker", "upload"] as const)(
    "calls a destroyed object undead of which a %s is hidden",
    async (kind) => {
      const found = await auditHidden(hiding([{ key: "a", kind, sizeBytes: 0 }]), everything);
      expect(found).toEqual({ hidden: none, undead: new Set(["a"]) });
    },
  );

  it("says that it could not look where that is denied, and keeps what it saw before", async () => {
    const denied = new AccessDeniedError("allow s3:ListBucketVersions", exitCode.config);
    const store = hiding([{ key: "a", kind: "version", sizeBytes: 20 }], denied);
    expect((await auditHidden(store, nothing)).hidden).toEqual({
      ...none,
      versions: 1,
      versionBytes: 20,
      notSeen: "allow s3:ListBucketVersions",
    });
  });

  it("throws any other trouble: nothing is known then", async () => {
    await expect(auditHidden(hiding([], new Error("socket hang up")), nothing)).rejects.toThrow("hang up");
  });
});

/** A ledger that says that the object was destroyed. */
async function recordDestroyed(ledger: ObjectStore, key: string): Promise<void> {
  const day = parseDay("2026-11-22");
  if (day === undefined) throw new Error("a day");
  await appendControl(ledger, {
    kind: "purge",
    view: "raw",
    day,
    at: "2028-11-23T02:00:00.000Z",
    clock: "system",
    policy: [],
    objects: [{ key, sizeBytes: 3 }],
    failures: 0,
  });
}

describe("auditStore, where a store hides something", () => {
  it("names a destroyed object once, whether it is listed, hidden or both", async () => {
    const key = "dt=2026-11-22/web01_standard_0.parquet";
    for (const isListed of [false, true]) {
      const roots = memoryRoots();
      await recordDestroyed(roots.ledger, key);
      if (isListed) await roots.raw.create(key, Uint8Array.of(1, 2, 3));
      const version = { key, kind: "version", sizeBytes: 3 } as const;
      const stores = { ...roots, raw: { ...roots.raw, ...hiding([version, version]) } };
      const { findings } = await auditOf(stores);
      expect(findings.filter(isSerious)).toContainEqual({ kind: "undead", view: "raw", key });
      expect(findings.filter(({ kind }) => kind === "undead")).toHaveLength(1);
    }
  });

  it("sums it up in one finding for each view, which is not serious", async () => {
    const roots = memoryRoots();
    const hidden = Array.from({ length: 1000 }, (_, index) => ({
      key: `dt=2026-11-22/${index}`,
      kind: "version" as const,
      sizeBytes: 3,
    }));
    const stores = { ...roots, raw: { ...roots.raw, ...hiding(hidden) } };
    const { findings } = await auditOf(stores);
    expect(findings).toEqual([
      { kind: "hidden", view: "raw", versions: 1000, versionBytes: 3000, deleteMarkers: 0, uploads: 0 },
    ]);
    expect(findings.filter(isSerious)).toEqual([]);
  });
});

import { describe, expect, it } from "vitest";
import { checkSeal } from "../../src/check-seal.ts";
import { exitCode } from "../../src/exit-code.ts";
import { createFolderStore } from "../../src/store/folder-store.ts";
import { AccessDeniedError, type ObjectStore } from "../../src/store/object-store.ts";
import { ensureStoreIdentity, readStoreIdentity } from "../../src/store-identity.ts";
import { createMemoryStore } from "../support/memory-store.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const made = { at: "2026-11-22T12:00:00.000Z", isDrill: false, seal: "age" } as const;

describe("ensureStoreIdentity", () => {
  it("makes an identity once, and keeps to it", async () => {
    const published = createMemoryStore("memory:published");
    const first = await ensureStoreIdentity(published, made);
    expect(first).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      createdAt: made.at,
      isDrill: false,
      seal: "age",
    });
    const others = { at: "2027-01-01T00:00:00.000Z", isDrill: true, seal: "none" } as const;
    expect(await ensureStoreIdentity(published, others)).toEqual(first);
    expect(await readStoreIdentity(published)).toEqual(first);
  });

  it("gives another id to another store", async () => {
    const one = await ensureStoreIdentity(createMemoryStore("memory:one"), made);
    const other = await ensureStoreIdentity(createMemoryStore("memory:other"), made);
    expect(one.id).not.toBe(other.id);
  });

  it("of several processes at once gives all the same", async () => {
    const folder = await temporaryFolder();
    const identities = await Promise.all(
      Array.from({ length: 8 }, (_, i) =>
        ensureStoreIdentity(createFolderStore(folder, "file:///published"), {
          ...made,
          isDrill: i % 2 === 0,
        }),
      ),
    );
    expect(new Set(identities.map((identity) => JSON.stringify(identity))).size).toBe(1);
  });

  it("remembers that a store was made for a drill", async () => {
    const published = createMemoryStore("memory:published");
    await ensureStoreIdentity(published, { ...made, isDrill: true });
    expect(await readStoreIdentity(published)).toMatchObject({ isDrill: true });
  });
});

describe("how a store is kept", () => {
  it("is written down when it is made", async () => {
    const published = createMemoryStore("memory:published");
    await ensureStoreIdentity(published, { ...made, seal: "none" });
    expect(await readStoreIdentity(published)).toMatchObject({ seal: "none" });
  });

  it("is unsealed for a store of a release that did not seal", async () => {
    const published = createMemoryStore("memory:published");
    const text = '{"version":1,"id":"0b6c","created_at":"2026-01-01T00:00:00.000Z","drill":false}';
    await published.create("store.json", Buffer.from(text));
    expect(await readStoreIdentity(published)).toMatchObject({ seal: "none" });
  });

  it("is refused when this version does not know it", async () => {
    const published = createMemoryStore("memory:published");
    const text =
      '{"version":1,"id":"0b6c","created_at":"2026-01-01T00:00:00.000Z","drill":false,"seal":"rot13"}';
    await published.create("store.json", Buffer.from(text));
    await expect(readStoreIdentity(published)).rejects.toMatchObject({ exitCode: exitCode.integrity });
  });

  it("may be asked for again, and not otherwise", () => {
    expect(() => checkSeal(undefined, { seal: "none" })).not.toThrow();
    expect(() => checkSeal("age", { seal: "age" })).not.toThrow();
    expect(() => checkSeal("age", { seal: "none" })).toThrow('made with "seal: none"');
    expect(() => checkSeal("none", { seal: "age" })).toThrow('made with "seal: age"');
  });
});

describe("ensureStoreIdentity with a node's credentials, which may not make one", () => {
  const denying: ObjectStore = {
    ...createMemoryStore("memory:published"),
    create: () => Promise.reject(new AccessDeniedError("denied", exitCode.config)),
  };

  it("says how the store is set up", async () => {
    await expect(ensureStoreIdentity(denying, made)).rejects.toMatchObject({
      exitCode: exitCode.config,
      message: expect.stringContaining("hostlog setup s3 --apply"),
    });
  });

  it("takes the one that was made", async () => {
    const published = createMemoryStore("memory:published");
    const identity = await ensureStoreIdentity(published, made);
    expect(await ensureStoreIdentity({ ...published, create: denying.create }, made)).toEqual(identity);
  });
});

describe("readStoreIdentity", () => {
  it("knows of no identity before anything was put into the store", async () => {
    expect(await readStoreIdentity(createMemoryStore("memory:published"))).toBeUndefined();
  });

  const good = { version: 1, id: "an id", created_at: made.at, drill: false };
  it.each([
    ["no JSON", "<html>"],
    ["nothing", ""],
    ["null", "null"],
    ["a list", "[]"],
    ["another version", JSON.stringify({ ...good, version: 2 })],
    ["no id", JSON.stringify({ ...good, id: undefined })],
    ["no word on drills", JSON.stringify({ ...good, drill: "no" })],
    ["no time", JSON.stringify({ ...good, created_at: 0 })],
  ])("refuses a file that holds %s, and names it", async (_name, text) => {
    const published = createMemoryStore("memory:published");
    await published.create("store.json", Buffer.from(text));
    const refusal = {
      exitCode: exitCode.integrity,
      message: expect.stringContaining("memory:published/store.json"),
    };
    await expect(readStoreIdentity(published)).rejects.toMatchObject(refusal);
    await expect(ensureStoreIdentity(published, made)).rejects.toMatchObject(refusal);
  });
});

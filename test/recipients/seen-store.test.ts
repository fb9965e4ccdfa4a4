import { beforeEach, describe, expect, it } from "vitest";
import { exitCode } from "../../src/exit-code.ts";
import { readSeen, refuseExchanged, writeSeen } from "../../src/recipients/io/seen-store.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const url = "s3://logs/hostlog/published";
const seen = { publishedUrl: url, providerKeys: ["ed25519:a"], generation: 3 };

let state: string;

beforeEach(async () => {
  state = await temporaryFolder();
});

describe("what a machine has seen of a store", () => {
  it("reads back", async () => {
    await writeSeen(state, "store-1", seen);
    expect(await readSeen(state, "store-1")).toEqual(seen);
    expect(await readSeen(state, "store-2")).toBeUndefined();
  });

  it("refuses another store, or one that is not sealed, in its place", async () => {
    await writeSeen(state, "store-1", seen);
    await expect(refuseExchanged(state, url, "store-1")).resolves.toBeUndefined();
    const refused = { exitCode: exitCode.integrity, message: expect.stringContaining("exchanged") };
    await expect(refuseExchanged(state, url, "store-2")).rejects.toMatchObject(refused);
    await expect(refuseExchanged(state, url, undefined)).rejects.toMatchObject(refused);
  });

  it("has nothing against another store elsewhere, nor before it has seen any", async () => {
    await writeSeen(state, "store-1", seen);
    await expect(refuseExchanged(state, "s3://other/published", "store-2")).resolves.toBeUndefined();
    await expect(refuseExchanged(`${state}/none`, url, undefined)).resolves.toBeUndefined();
  });
});

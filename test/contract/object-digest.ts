import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { DIGEST_START_BYTES, ObjectNotFoundError, type ObjectStore } from "../../src/store/object-store.ts";

const mebibyte = Uint8Array.from({ length: 1_048_576 }, (_, index) => (index * 31 + (index >> 8)) & 0xff);

/** Part of what every store promises. `openStore` gives the empty store of the test that runs. */
export function describeDigest(openStore: () => ObjectStore): void {
  describe("digest", () => {
    it.each([
      ["an empty body", new Uint8Array(0)],
      ["a few bytes", Uint8Array.of(0, 1, 255)],
      ["a mebibyte", mebibyte],
    ])("says size, SHA-256 and first bytes of %s", async (_, body) => {
      await openStore().create("dt=2026-11-22/x.parquet", body);
      const { sizeBytes, sha256, start } = await openStore().digest("dt=2026-11-22/x.parquet");
      expect(sizeBytes).toBe(body.length);
      expect(sha256).toBe(createHash("sha256").update(body).digest("hex"));
      expect(Buffer.from(start).equals(body.subarray(0, DIGEST_START_BYTES))).toBe(true);
    });

    it("tells many objects at once apart", async () => {
      const keys = Array.from({ length: 40 }, (_, index) => `d/${index}`);
      await Promise.all(keys.map((key) => openStore().create(key, Buffer.from(key))));
      const digests = await Promise.all(keys.map((key) => openStore().digest(key)));
      expect(digests.map(({ start }) => Buffer.from(start).toString())).toEqual(keys);
    });

    it("says that there is no such object", async () => {
      await openStore().create("a/b", Uint8Array.of(1));
      for (const key of ["a/c", "a", "a/b/c"]) {
        await expect(openStore().digest(key)).rejects.toThrow(ObjectNotFoundError);
      }
    });
  });
}

import { describe, expect, it } from "vitest";
import { type Finding, isSerious } from "../../src/audit/finding.ts";
import { exitCode } from "../../src/exit-code.ts";
import { md5Hex } from "../../src/md5.ts";
import { AccessDeniedError } from "../../src/store/object-store.ts";
import { replaceObject } from "../ledger/memory-ledger.ts";
import { auditOf } from "../support/audit.ts";
import { memoryRoots, type Roots, sourceOf } from "../support/recorded-batch.ts";
import { commit, objectOf } from "./law-store.ts";

// What a server lists as the MD5 of an object tells what sizes do not, where it is one.

const md5 = md5Hex(Buffer.from("as recorded")) ?? "";
const otherMd5 = md5Hex(Buffer.from("another")) ?? "";

/** A batch that recorded the MD5 of its objects, or did not. */
async function batchWith(
  noted: string | undefined,
): Promise<{ readonly roots: Roots; readonly key: string }> {
  const roots = memoryRoots();
  const batch = await commit(roots, [sourceOf(0, 100)], {
    changeObject: (object) => (noted === undefined ? object : { ...object, md5: noted }),
  });
  return { roots, key: objectOf(batch, "raw").key };
}

/** Raw as it is listed by a server that shows this for the MD5 of each object. */
function listedWith(roots: Roots, shown: string | undefined, more: Partial<Roots["raw"]> = {}): Roots {
  const { raw } = roots;
  return {
    ...roots,
    raw: {
      ...raw,
      async *list(prefix, options) {
        for await (const object of raw.list(prefix, options)) yield { ...object, md5: shown };
      },
      ...more,
    },
  };
}

async function findings(roots: Roots): Promise<readonly Finding[]> {
  return (await auditOf(roots)).findings;
}

/** Other bytes, as many as before. */
async function alter({ raw }: Roots, key: string): Promise<void> {
  await replaceObject(raw, key, "x".repeat((await raw.read(key)).length));
}

describe("an object that is listed with another MD5 than recorded", () => {
  it("is altered, if its bytes are", async () => {
    const { roots, key } = await batchWith(md5);
    await alter(roots, key);
    expect(await findings(listedWith(roots, otherMd5))).toEqual([{ kind: "altered", view: "raw", key }]);
  });

  it("is as recorded if its bytes are: what this server lists is no MD5", async () => {
    const { roots } = await batchWith(md5);
    expect(await findings(listedWith(roots, otherMd5))).toEqual([]);
  });

  it("is not looked at by who may not read, and that is said", async () => {
    const { roots, key } = await batchWith(md5);
    const denied = new AccessDeniedError("allow s3:GetObject", exitCode.config);
    const found = await findings(listedWith(roots, otherMd5, { digest: () => Promise.reject(denied) }));
    const message = `objects that are listed with another MD5 than recorded: 1, the first is ${key}; allow s3:GetObject`;
    expect(found).toEqual([{ kind: "not-seen", view: "raw", message }]);
    expect(found.some(isSerious)).toBe(false);
  });
});

describe("an object that is listed with the recorded MD5, or of which none is known", () => {
  it("is not read", async () => {
    const digest = () => Promise.reject(new Error("nobody asked"));
    for (const [noted, shown] of [
      [md5, md5],
      [undefined, md5],
      [md5, undefined],
    ] as const) {
      const { roots } = await batchWith(noted);
      expect(await findings(listedWith(roots, shown, { digest }))).toEqual([]);
    }
  });
});

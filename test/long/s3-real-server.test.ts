import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import type { S3Settings } from "../../config/config.ts";
import { exitCode } from "../../src/exit-code.ts";
import { openS3Store } from "../../src/store/s3-store.ts";
import { describeObjectStore, type StoreFixture } from "../contract/object-store.ts";
import { listKeys } from "../support/list-keys.ts";
import {
  createTestBucket,
  realPlace,
  realSettings,
  realTlsSettings,
  type TestBucket,
} from "../support/real-s3.ts";

/** Each history takes some dozens of requests. */
const HISTORIES = 10;

const quick = { attemptMs: 5000, budgetMs: 5000, firstDelayMs: 100 };

async function openFixture(bucket: string, prefix: string, settings: S3Settings): Promise<StoreFixture> {
  const store = await openS3Store({ bucket, prefix: `${prefix}/${randomUUID()}` }, settings);
  return {
    store,
    async dispose() {
      expect(await store.remove(await listKeys(store))).toEqual([]);
    },
  };
}

describeObjectStore(
  "the S3 store on a real server",
  () => openFixture(realPlace().bucket, realPlace().prefix, realSettings),
  { histories: HISTORIES },
);

describe("a real server behind TLS", () => {
  describeObjectStore(
    "the S3 store, trusting the server's own authority,",
    () => openFixture(realPlace().bucket, realPlace().prefix, realTlsSettings()),
    { histories: HISTORIES },
  );

  it("is not trusted without its authority's file", async () => {
    expect(process.env["NODE_EXTRA_CA_CERTS"], "this would trust the server for the whole process").toBe(
      undefined,
    );
    const { endpoint } = realTlsSettings();
    const store = await openS3Store(realPlace(), { ...realSettings, endpoint }, quick);
    await expect(store.read("a")).rejects.toMatchObject({
      exitCode: exitCode.config,
      message: expect.stringContaining("certificate"),
    });
  });
});

describe.each([
  ["that never kept versions", false],
  ["that keeps versions", true],
])("a fresh bucket %s", (_, isVersioned) => {
  let fresh: TestBucket;

  beforeAll(async () => {
    fresh = await createTestBucket({ isVersioned });
    return () => fresh.dispose();
  });

  describeObjectStore("the S3 store", () => openFixture(fresh.bucket, "store", realSettings), {
    histories: HISTORIES,
    isCreateAtomic: !isVersioned,
  });
});

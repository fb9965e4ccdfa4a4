import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { openS3Store } from "../../src/store/s3-store.ts";
import {
  describeObjectStore,
  describeRemoveFailures,
  type RefusingFixture,
} from "../contract/object-store.ts";
import { listKeys } from "../support/list-keys.ts";
import type { VersioningState } from "../support/s3/contents.ts";
import { startS3Server } from "../support/s3-server.ts";

const settings = { region: "us-east-1", forcePathStyle: true };

beforeAll(() => {
  vi.stubEnv("AWS_ACCESS_KEY_ID", "test");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "test");
});
afterAll(() => {
  vi.unstubAllEnvs();
});

async function openFixture(prefix: string, versioning?: VersioningState): Promise<RefusingFixture> {
  const server = await startS3Server();
  if (versioning !== undefined) server.versioning.set("logs", versioning);
  return {
    store: await openS3Store({ bucket: "logs", prefix }, { ...settings, endpoint: server.endpoint }),
    async refuseRemoval(key) {
      server.undeletable.set(`logs/${prefix === "" ? "" : `${prefix}/`}${key}`, "AccessDenied");
    },
    dispose: () => server.close(),
  };
}

describeObjectStore("the S3 store", () => openFixture("host/logs"));
describeRemoveFailures("the S3 store", () => openFixture("host/logs"));

describe.each(["Enabled", "Suspended"] as const)("with versioning %s", (versioning) => {
  describeObjectStore("the S3 store", () => openFixture("host/logs", versioning));
  describeRemoveFailures("the S3 store", () => openFixture("host/logs", versioning));
});

describe("the S3 store without a prefix", () => {
  it("keeps objects under their keys alone", async () => {
    const { store, dispose } = await openFixture("");
    for (const key of ["a", "b/c"]) await store.create(key, Uint8Array.of(1));
    expect(await listKeys(store)).toEqual(["a", "b/c"]);
    expect(await listKeys(store, "", "a")).toEqual(["b/c"]);
    expect(await store.read("b/c")).toEqual(Uint8Array.of(1));
    expect(await store.remove(["a", "b/c"])).toEqual([]);
    expect(await listKeys(store)).toEqual([]);
    await dispose();
  });
});

import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { exitCode } from "../../src/exit-code.ts";
import { AccessDeniedError, isKey, type ObjectStore } from "../../src/store/object-store.ts";
import { openS3Store } from "../../src/store/s3-store.ts";
import { listHidden } from "../support/list-hidden.ts";
import { listKeys } from "../support/list-keys.ts";
import type { S3Answer, S3Operation } from "../support/s3-answer.ts";
import { type S3Fault, type S3Server, startS3Server } from "../support/s3-server.ts";

const body = Uint8Array.of(1, 2, 3);

let server: S3Server;
let store: ObjectStore;

beforeEach(async () => {
  vi.stubEnv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI");
  server = await startS3Server();
  store = await openS3Store(
    { bucket: "logs", prefix: "host" },
    { region: "us-east-1", forcePathStyle: true, endpoint: server.endpoint },
    { attemptMs: 10_000, budgetMs: 10_000, firstDelayMs: 5 },
  );
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await server.close();
});

/** Deletes as somebody does who knows nothing of versions. */
async function hide(name: string): Promise<void> {
  await fetch(`${server.endpoint}/logs/${name}`, { method: "DELETE" });
}

async function beginUpload(name: string): Promise<void> {
  await fetch(`${server.endpoint}/logs/${name}?uploads`, { method: "POST" });
}

function deny(...operations: readonly S3Operation[]): void {
  server.may = (operation) => !operations.includes(operation);
}

/** The next answer has another text. */
function rewrite(operation: S3Operation, change: (text: string) => string): void {
  const fault: S3Fault = {
    kind: "change",
    change: (answer: S3Answer) => ({ ...answer, body: Buffer.from(change(answer.body.toString())) }),
  };
  server.inject(operation, fault);
}

describe("the S3 store's list", () => {
  it("goes on page by page over 5,000 days, each of them once, from any place on", async () => {
    const keys = Array.from(
      { length: 5000 },
      (_, index) => `dt=${new Date(index * 86_400_000).toISOString().slice(0, 10)}/web-1_standard`,
    );
    for (const key of keys) server.objects.set(`logs/host/${key}`, Buffer.alloc(0));
    expect(await listKeys(store)).toEqual(keys);
    expect(server.operations).toHaveLength(50);
    for (const place of [0, 98, 99, 100, 2499, 4998, 4999]) {
      expect(await listKeys(store, "", keys[place])).toEqual(keys.slice(place + 1));
    }
    expect(await listKeys(store, "", "dt=1975-01-01/")).toEqual(keys.slice(1826));
    expect(await listKeys(store, "dt=198", "dt=1985-06-30/x")).toEqual(
      keys.filter((key) => key.startsWith("dt=198") && key > "dt=1985-06-30/x"),
    );
  });

  it("asks for no more pages than the reader takes", async () => {
    for (let index = 0; index < 500; index++)
      server.objects.set(`logs/host/${1000 + index}`, Buffer.alloc(0));
    for await (const { key } of store.list("")) if (key === "1150") break;
    expect(server.operations).toEqual(["ListObjectsV2", "ListObjectsV2"]);
  });

  it("yields what a sorted list of all names would, whatever others put beside", async () => {
    const part = fc.constantFrom("a", "b", "a-b", "a.b", "a=1", "A", "0", "~", "é", "a b", "..", "%2e");
    const name = fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => parts.join("/"));
    const names = fc.uniqueArray(
      fc.oneof(
        name.map((key) => `host/${key}`),
        name,
        name.map((key) => `hostile/${key}`),
      ),
      { maxLength: 30 },
    );
    const prefix = fc.constantFrom("", "a", "a/", "a-", "a=1/", "b/a", "A");
    await fc.assert(
      fc.asyncProperty(names, prefix, fc.option(name, { nil: "" }), async (there, wanted, startAfter) => {
        server.objects.clear();
        for (const each of there) server.objects.set(`logs/${each}`, Buffer.from(body));
        const expected = there
          .filter((each) => each.startsWith("host/"))
          .map((each) => each.slice("host/".length))
          .filter((key) => isKey(key) && key.startsWith(wanted) && key > startAfter)
          .toSorted();
        expect(await listKeys(store, wanted, startAfter)).toEqual(expected);
      }),
    );
  });

  it("refuses a listing that is in no order, breaks off or does not move on", async () => {
    for (const key of ["a", "b"]) await store.create(key, body);
    const cutOff = "<IsTruncated>true";
    const stuck = `<NextContinuationToken>x</NextContinuationToken>${cutOff}`;
    const changes: readonly ((text: string) => string)[] = [
      (text) => text.replace("host/a", "host/x"),
      (text) => text.replace("<IsTruncated>false", cutOff),
    ];
    for (const change of changes) {
      rewrite("ListObjectsV2", change);
      await expect(listKeys(store)).rejects.toMatchObject({ exitCode: exitCode.config });
    }
    const empty = (): string => `<ListBucketResult>${stuck}</IsTruncated></ListBucketResult>`;
    rewrite("ListObjectsV2", empty);
    rewrite("ListObjectsV2", empty);
    await expect(listKeys(store)).rejects.toMatchObject({ exitCode: exitCode.config });
  });
});

describe("the S3 store's listHidden", () => {
  it("yields nothing where the bucket never kept versions, and does not look for them", async () => {
    await store.create("a", body);
    expect(await listHidden(store)).toEqual([]);
    expect(server.operations).toEqual(["PutObject", "GetBucketVersioning", "ListMultipartUploads"]);
  });

  it("yields older versions and markers, and not what list shows", async () => {
    await store.create("dt=1/before", body);
    server.versioning.set("logs", "Enabled");
    for (const key of ["dt=1/a", "dt=1/b", "dt=2/c"]) await store.create(key, body);
    for (const key of ["dt=1/b", "dt=1/before", "dt=2/c"]) await hide(`host/${key}`);
    await store.create("dt=2/c", Uint8Array.of(1));
    expect(await listKeys(store)).toEqual(["dt=1/a", "dt=2/c"]);
    expect(await listHidden(store)).toEqual([
      "dt=1/b delete-marker 0",
      "dt=1/b version 3",
      "dt=1/before delete-marker 0",
      "dt=1/before version 3",
      "dt=2/c delete-marker 0",
      "dt=2/c version 3",
    ]);
    expect(await listHidden(store, "dt=2/")).toEqual(["dt=2/c delete-marker 0", "dt=2/c version 3"]);
  });

  it("goes on over pages that end between the versions of one key", async () => {
    server.versioning.set("logs", "Enabled");
    for (let version = 0; version < 120; version++) {
      await store.create("a", body);
      await hide("host/a");
    }
    await store.create("b", body);
    const hidden = await listHidden(store);
    expect(hidden.filter((line) => line === "a version 3")).toHaveLength(120);
    expect(hidden).toHaveLength(240);
  });

  it("yields older versions also of a bucket that keeps no more of them", async () => {
    server.versioning.set("logs", "Enabled");
    await store.create("a", body);
    await hide("host/a");
    server.versioning.set("logs", "Suspended");
    expect(await listHidden(store)).toEqual(["a delete-marker 0", "a version 3"]);
  });

  it("yields every one of 150 unfinished uploads of one key", async () => {
    for (let upload = 0; upload < 150; upload++) await beginUpload("host/a");
    expect(await listHidden(store)).toEqual(Array.from({ length: 150 }, () => "a upload 0"));
  });

  it("yields unfinished uploads over many pages, in whatever order the server has them", async () => {
    for (let index = 0; index < 130; index++) await beginUpload(`host/dt=1/${index}`);
    await beginUpload("host/dt=1/0");
    expect(await listHidden(store, "dt=1/")).toHaveLength(131);
    rewrite("ListMultipartUploads", (text) => text.replace("host/dt=1/0<", "host/dt=1/z<"));
    expect(await listHidden(store, "dt=1/")).toHaveLength(131);
  });

  it("passes over names that no key can have, and what lies beside its prefix", async () => {
    server.versioning.set("logs", "Enabled");
    for (const name of ["host/", "host/a%20b", "hostile/a", "host/..", "host/a"]) {
      await hide(name);
      await beginUpload(name);
    }
    expect(await listHidden(store)).toEqual(["a delete-marker 0", "a upload 0"]);
  });

  it("passes over what a server lists beside the prefix that was asked for", async () => {
    server.versioning.set("logs", "Enabled");
    for (const key of ["a", "b"]) {
      await hide(`host/${key}`);
      await beginUpload(`host/${key}`);
    }
    for (const operation of ["ListObjectVersions", "ListMultipartUploads"] as const) {
      rewrite(operation, (text) => text.replace("host/b", "hosu/b"));
    }
    expect(await listHidden(store)).toEqual(["a delete-marker 0", "a upload 0"]);
  });

  it.each([
    ["ListObjectVersions", "host/b", "host/0"],
    ["ListObjectVersions", "<IsTruncated>false", "<IsTruncated>true"],
    ["ListMultipartUploads", "<IsTruncated>false", "<IsTruncated>true"],
  ] as const)("refuses an answer to %s that has %s changed to %s", async (operation, from, to) => {
    server.versioning.set("logs", "Enabled");
    for (const key of ["a", "b"]) await store.create(key, body);
    rewrite(operation, (text) => text.replace(from, to));
    await expect(listHidden(store)).rejects.toMatchObject({ exitCode: exitCode.config });
  });

  it.each([
    [["ListObjectVersions"], /which versions.*allow s3:ListBucketVersions on the bucket/],
    [["GetBucketVersioning", "ListObjectVersions"], /s3:GetBucketVersioning and s3:ListBucketVersions/],
    [["ListMultipartUploads"], /allow s3:ListBucketMultipartUploads/],
  ] as const)("says what to allow when %j is denied, rather than guess", async (operations, message) => {
    server.versioning.set("logs", "Enabled");
    deny(...operations);
    const error: unknown = await listHidden(store).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(AccessDeniedError);
    expect(error).toMatchObject({ exitCode: exitCode.config, message: expect.stringMatching(message) });
  });

  it("looks for versions when it may not ask whether there are any", async () => {
    server.versioning.set("logs", "Enabled");
    await hide("host/a");
    deny("GetBucketVersioning");
    expect(await listHidden(store)).toEqual(["a delete-marker 0"]);
  });

  it.each([
    [501, "NotImplemented"],
    [405, "MethodNotAllowed"],
  ])(
    "yields nothing from a server that answers %i %s: it keeps nothing of the kind",
    async (status, code) => {
      server.versioning.set("logs", "Enabled");
      await hide("host/a");
      server.inject("ListObjectVersions", { kind: "error", status, code });
      server.inject("ListMultipartUploads", { kind: "error", status, code });
      expect(await listHidden(store)).toEqual([]);
    },
  );

  it("lists on after trouble that passes", async () => {
    server.versioning.set("logs", "Enabled");
    await hide("host/a");
    await beginUpload("host/b");
    for (const operation of ["GetBucketVersioning", "ListObjectVersions", "ListMultipartUploads"] as const) {
      server.inject(operation, { kind: "error", status: 503, code: "SlowDown" }, { kind: "reset" });
    }
    expect(await listHidden(store)).toEqual(["a delete-marker 0", "b upload 0"]);
  });
});

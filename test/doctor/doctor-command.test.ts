import { chmod, mkdir, readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import type { S3Server } from "../support/s3-server.ts";
import {
  bucketOf,
  type Examined,
  letIn,
  onServer,
  openDoctorWorld,
  roots,
  startHealthyServer,
} from "./doctor-world.ts";

/** The server, changed, and what the doctor says of it as JSON. */
async function examine(
  change: (server: S3Server) => void = () => {},
  {
    settings = [],
    words = [],
  }: { readonly settings?: readonly string[]; readonly words?: readonly string[] } = {},
): Promise<{ readonly server: S3Server; readonly examined: Examined }> {
  const server = await startHealthyServer();
  change(server);
  const world = await openDoctorWorld(onServer(server, ...settings));
  return { server, examined: await world.doctor(...words) };
}

describe("hostlog doctor", () => {
  it("finds nothing wrong with a healthy server, and leaves nothing there", async () => {
    const { server, examined } = await examine();
    expect(roots.flatMap((root) => examined.troubles(root))).toEqual([]);
    expect(examined.status).toBe(0);
    expect([...server.objects.keys()]).toEqual([]);
    expect(server.uploads.size).toBe(0);
  });

  it("removes its objects with all their versions", async () => {
    const { server, examined } = await examine((one) => {
      for (const root of roots) one.versioning.set(bucketOf(root), "Enabled");
      one.allowsOverwrites = true;
    });
    expect(examined.find("raw", "removal")).toMatchObject([{ verdict: "ok" }]);
    const names = server.requests
      .filter(({ operation }) => operation === "PutObject")
      .map(({ name }) => name);
    expect(names.length).toBeGreaterThan(5);
    expect(names.flatMap((name) => server.versionsOf(name))).toEqual([]);
  });

  it("names what it could not remove", async () => {
    const server = await startHealthyServer();
    const world = await openDoctorWorld(onServer(server));
    letIn(server, (operation, name) => {
      if (operation === "PutObject") server.undeletable.set(name, "AccessDenied");
      return true;
    });
    const examined = await world.doctor();
    expect(examined.find("raw", "left-over")).toMatchObject([
      {
        verdict: "warning",
        fact: expect.stringMatching(/s3:\/\/logs-raw\/hosting\/probe\/\d+-[0-9a-f]{12}\/first/),
      },
    ]);
  });

  it("removes what an earlier run left that died, and what no other run may still need not", async () => {
    const [long, short] = [Date.now() - 7_200_000, Date.now() - 60_000];
    const name = (ms: number): string => `${bucketOf("raw")}/hosting/probe/${ms}-abcdef/first`;
    const { server } = await examine((one) => {
      for (const ms of [long, short]) one.objects.set(name(ms), Buffer.from("left"));
    });
    expect([...server.objects.keys()]).toEqual([name(short)]);
  });

  it("writes nothing when told so, or where it would be locked", async () => {
    const locked = (server: S3Server): void => setting(server, "raw", "object-lock", lock(30));
    const { server, examined } = await examine(locked, { words: ["--read-only"] });
    expect(server.operations.filter((operation) => !/^(?:Get|Head|List)/.test(operation))).toEqual([]);
    expect(examined.find("analytics", "create")).toMatchObject([{ verdict: "not-tried" }]);

    const { server: other, examined: written } = await examine(locked);
    const puts = other.requests.filter(({ operation }) => operation === "PutObject").map(({ name }) => name);
    expect(puts.filter((put) => put.startsWith(bucketOf("raw")))).toEqual([]);
    expect(puts.length).toBeGreaterThan(5);
    expect(written.find("raw", "create")[0]?.fact).toContain("would be locked");
  });
});

describe("hostlog doctor with the credentials of a role", () => {
  it("tries of a node's what leaves nothing but its fixed object in the ledger, and finds no fault", async () => {
    const { server, examined } = await examine((one) => {
      one.hidesMissing = true;
      letIn(one, (operation, name) => {
        const isOwn = name.includes("/manifests/web-1/") || name.includes("_web-1_");
        return isOwn && operation === "PutObject";
      });
    });
    expect([...server.objects.keys()]).toEqual([
      expect.stringMatching(/^logs-ledger\/hosting\/manifests\/web-1\/doctor-\d{4}-\d{2}$/),
    ]);
    expect(examined.find("ledger", "atomic")).toMatchObject([{ verdict: "ok" }]);
    expect(examined.find("raw", "create")).toMatchObject([{ verdict: "not-tried" }]);
    expect(examined.find("raw", "may")[0]?.fact).toContain("may not list, remove objects");
    expect(examined.status).toBe(0);
  });

  it("finds with a node's a server that ignores If-None-Match", async () => {
    const { examined } = await examine((one) => {
      one.ignoresConditions = true;
      letIn(one, (operation, name) => operation === "PutObject" && name.includes("/manifests/web-1/"));
    });
    expect(examined.find("ledger", "create")).toMatchObject([{ verdict: "refused" }]);
    expect(examined.status).toBe(78);
  });

  it("tries with a purger's whether it removes by the thousand, though it may write nothing", async () => {
    const writes = new Set(["PutObject", "GetObject", "HeadObject", "CreateMultipartUpload"]);
    const { server, examined } = await examine((one) => letIn(one, (operation) => !writes.has(operation)));
    expect(server.operations).toContain("DeleteObjects");
    expect(examined.find("raw", "delete")).toMatchObject([{ verdict: "ok" }]);
    expect(examined.find("raw", "create")).toMatchObject([{ verdict: "not-tried" }]);
    expect(examined.find("raw", "may")[0]?.fact).toContain(
      "may list, remove objects, list versions; may not write new objects",
    );
    expect(examined.status).toBe(0);
  });

  it("calls a removal that leaves versions behind a refusal", async () => {
    const { examined } = await examine((one) => {
      one.versioning.set(bucketOf("raw"), "Enabled");
      // May mark as deleted, and remove no version but one that is not there.
      letIn(
        one,
        (operation, name, query) => !isVersionRemoval(operation, query) || name.endsWith("/nothing"),
      );
    });
    expect(examined.find("raw", "removal")).toMatchObject([{ verdict: "refused" }]);
  });
});

describe("hostlog doctor on encryption that the config asks for", () => {
  const asks = { settings: ["encryption: { mode: kms-key, kms_key: key-1 }"] };

  it("finds that it is done", async () => {
    const { examined } = await examine(() => {}, asks);
    expect(examined.find("raw", "encryption")).toMatchObject([{ verdict: "ok" }]);
  });

  it("refuses a server that passes it over", async () => {
    const { server, examined } = await examine((one) => (one.encrypts = false), asks);
    expect(examined.find("raw", "encryption")).toMatchObject([{ verdict: "refused" }]);
    expect([...server.objects.keys()]).toEqual([]);
  });
});

describe("hostlog doctor on a server that cannot encrypt", () => {
  it("says that nothing can be stored like this", async () => {
    const { examined } = await examine(
      (one) => one.inject("PutObject", { kind: "error", status: 400, code: "InvalidArgument" }),
      { settings: ["encryption: { mode: server-key }"] },
    );
    expect(examined.find("raw", "encryption")).toMatchObject([{ verdict: "refused" }]);
    expect(examined.find("raw", "create")).toMatchObject([{ verdict: "refused" }]);
    expect(examined.find("raw", "atomic")).toMatchObject([{ verdict: "not-tried" }]);
  });
});

describe("hostlog doctor on a server that is away", () => {
  it("says so once, and to try again", async () => {
    const server = await startHealthyServer();
    const world = await openDoctorWorld(onServer(server));
    server.inject("ListObjectsV2", ...Array.from({ length: 500 }, () => ({ kind: "reset" }) as const));
    const examined = await world.doctor();
    expect(examined.troubles("raw")).toEqual(["not-tried reach"]);
    expect(examined.troubles("published")).toEqual(["not-tried reach"]);
    expect(examined.status).toBe(75);
  }, 60_000);

  it("ends early when asked to, removes what it wrote, and says that it has not tried all", async () => {
    const server = await startHealthyServer();
    const controller = new AbortController();
    const world = await openDoctorWorld(onServer(server), { signal: controller.signal });
    letIn(server, (operation) => {
      if (operation === "PutObject") controller.abort();
      return true;
    });
    const examined = await world.doctor();
    expect(examined.find("raw", "atomic")).toMatchObject([
      { verdict: "not-tried", fact: expect.stringContaining("asked to end") },
    ]);
    expect([...server.objects.keys()]).toEqual([]);
    expect(examined.status).toBe(75);
  });
});

describe("hostlog doctor on folders", () => {
  it("tries them and leaves them as they were", async () => {
    const world = await openDoctorWorld([]);
    const store = join(world.folder, "store");
    for (const root of roots) await mkdir(join(store, root), { recursive: true, mode: 0o700 });
    await mkdir(join(store, "state"), { mode: 0o700 });
    const examined = await world.doctor("--store", pathToFileURL(store).href);
    expect(examined.find("raw", "create")).toMatchObject([{ verdict: "ok" }]);
    expect(examined.find("state", "create")).toMatchObject([{ verdict: "ok" }]);
    expect((await readdir(join(store, "raw"))).filter((name) => !name.startsWith("."))).toEqual([]);
    expect(await readdir(join(store, "state"))).toEqual([]);
  });

  it("makes no folder that is not there", async () => {
    const world = await openDoctorWorld([]);
    const store = join(world.folder, "store");
    const examined = await world.doctor("--store", pathToFileURL(store).href);
    expect(examined.find("raw", "folder")[0]?.fact).toContain("can be made");
    await expect(stat(store)).rejects.toMatchObject({ code: "ENOENT" });
  });

  it("refuses one that everybody may look into, one that is a file, and a state within a root", async () => {
    const world = await openDoctorWorld([]);
    const store = join(world.folder, "store");
    await mkdir(join(store, "raw"), { recursive: true });
    await chmod(join(store, "raw"), 0o755);
    await writeFile(join(store, "analytics"), "");
    await writeFile(
      join(world.folder, "hostlog.yaml"),
      `store: ${pathToFileURL(store).href}\nstate: ${join(store, "ledger", "state")}\n`,
    );
    const examined = await world.doctor();
    expect(examined.troubles("raw")).toEqual(["refused mode", "not-tried create"]);
    expect(examined.troubles("analytics")).toEqual(["refused folder"]);
    expect(examined.find("state", "apart")).toMatchObject([{ verdict: "refused" }]);
    expect(examined.status).toBe(78);
  });
});

function setting(server: S3Server, root: string, name: string, body: string): void {
  server.settings.set(`${bucketOf(root)}?${name}`, { body });
}

function lock(days?: number): string {
  const rule =
    days === undefined
      ? ""
      : `<Rule><DefaultRetention><Mode>COMPLIANCE</Mode><Days>${days}</Days></DefaultRetention></Rule>`;
  return `<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled>${rule}</ObjectLockConfiguration>`;
}

function isVersionRemoval(operation: string, query: URLSearchParams): boolean {
  return operation.startsWith("Delete") && query.has("versionId");
}

import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { AccessDeniedError, type ObjectStore } from "../../src/store/object-store.ts";
import { describeObjectStore, type StoreFixture } from "../contract/object-store.ts";
import { listKeys } from "../support/list-keys.ts";
import {
  createRoleBucket,
  type RoleBucket,
  type RoleUser,
  roleDay,
  roleNode,
} from "../support/real-s3-roles.ts";

const HISTORIES = 5;

const node = `node-${roleNode}` as const;

describe("a real server, with the keys of each role", () => {
  let roles: RoleBucket;

  beforeAll(async () => {
    roles = await createRoleBucket();
    return () => roles.dispose();
  });

  /** Objects of the node's own name on the day of the grant, as a node names them: all roles meet there. */
  const rawPrefix = (): string => `raw/dt=${roleDay}/${roleNode}_contract-${randomUUID()}`;

  async function openRaw(): Promise<StoreFixture> {
    const prefix = rawPrefix();
    const by = (user: RoleUser): Promise<ObjectStore> => roles.openAs(user, prefix);
    const store = joinStores({
      create: await by(node),
      read: await by("investigator"),
      list: await by("auditor"),
      remove: await by("purger"),
    });
    return { store, dispose: () => removeAll(store) };
  }

  async function openChain(): Promise<StoreFixture> {
    const prefix = `ledger/chains/${roleNode}/contract-${randomUUID()}`;
    const own = await roles.openAs(node, prefix);
    // No role may remove a record, so the one who sets up stands in for none.
    const remove = await roles.openAsAdministrator(prefix);
    const store = joinStores({ create: own, read: own, list: own, remove });
    return { store, dispose: () => removeAll(store) };
  }

  const options = { histories: HISTORIES };
  describeObjectStore("raw, as a node, investigator, auditor and purger use it,", openRaw, options);
  describeObjectStore("a node's own chain", openChain, options);

  it("lets none of them do the others' work", async () => {
    const prefix = rawPrefix();
    const administrator = await roles.openAsAdministrator(prefix);
    await administrator.create("a", Uint8Array.of(1));
    for (const user of [node, "auditor", "purger"] as const) {
      const store = await roles.openAs(user, prefix);
      await expect(store.read("a"), user).rejects.toThrow(AccessDeniedError);
    }
    for (const user of ["investigator", "auditor", "purger"] as const) {
      const store = await roles.openAs(user, prefix);
      await expect(store.create("b", Uint8Array.of(1)), user).rejects.toThrow(AccessDeniedError);
    }
    await expect(listKeys(await roles.openAs(node, prefix))).rejects.toThrow(AccessDeniedError);
    for (const user of [node, "investigator", "auditor"] as const) {
      const store = await roles.openAs(user, prefix);
      const failures = await store.remove(["a"]).catch((error: unknown) => [error]);
      expect(failures, user).toHaveLength(1);
    }
    expect(await listKeys(administrator)).toEqual(["a"]);
    await removeAll(administrator);
  });
});

async function removeAll(store: ObjectStore): Promise<void> {
  expect(await store.remove(await listKeys(store))).toEqual([]);
}

/** One store, of which each operation is done with the keys of the role that may do it. */
function joinStores(by: Readonly<Record<"create" | "read" | "list" | "remove", ObjectStore>>): ObjectStore {
  return {
    url: by.create.url,
    create: (key, body) => by.create.create(key, body),
    read: (key, range) => by.read.read(key, range),
    asFile: (key, directory) => by.read.asFile(key, directory),
    digest: (key) => by.read.digest(key),
    list: (prefix, options) => by.list.list(prefix, options),
    clockMs: () => by.list.clockMs(),
    listHidden: (prefix) => by.remove.listHidden(prefix),
    remove: (keys) => by.remove.remove(keys),
  };
}

import { cp, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { openKeyring } from "../../../src/keyring/io/open-keyring.ts";
import type { UnlockedKeyring } from "../../../src/keyring/keyring.ts";
import { publishRecipients } from "../../../src/recipients/io/publish-recipients.ts";
import { createFolderStore } from "../../../src/store/folder-store.ts";
import type { ObjectStore } from "../../../src/store/object-store.ts";
import type { View } from "../../../src/view.ts";
import { listKeys } from "../../support/list-keys.ts";
import { combinedLine } from "../../support/log-lines.ts";
import type { Finished } from "../../support/run-hostlog.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import type { WarmHostlog } from "../../support/warm-hostlog.ts";

export const now = "2026-02-04T12:00:00Z";

/** A folder store with short terms, the machine that has its keys, and another that has none. */
export interface SealedWorld {
  readonly folder: string;
  readonly store: string;
  /** Where the keyring is, once there is one. */
  readonly keys: string;
  root(name: View | "ledger" | "published"): ObjectStore;
  /** Settings of both machines beside the store's; later ones stand for earlier ones. */
  setConfig(settings?: Readonly<Record<string, string>>): Promise<void>;
  /** A log with two lines of 2 February, two of 4 February, and one that cannot be read behind them. */
  writeLog(name: string): Promise<string>;
  run(...args: readonly string[]): Promise<Finished>;
  runElsewhere(at: string, ...args: readonly string[]): Promise<Finished>;
  /** Every object of a root, by its key. */
  read(name: View | "ledger"): Promise<ReadonlyMap<string, Buffer>>;
  /** Does something with the keyring, and publishes it then. */
  withKeys(act: (unlocked: UnlockedKeyring) => Promise<unknown>): Promise<void>;
}

/** `template` is the folder of a world that was used already, of which this is a copy. It is gone when the test ends. */
export async function openSealedWorld(hostlog: WarmHostlog, template?: string): Promise<SealedWorld> {
  const folder = await temporaryFolder();
  if (template !== undefined) await cp(template, folder, { recursive: true });
  return makeSealedWorld(hostlog, folder);
}

export async function makeSealedWorld(hostlog: WarmHostlog, folder: string): Promise<SealedWorld> {
  const store = join(folder, "store");
  const keys = join(folder, "keys");
  const root: SealedWorld["root"] = (name) =>
    createFolderStore(join(store, name), pathToFileURL(join(store, name)).href);
  const run = (
    config: string,
    keysFolder: string,
    at: string,
    [command = "", ...rest]: readonly string[],
  ): Promise<Finished> =>
    hostlog.run([command, "--config", join(folder, config), "--now", at, ...rest], {
      directory: folder,
      environment: { HOSTLOG_KEYS: keysFolder },
    });
  const setConfig: SealedWorld["setConfig"] = async (settings = {}) => {
    const common = {
      node: "web01",
      store: `file://${store}`,
      classes: "{ standard: 30d }",
      quarantine: "{ term: 10d }",
      ...settings,
    };
    const write = async (name: string, all: Readonly<Record<string, string>>): Promise<void> => {
      const lines = Object.entries(all).map(([key, value]) => `${key}: ${value}\n`);
      await writeFile(join(folder, name), lines.join(""));
    };
    await write("here.yaml", common);
    await write("elsewhere.yaml", { ...common, state: join(folder, "elsewhere") });
  };
  await setConfig();
  return {
    folder,
    store,
    keys,
    root,
    setConfig,
    async writeLog(name) {
      const times = ["02T10:00", "02T11:00", "04T10:00", "04T11:00"];
      const lines = times.map((time) =>
        combinedLine({ ms: Date.parse(`2026-02-${time}:00Z`), request: `GET /${name}/${time} HTTP/1.1` }),
      );
      const path = join(folder, name);
      await writeFile(path, `${[...lines, `unreadable ${name}`].join("\n")}\n`);
      return path;
    },
    run: (...args) => run("here.yaml", keys, now, args),
    runElsewhere: (at, ...args) => run("elsewhere.yaml", join(folder, "nobody's"), at, args),
    async read(name) {
      const found = await listKeys(root(name));
      const objects = found.map(async (key) => [key, Buffer.from(await root(name).read(key))] as const);
      return new Map(await Promise.all(objects));
    },
    async withKeys(act) {
      const [storeId = ""] = await readdir(keys);
      const keyring = await openKeyring(join(keys, storeId));
      if (keyring === undefined) throw new Error("there is no keyring");
      const unlocked = await keyring.unlock({ identities: [], passphrase: undefined });
      try {
        await act(unlocked);
        await publishRecipients(root("published"), unlocked, now);
      } finally {
        unlocked.close();
      }
    },
  };
}

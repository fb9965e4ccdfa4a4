import { cp, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createOpenContext, type Surroundings } from "../../../src/commands/context.ts";
import { initCommand } from "../../../src/commands/init.ts";
import { keysCommand } from "../../../src/commands/keys.ts";
import { UserError } from "../../../src/errors.ts";
import { readChain } from "../../../src/ledger/chain.ts";
import type { RecordBody } from "../../../src/ledger/record.ts";
import { encodeIdentity, encodeRecipient } from "../../../src/seal/age-text.ts";
import { generateIdentity } from "../../../src/seal/x25519.ts";
import { createFolderStore } from "../../../src/store/folder-store.ts";
import type { ObjectStore } from "../../../src/store/object-store.ts";
import { readStoreIdentity } from "../../../src/store-identity.ts";
import { createCommandWorld, runCommand } from "../../support/command-world.ts";

export interface Ran {
  readonly stdout: string;
  readonly stderr: string;
  /** Undefined when it ended well. */
  readonly error: UserError | undefined;
}

/** A store of short terms, so that its keys are made at once, and a place for its keys. */
export interface KeysWorld {
  readonly folder: string;
  readonly surroundings: Surroundings;
  init(...words: readonly string[]): Promise<Ran>;
  keys(...words: readonly string[]): Promise<Ran>;
  /** The same on another day. */
  on(day: string): KeysWorld;
  root(name: string): ObjectStore;
  /** Of the store that was made. */
  storeId(): Promise<string>;
  keyringFolder(): Promise<string>;
  records(): Promise<readonly RecordBody[]>;
  /** Another world, in which what was done here is done: making keys takes the longest part of a second. */
  copy(): Promise<KeysWorld>;
  /** Paths below a folder of the world, with the bytes of each file. */
  files(name: string): Promise<ReadonlyMap<string, Buffer>>;
  end(): Promise<void>;
}

export const TODAY = "2026-11-22";

/** 402 keys of raw, 402 of quarantine. */
const shortTerms = `
classes:
  standard: 1d
quarantine:
  term: 1d
`;

export async function createKeysWorld(config = shortTerms): Promise<KeysWorld> {
  const world = await createCommandWorld();
  const { folder } = world;
  await mkdir(join(folder, "people"));
  await writeFile(join(folder, "hostlog.yaml"), `store: file://${folder}/store\n${config}`);
  const root = (name: string): ObjectStore =>
    createFolderStore(join(folder, "store", name), `file:///store/${name}`);
  const files = async (name: string): Promise<ReadonlyMap<string, Buffer>> => readTree(join(folder, name));

  const run = async (act: () => Promise<void>): Promise<Ran> => {
    let error: UserError | undefined;
    try {
      await act();
    } catch (thrown) {
      if (!(thrown instanceof UserError)) throw thrown;
      error = thrown;
    }
    return { stdout: world.takeOutput(), stderr: world.takeErrors(), error };
  };

  const at = (surroundings: Surroundings): KeysWorld => {
    const openContext = createOpenContext(surroundings);
    const storeId = async (): Promise<string> => (await readStoreIdentity(root("published")))?.id ?? "";
    return {
      folder,
      surroundings,
      init: (...words) => run(() => runCommand(initCommand(openContext), ...words)),
      keys: (...words) => run(() => runCommand(keysCommand(openContext), ...words)),
      on: (day) => at({ ...surroundings, clock: () => Date.parse(`${day}T12:00:00Z`) }),
      root,
      storeId,
      keyringFolder: async () => join(folder, "keys", await storeId()),
      async records() {
        const bodies: RecordBody[] = [];
        for await (const { record } of readChain(root("ledger"), "control")) {
          if (record.body.kind !== "writer-accepted") bodies.push(record.body);
        }
        return bodies;
      },
      async copy() {
        const other = await createKeysWorld(config);
        for (const name of ["store", "keys", "people"]) {
          await cp(join(folder, name), join(other.folder, name), { recursive: true, force: true });
        }
        return other;
      },
      files,
      end: world.end,
    };
  };
  return at({ ...world.surroundings, environment: { HOSTLOG_KEYS: join(folder, "keys") } });
}

async function readTree(folder: string): Promise<ReadonlyMap<string, Buffer>> {
  const found = new Map<string, Buffer>();
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    found.set(path.slice(folder.length + 1), await readFile(path));
  }
  return found;
}

/** A person with an age identity file that nobody else may read. */
export async function createPerson(
  folder: string,
  name: string,
): Promise<{ readonly file: string; readonly recipient: string }> {
  const { identity, recipient } = generateIdentity();
  const file = join(folder, "people", `${name}.txt`);
  await writeFile(file, `# ${name}\n${encodeIdentity(identity)}\n`, { mode: 0o600 });
  return { file, recipient: encodeRecipient(recipient) };
}

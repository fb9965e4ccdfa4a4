import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { openKeyring } from "../../src/keyring/io/open-keyring.ts";
import { dayKeyNameOf, type SealedView, sealedViews } from "../../src/seal/day-key-name.ts";
import { openForIdentity } from "../../src/seal/open-bytes.ts";

/** Opens sealed objects as nobody does in a look-up: with the keyring itself, and with the day's own identity. */
export interface Unsealer {
  /** The Parquet file inside. Throws what keeps it from being opened. */
  open(view: SealedView, key: string, sealed: Uint8Array): Promise<Uint8Array>;
  close(): void;
}

/** `keysFolder` holds one keyring, a small one. */
export async function openUnsealer(keysFolder: string): Promise<Unsealer> {
  // What begins with a dot was never made whole.
  const [storeId, ...others] = (await readdir(keysFolder)).filter((name) => !name.startsWith("."));
  if (storeId === undefined || others.length > 0) throw new Error(`${keysFolder} should hold one keyring`);
  const keyring = await openKeyring(join(keysFolder, storeId));
  if (keyring === undefined) throw new Error(`there is no keyring in ${keysFolder}`);
  const unlocked = await keyring.unlock({ identities: [], passphrase: undefined });
  return {
    async open(view, key, sealed) {
      const name = dayKeyNameOf(view, key);
      if (name === undefined) throw new Error(`${key} is no name of a sealed object`);
      const found = await unlocked.identityOf(name);
      if (found.kind !== "identity") throw new Error(`the key of ${key}: ${found.kind}`);
      return openForIdentity(sealed, found.identity);
    },
    close: () => unlocked.close(),
  };
}

/** Opens all that is sealed in a folder store, into a folder of the same layout. Throws for an object that is not sealed. */
export async function unsealStore(store: string, keysFolder: string, folder: string): Promise<void> {
  const unsealer = await openUnsealer(keysFolder);
  try {
    for (const view of sealedViews) {
      const root = join(store, view);
      for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
        const key = relative(root, join(entry.parentPath, entry.name));
        if (!entry.isFile() || !key.startsWith("dt=")) continue;
        const plain = await unsealer.open(view, key, await readFile(join(root, key)));
        const path = join(folder, view, key.replace(/\.age$/, ""));
        await mkdir(dirname(path), { recursive: true, mode: 0o700 });
        await writeFile(path, plain, { mode: 0o600 });
      }
    }
  } finally {
    unsealer.close();
  }
}

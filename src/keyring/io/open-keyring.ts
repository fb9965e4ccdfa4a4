import { join, resolve } from "node:path";
import { UserError } from "../../errors.ts";
import { exitCode } from "../../exit-code.ts";
import { formatExports } from "../export-list.ts";
import type { KeyExport } from "../key-export.ts";
import type { KeyEntry, Keyring, UnlockedKeyring } from "../keyring.ts";
import { type KeyringFile, providerKeyOf } from "../keyring-file.ts";
import { entriesOf } from "../month-file.ts";
import { signWith } from "../provider-pair.ts";
import { isChangePending } from "./change-together.ts";
import { readIdentity } from "./day-identity.ts";
import { destroyKeys } from "./destroy-keys.ts";
import { ensureKeys } from "./ensure-keys.ts";
import { exportKeys } from "./export-keys.ts";
import {
  keyringFiles,
  readExports,
  readKeyringFile,
  readMonths,
  rereadKeyringFile,
} from "./keyring-folder.ts";
import { checkPrivateFolder } from "./private-file.ts";
import { rotateCustodian, rotateProvider } from "./rotate-keyring.ts";
import { findLeftovers, replaceFile, sweepLeftovers } from "./shred-file.ts";
import { type HeldSecrets, openLockedParts, readLockedParts } from "./unlock-keyring.ts";
import { withKeyringLock } from "./with-keyring-lock.ts";

/**
 * The keyring in a folder; undefined when there is none. Finishes what a killed process left half-done. Throws
 * UserError for one that others may read, that belongs to another user or another store (when `storeId` is given),
 * that a newer version made, or that is damaged.
 */
export async function openKeyring(folder: string, storeId?: string): Promise<Keyring | undefined> {
  const path = resolve(folder);
  if (!(await checkPrivateFolder(path))) return undefined;
  if (await isChangePending(path)) {
    await withKeyringLock(path, "finishing a change of the keyring", async () => undefined);
  }
  const file = await readKeyringFile(path);
  if (file === undefined) return undefined;
  if (storeId !== undefined && file.store !== storeId) {
    throw new UserError(
      `the keyring in ${path} is of the store ${file.store}, and this is the store ${storeId}: move it to its place, or name another folder`,
      exitCode.config,
    );
  }
  if ((await findLeftovers(path)).length > 0) await sweepUnlessBusy(path);
  return createHandle(path, file);
}

/** What lies around may be a live process's work at this moment; then that process removes it. */
async function sweepUnlessBusy(folder: string): Promise<void> {
  try {
    await withKeyringLock(folder, "removing leftovers", () => sweepLeftovers(folder), 0);
  } catch (error) {
    if (!(error instanceof UserError && error.exitCode === exitCode.tryAgain)) throw error;
  }
}

function createHandle(folder: string, file: KeyringFile): Keyring {
  return {
    folder,
    storeId: file.store,
    kind: file.kind,
    providerKey: providerKeyOf(file),
    providerHistory: file.providerHistory,
    custodianRecipient: file.custodianRecipient,
    people: file.people,
    entries: () => readEntries(folder, file.store),
    ensure: (wished, at) => withKeyringLock(folder, "making keys", () => ensureKeys(folder, wished, at)),
    destroy: (names, at) => withKeyringLock(folder, "destroying keys", () => destroyKeys(folder, names, at)),
    exports: () => readExports(folder),
    confirmGone: (number, at, reason) =>
      withKeyringLock(folder, "noting an export", () => confirmGone(folder, number, at, reason)),
    async unlock(secrets) {
      const parts = await withKeyringLock(folder, "unlocking", () => readLockedParts(folder));
      return createUnlocked(folder, parts.file, await openLockedParts(folder, parts, secrets));
    },
  };
}

async function readEntries(folder: string, store: string): Promise<readonly KeyEntry[]> {
  const months = await readMonths(folder, store);
  const order = ({ view, retentionClass, day }: KeyEntry): string => `${view} ${retentionClass} ${day}`;
  return [...months.values()].flatMap(entriesOf).sort((a, b) => (order(a) < order(b) ? -1 : 1));
}

async function confirmGone(folder: string, number: number, at: string, reason: string): Promise<KeyExport> {
  const exports = await readExports(folder);
  const found = exports.find((one) => one.number === number);
  if (found === undefined) {
    throw new UserError(
      `there is no export ${number} of the keyring in ${folder}; "hostlog keys exports" lists them`,
      exitCode.usage,
    );
  }
  if (found.gone !== undefined) return found;
  const gone: KeyExport = { ...found, gone: { at, reason } };
  const after = exports.map((one) => (one === found ? gone : one));
  await replaceFile(join(folder, keyringFiles.exports), formatExports(after));
  return gone;
}

function createUnlocked(folder: string, file: KeyringFile, held: HeldSecrets): UnlockedKeyring {
  let isClosed = false;
  const secrets = (): HeldSecrets => {
    if (isClosed) throw new Error("the keyring was closed");
    return held;
  };
  const close = (): void => {
    isClosed = true;
    held.identity.fill(0);
    held.providerPem.fill(0);
  };
  return {
    keyring: createHandle(folder, file),
    identityOf: (name) => readIdentity(folder, file.store, name, secrets().identity),
    sign: (bytes) => signWith(secrets().providerPem, bytes),
    providerHistory: () => file.providerHistory,
    async rotate(wish) {
      const after = await withKeyringLock(folder, `rotating the ${wish.what}`, async () => {
        const rotated =
          wish.what === "provider"
            ? await rotateProvider(folder, secrets())
            : await rotateCustodian(folder, secrets(), wish.custodian);
        return createUnlocked(folder, await rereadKeyringFile(folder), rotated);
      });
      close();
      return after;
    },
    export: (wish) => withKeyringLock(folder, "exporting keys", () => exportKeys(folder, secrets(), wish)),
    close,
  };
}

import { mkdir, readdir, rename, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { syncDirectory } from "../../durable-file.ts";
import { UserError } from "../../errors.ts";
import { exitCode } from "../../exit-code.ts";
import { sealBytes } from "../../seal/seal-bytes.ts";
import type { CustodianWish, Keyring } from "../keyring.ts";
import { formatKeyringFile } from "../keyring-file.ts";
import { newCustodian } from "../new-custodian.ts";
import { generateProviderPair, linkFrom } from "../provider-pair.ts";
import { type Change, writeTree } from "./change-together.ts";
import { custodianFileOf, keyringFiles } from "./keyring-folder.ts";
import { openKeyring } from "./open-keyring.ts";
import { FOLDER_MODE, ignoreMissing } from "./private-file.ts";
import { shredFolder, temporaryName } from "./shred-file.ts";

/** Making a keyring takes seconds at most: what is older was left by a killed process. */
const MAKING_MS_MAX = 3_600_000;

/**
 * Makes a keyring without a day key, as one step that lasts; its folder is named by it and made with those above. Of
 * several processes that make a small one at once, all get the same. Throws UserError when another keyring is there.
 */
export async function createKeyring(
  folder: string,
  made: { readonly storeId: string; readonly at: string; readonly custodian: CustodianWish },
): Promise<Keyring> {
  const { storeId, at } = made;
  const custodian = await newCustodian(storeId, made.custodian);
  const provider = generateProviderPair();
  const files: Change = new Map([
    [
      keyringFiles.keyring,
      formatKeyringFile({
        store: storeId,
        kind: custodian.kind,
        createdAt: at,
        custodianRecipient: custodian.recipientText,
        people: custodian.people,
        providerHistory: [linkFrom(provider.privatePem, provider.key)],
      }),
    ],
    [custodianFileOf(custodian.kind), custodian.stored],
    [keyringFiles.provider, sealBytes(provider.privatePem, [custodian.recipient])],
  ]);
  custodian.identity.fill(0);
  provider.privatePem.fill(0);

  const isFirst = await putKeyringInPlace(folder, files);
  const keyring = await openKeyring(folder, storeId);
  if (keyring === undefined) throw new Error(`the keyring in ${folder} has gone since it was made`);
  if (!isFirst && !(keyring.kind === "small" && made.custodian.kind === "small")) throw isThere(folder);
  return keyring;
}

/** Makes a whole keyring of these files appear; false, and nothing is changed, when there is one. */
export async function putKeyringInPlace(folder: string, files: Change): Promise<boolean> {
  const path = resolve(folder);
  const parent = dirname(path);
  await mkdir(parent, { recursive: true, mode: FOLDER_MODE });
  await sweepUnfinished(parent, basename(path));
  const staged = temporaryName(join(parent, `.${basename(path)}`));
  await writeTree(staged, files);
  try {
    // It takes the place of an empty folder, and of no other.
    await rename(staged, path);
  } catch (error) {
    await shredFolder(staged);
    if (isTaken(error)) return false;
    throw error;
  }
  await syncDirectory(parent);
  await syncDirectory(dirname(parent));
  return true;
}

export function isThere(folder: string): UserError {
  return new UserError(
    `there is a keyring in ${folder} already; nothing was changed. To give it another custodian, run "hostlog keys rotate --custodian"`,
    exitCode.config,
  );
}

/** Removes what a process left that was killed while it made this keyring. */
async function sweepUnfinished(parent: string, name: string): Promise<void> {
  for (const entry of await readdir(parent)) {
    if (!entry.startsWith(`.${name}.`) || !entry.endsWith(".tmp~")) continue;
    const path = join(parent, entry);
    const status = await stat(path).catch(ignoreMissing);
    if (status !== undefined && Date.now() - status.mtimeMs > MAKING_MS_MAX) await shredFolder(path);
  }
}

function isTaken(error: unknown): boolean {
  return (
    error instanceof Error &&
    "code" in error &&
    ["ENOTEMPTY", "EEXIST", "ENOTDIR"].includes(String(error.code))
  );
}

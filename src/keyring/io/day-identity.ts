import { join } from "node:path";
import { UserError } from "../../errors.ts";
import { exitCode } from "../../exit-code.ts";
import { encodeRecipient } from "../../seal/age-text.ts";
import { type DayKeyName, formatDayKey } from "../../seal/day-key-name.ts";
import { SealBrokenError } from "../../seal/seal-broken-error.ts";
import { recipientOf } from "../../seal/x25519.ts";
import type { IdentityAnswer } from "../keyring.ts";
import { isKept, type KeptKey, monthFileName } from "../month-file.ts";
import { damaged } from "../read-checked.ts";
import { unwrapIdentity } from "../wrap-identity.ts";
import { keyringFiles, readMonth, rereadKeyringFile } from "./keyring-folder.ts";

/** The private half of a day's key, read from the disk each time: another process may have destroyed it since. */
export async function readIdentity(
  folder: string,
  store: string,
  name: DayKeyName,
  custodianIdentity: Uint8Array,
): Promise<IdentityAnswer> {
  const key = (await readMonth(folder, store, monthFileName(name)))?.keys.get(name.day);
  if (key === undefined) return { kind: "no-key" };
  if (!isKept(key)) return { kind: "destroyed", at: key.destroyedAt };
  return { kind: "identity", identity: await unwrap(folder, name, key, custodianIdentity) };
}

/** 32 bytes, the caller's to overwrite. Throws UserError that says what is wrong with the key, or with this process's. */
export async function unwrap(
  folder: string,
  name: DayKeyName,
  key: KeptKey,
  custodianIdentity: Uint8Array,
): Promise<Uint8Array> {
  const path = join(folder, keyringFiles.days, monthFileName(name));
  try {
    const identity = unwrapIdentity(key, custodianIdentity);
    if (identity !== undefined) return identity;
  } catch (error) {
    if (!(error instanceof SealBrokenError)) throw error;
    await refuseStale(folder, custodianIdentity);
    throw damaged(path, `the key ${formatDayKey(name)} does not open (${error.message})`, { cause: error });
  }
  throw damaged(path, `the key ${formatDayKey(name)} is not the private half of its recipient`);
}

/** Throws UserError when the keyring was given another custodian identity since this process unlocked it. */
export async function refuseStale(folder: string, custodianIdentity: Uint8Array): Promise<void> {
  const { custodianRecipient } = await rereadKeyringFile(folder);
  if (encodeRecipient(recipientOf(custodianIdentity)) === custodianRecipient) return;
  throw new UserError(
    `the keyring in ${folder} was given a new custodian identity since it was unlocked; start this again`,
    exitCode.tryAgain,
  );
}

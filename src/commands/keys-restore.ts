import { readFile } from "node:fs/promises";
import { UserError } from "../errors.ts";
import { exitCode } from "../exit-code.ts";
import { counted } from "../keyring/counted.ts";
import { type DestroyedSince, restoreKeyring } from "../keyring/io/restore-keyring.ts";
import type { KeyRecord } from "../ledger/key-record.ts";
import { readControl } from "../ledger/read-control.ts";
import type { CommonOptions, Context } from "./context.ts";
import { type NewCustodianOptions, readNewCustodian } from "./custodian-options.ts";
import { readSecrets, type SecretOptions } from "./custodian-secrets.ts";
import { refuseInsideStore } from "./init-keyring.ts";
import { keyRecordsOf, recordKeys } from "./key-ledger.ts";
import { keyringFolderOf, keyringOf } from "./keyring-of.ts";
import { say } from "./keys-make.ts";
import { openSealedStore, refuseMadeUpClock } from "./keys-place.ts";
import { findUnacceptedKey } from "./ledger-writer.ts";

export interface RestoreOptions extends CommonOptions, NewCustodianOptions, SecretOptions {
  readonly newPassphraseFile?: string;
}

/**
 * `keys restore`. What the ledger says was destroyed since the export stays destroyed: where the ledger cannot be
 * read nothing is restored.
 */
export async function restoreKeys(context: Context, file: string, options: RestoreOptions): Promise<void> {
  const { identity } = await openSealedStore(context);
  refuseMadeUpClock(context, identity);
  const folder = keyringFolderOf(context, identity.id);
  refuseInsideStore(context, folder);
  if ((await keyringOf(context, identity.id)) !== undefined) {
    throw new UserError(
      `there is a keyring in ${folder} already; nothing was changed. To restore in its place, move that folder away first`,
      exitCode.usage,
    );
  }
  const bytes = await readExport(file);
  const { records } = await readControl(await context.openRoot("ledger"), context.config.ledger.keys, {
    storeId: identity.id,
  });
  const destroyed = destroyedSince(keyRecordsOf(records));
  const secrets = await readSecrets(options);
  const custodian = await readNewCustodian(options, options.newPassphraseFile);
  const keyring = await restoreKeyring(bytes, folder, secrets, destroyed, {
    custodian,
    storeId: identity.id,
  });
  // The machine is new, and its key too as a rule: the keyring is needed all the same.
  const unacceptedKey = await findUnacceptedKey(context);
  if (unacceptedKey === undefined) await recordKeys(context, keyring, undefined);
  const entries = await keyring.entries();
  const kept = entries.filter(({ destroyedAt }) => destroyedAt === undefined).length;
  say(context, [
    `the keyring of store ${identity.id} is restored in ${folder}`,
    `${counted(kept, "key")} kept, ${counted(entries.length - kept, "key")} destroyed and not restored`,
    "What to do next:",
    ...(unacceptedKey === undefined ? [] : acceptanceLines(context, unacceptedKey)),
    "- hostlog keys ensure, for days that came since, and hostlog keys verify --read",
    "- rotate the custodian and the provider if somebody else may have the lost keyring: hostlog keys rotate",
  ]);
}

function acceptanceLines({ hostName }: Context, key: string): readonly string[] {
  return [
    `- on a machine that writes the ledger: hostlog ledger accept ${key} --name ${hostName}`,
    "  Until then no key can be made, published or destroyed here, and this restoring is not recorded. If no such machine",
    '  is left: hostlog ledger takeover (docs/ledger.md, "A lost key").',
  ];
}

/** What was recorded as destroyed, at whatever time. */
function destroyedSince(records: readonly KeyRecord[]): readonly DestroyedSince[] {
  return records.flatMap((record) =>
    record.kind === "keys-destroyed" ? record.keys.map((key) => ({ ...key, destroyedAt: record.at })) : [],
  );
}

async function readExport(file: string): Promise<Uint8Array> {
  try {
    return await readFile(file);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new UserError(`${file} cannot be read: ${error.message}`, exitCode.usage, { cause: error });
  }
}

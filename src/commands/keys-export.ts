import { open, rm } from "node:fs/promises";
import { dirname, relative, resolve } from "node:path";
import { syncDirectory } from "../durable-file.ts";
import { UserError } from "../errors.ts";
import { exitCode } from "../exit-code.ts";
import { formatBytes } from "../format-bytes.ts";
import { counted } from "../keyring/counted.ts";
import type { KeyExport } from "../keyring/key-export.ts";
import type { ExportWish, Keyring, UnlockedKeyring } from "../keyring/keyring.ts";
import { renderExportsJson, renderExportsTable } from "../keyring/render-exports.ts";
import { terminalLines } from "../terminal-text.ts";
import type { CommonOptions, Context } from "./context.ts";
import { chooseNewPassphrase, type SecretOptions, unlockKeyring } from "./custodian-secrets.ts";
import { recordKeys } from "./key-ledger.ts";
import { isTable, type ListOptions } from "./keys-list.ts";
import { say } from "./keys-make.ts";
import { openKeysPlace, refuseMadeUpClock, stampOf } from "./keys-place.ts";
import { refuseUnacceptedWriter } from "./ledger-writer.ts";

export interface ExportOptions extends CommonOptions, SecretOptions {
  readonly to: string;
  readonly recipient: readonly string[];
}

export interface GoneOptions extends CommonOptions {
  readonly reason: string;
}

/** `keys export`. */
export async function exportKeys(context: Context, options: ExportOptions): Promise<void> {
  const { identity, keyring } = await openKeysPlace(context);
  refuseMadeUpClock(context, identity);
  await refuseUnacceptedWriter(context);
  const path = resolve(options.to);
  if (!relative(keyring.folder, path).startsWith("..")) {
    throw new UserError(
      `${path} lies in the keyring's own folder: an export is for another place`,
      exitCode.usage,
    );
  }
  const unlocked = await unlockKeyring(keyring, options);
  try {
    const sealedFor = await readersOf(options, keyring);
    const { entry, sizeBytes } = await writeExport(path, unlocked, { at: stampOf(context).at, sealedFor });
    await recordKeys(context, keyring, undefined);
    say(context, [
      `export ${entry.number}: ${counted(entry.keys, "key")} in ${path} (${formatBytes(sizeBytes)})`,
      `sha256 ${entry.sha256}`,
      ...olderLines((await keyring.exports()).filter((one) => one.number !== entry.number)),
    ]);
  } finally {
    unlocked.close();
  }
}

/** What the options name, else who can open the keyring, as far as the keyring knows them. */
async function readersOf(
  { recipient, passphraseFile }: ExportOptions,
  { kind, people }: Keyring,
): Promise<ExportWish["sealedFor"]> {
  if (recipient.length > 0) return { recipients: recipient };
  if (passphraseFile === undefined && kind === "team" && people.length > 0) return undefined;
  const passphrase = await chooseNewPassphrase(passphraseFile);
  if (passphrase !== undefined) return { passphrase };
  throw new UserError(
    "say who can open the export: --recipient age1… (whose private key is not on this machine), or --passphrase-file FILE",
    exitCode.usage,
  );
}

/** The name is taken before the export gets its number, so that a mistyped one leaves no export that nobody has. */
async function writeExport(
  path: string,
  unlocked: UnlockedKeyring,
  wish: ExportWish,
): Promise<{ readonly entry: KeyExport; readonly sizeBytes: number }> {
  const handle = await openNew(path);
  try {
    const { bytes, entry } = await unlocked.export(wish);
    await handle.writeFile(bytes);
    await handle.sync();
    await handle.close();
    await syncDirectory(dirname(path));
    return { entry, sizeBytes: bytes.length };
  } catch (error) {
    await handle.close().catch(() => undefined);
    await rm(path, { force: true });
    throw error;
  }
}

async function openNew(path: string): ReturnType<typeof open> {
  try {
    return await open(path, "wx", 0o600);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new UserError(`${path} cannot be made: ${error.message}`, exitCode.usage, { cause: error });
  }
}

function olderLines(older: readonly KeyExport[]): readonly string[] {
  const outstanding = older.filter(({ gone }) => gone === undefined).map(({ number }) => number);
  if (outstanding.length === 0) return ["Carry it elsewhere, and take it from this machine."];
  const numbers = outstanding.join(", ");
  return [
    `Carry it elsewhere, in the place of ${numbers}; destroy ${outstanding.length === 1 ? "that with its" : "those with their"} copies, then: hostlog keys gone NUMBER --reason TEXT`,
  ];
}

/** `keys exports`. */
export async function showExports(context: Context, options: ListOptions): Promise<void> {
  const { keyring } = await openKeysPlace(context);
  const [entries, exports] = [await keyring.entries(), await keyring.exports()];
  context.stdout.write(
    isTable(context, options)
      ? terminalLines(renderExportsTable(exports, entries))
      : renderExportsJson(exports, entries),
  );
}

/** `keys gone`. */
export async function noteGone(context: Context, text: string, { reason }: GoneOptions): Promise<void> {
  const { identity, keyring } = await openKeysPlace(context);
  refuseMadeUpClock(context, identity);
  await refuseUnacceptedWriter(context);
  if (!/^[1-9]\d{0,8}$/.test(text)) {
    throw new UserError(`"${text}" is no export's number: hostlog keys exports shows them`, exitCode.usage);
  }
  if (reason.trim() === "") throw new UserError("--reason says how you know that it is gone", exitCode.usage);
  const { number, gone } = await keyring.confirmGone(Number(text), stampOf(context).at, reason);
  await recordKeys(context, keyring, undefined);
  say(context, [`export ${number} is noted as gone since ${gone?.at}: ${gone?.reason}`]);
}

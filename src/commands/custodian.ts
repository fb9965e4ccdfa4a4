import { readdir } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { Command } from "commander";
import { type CustodianAddress, parseCustodianAddress } from "../custodian/custodian-address.ts";
import { serveCustodian } from "../custodian/io/serve-custodian.ts";
import { readTlsFiles, type TlsFiles } from "../custodian/io/tls-files.ts";
import { UserError } from "../errors.ts";
import { exitCode } from "../exit-code.ts";
import type { Keyring, UnlockedKeyring } from "../keyring/keyring.ts";
import { readStoreIdentity } from "../store-identity.ts";
import { terminalText } from "../terminal-text.ts";
import { addCommonOptions, type CommonOptions, type Context, type OpenContext } from "./context.ts";
import { addSecretOptions, type SecretOptions, unlockKeyring } from "./custodian-secrets.ts";
import { refreshKeyring } from "./init-keyring.ts";
import { keyringOf } from "./keyring-of.ts";
import { type KeysPlace, openKeysPlace } from "./keys-place.ts";

interface CustodianOptions extends CommonOptions, SecretOptions {
  readonly listen: string;
  readonly certificateFile?: string;
  readonly keyFile?: string;
  readonly clientCaFile?: string;
}

type Note = (line: string) => Promise<void>;

/** Keys are made 400 days ahead: a day more or less matters to nobody. */
const REFRESH_EVERY_MS = 24 * 60 * 60 * 1000;

/** After a failure, such as a network that is not there yet when the machine starts. */
const REFRESH_AGAIN_MS = 60 * 60 * 1000;

/** `hostlog custodian`: opens headers for look-ups until told to end. */
export function custodianCommand(openContext: OpenContext): Command {
  const command = new Command("custodian")
    .description("hold the keyring, and open sealed objects for look-ups until told to end")
    .option(
      "--listen <place>",
      "unix:/path/of/socket or https://host:port",
      "unix:/run/hostlog/custodian.sock",
    )
    .option("--certificate-file <file>", "for https: the custodian's certificate and those above it, PEM")
    .option("--key-file <file>", "for https: the key of that certificate, PEM, without a passphrase")
    .option("--client-ca-file <file>", "for https: the authority that certifies who may ask, PEM")
    .addHelpText("after", helpText);
  addSecretOptions(command);
  return addCommonOptions(command).action(async (options: CustodianOptions) => {
    await runCustodian(openContext, options);
  });
}

const helpText = `
It gives out keys of single objects and never the key of a day, and writes a line on standard error for each
request before it opens anything. Keys for the days to come are made and published at the start and daily, as
far as the store lets it. Exit codes: 64 usage, 75 the place is taken, 78 a file or a place that cannot be used.`;

async function runCustodian(openContext: OpenContext, options: CustodianOptions): Promise<void> {
  const address = addressOf(options);
  const tls = await tlsOf(options, address);
  const context = await openContext(options);
  const { stderr, signal } = context;
  const note = createNote(stderr);
  const keyring = await findKeyring(context, note);
  const unlocked = await unlockKeyring(keyring, options);
  // A log that cannot be written is answered to whoever asks; it must not end the custodian.
  const ignore = (): void => undefined;
  stderr.on("error", ignore);
  try {
    const onListening = (place: string): void => {
      void note(`serving the store ${keyring.storeId} at ${place} from ${keyring.folder}`).catch(ignore);
    };
    const serving = serveCustodian({ unlocked, note, signal }, { address, tls, onListening });
    await Promise.all([
      serving,
      keepFresh(serving, { openContext, options, keyring, unlocked, note, signal }),
    ]);
  } finally {
    unlocked.close();
    stderr.removeListener("error", ignore);
  }
}

function addressOf({ listen, certificateFile, keyFile, clientCaFile }: CustodianOptions): CustodianAddress {
  const address = parseCustodianAddress(listen);
  if (address === undefined) {
    throw new UserError(
      `--listen ${listen} is no place: write unix: and an absolute path of at most 100 characters, or https://host:port`,
      exitCode.usage,
    );
  }
  const named = [certificateFile, keyFile, clientCaFile].filter((file) => file !== undefined).length;
  if (address.kind === "https" && named < 3) {
    throw new UserError(
      "over https the custodian shows a certificate and asks for one: give --certificate-file, --key-file and --client-ca-file",
      exitCode.usage,
    );
  }
  if (address.kind === "unix" && named > 0) {
    throw new UserError(
      "a unix socket has no certificates: who may ask is decided by its group; leave the options out, or listen at https://host:port",
      exitCode.usage,
    );
  }
  return address;
}

async function tlsOf(options: CustodianOptions, address: CustodianAddress): Promise<TlsFiles> {
  if (address.kind === "unix") return {};
  const named = (setting: string, file: string | undefined): { setting: string; file: string } | undefined =>
    file === undefined ? undefined : { setting, file };
  return readTlsFiles({
    authority: named("--client-ca-file", options.clientCaFile),
    certificate: named("--certificate-file", options.certificateFile),
    key: named("--key-file", options.keyFile),
  });
}

/**
 * The keyring of the store; where the store cannot be asked for its id, the only one that is here. So a store that
 * is away, or that the custodian may not read, does not keep it from starting.
 */
async function findKeyring(context: Context, note: Note): Promise<Keyring> {
  const unread = await whyUnread(context);
  if (unread === undefined) return (await openKeysPlace(context)).keyring;
  await note(`the store does not say which it is, so the only keyring here is taken: ${unread}`);
  const storeId = await onlyNameIn(context.keysDirectory);
  const keyring = storeId === undefined ? undefined : await keyringOf(context, storeId);
  if (keyring !== undefined) return keyring;
  throw new UserError(
    `there is not just one keyring in ${context.keysDirectory}, and the store does not say which it is; try again when it can be reached`,
    exitCode.tryAgain,
  );
}

/** Undefined for a store that can be read, also when it holds nothing yet. */
async function whyUnread(context: Context): Promise<string | undefined> {
  try {
    await readStoreIdentity(await context.openRoot("published"));
    return undefined;
  } catch (error) {
    if (!(error instanceof UserError) || error.exitCode === exitCode.integrity) throw error;
    return error.message;
  }
}

async function onlyNameIn(folder: string): Promise<string | undefined> {
  const names = await readdir(folder).catch(() => []);
  return names.length === 1 ? names[0] : undefined;
}

interface Refreshing {
  readonly openContext: OpenContext;
  readonly options: CustodianOptions;
  readonly keyring: Keyring;
  readonly unlocked: UnlockedKeyring;
  readonly note: Note;
  readonly signal: AbortSignal;
}

/** Makes and publishes keys while `serving` goes on. What keeps it from that is said, and ends nothing. */
async function keepFresh(serving: Promise<void>, refreshing: Refreshing): Promise<void> {
  const { openContext, options, keyring, unlocked, note, signal } = refreshing;
  const ending = new AbortController();
  const end = (): void => ending.abort();
  signal.addEventListener("abort", end);
  serving.then(end, end);
  while (!ending.signal.aborted) {
    let waitMs = REFRESH_EVERY_MS;
    try {
      // Opened anew, for the clock of this time and for a config that has changed.
      const context = await openContext(options);
      refuseStale(await openKeysPlace(context), keyring);
      await refreshKeyring(context, keyring, unlocked);
    } catch (error) {
      waitMs = REFRESH_AGAIN_MS;
      const reason = error instanceof Error ? error.message : String(error);
      await note(
        `WARNING: keys for the days to come were not made or not published: ${reason} (look-ups go on; it is tried again in an hour)`,
      ).catch(() => undefined);
    }
    await delay(waitMs, undefined, { signal: ending.signal }).catch(() => undefined);
  }
}

/** Throws UserError when the keyring is not any more what was unlocked: what is signed with it nobody would take. */
function refuseStale({ identity, keyring: present }: KeysPlace, unlocked: Keyring): void {
  const isSame =
    identity.id === unlocked.storeId &&
    present.providerKey === unlocked.providerKey &&
    present.custodianRecipient === unlocked.custodianRecipient;
  if (isSame) return;
  throw new UserError(
    "the keyring is another than when the custodian was started, or its keys were rotated; start the custodian anew",
    exitCode.tryAgain,
  );
}

/** Lines with their time, and nothing in them that a terminal obeys. */
function createNote(stderr: NodeJS.WritableStream): Note {
  return (line) =>
    new Promise((resolve, reject) => {
      const text = `${new Date().toISOString()} custodian: ${terminalText(line)}\n`;
      stderr.write(text, (error) => (error ? reject(error) : resolve()));
    });
}

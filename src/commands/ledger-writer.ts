import { generateKeyPairSync, randomBytes } from "node:crypto";
import { link, mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { syncDirectory, writeNewFile } from "../durable-file.ts";
import { UserError } from "../errors.ts";
import { exitCode } from "../exit-code.ts";
import { appendRecord, type ChainHead, findLast, type LedgerWriter } from "../ledger/chain.ts";
import type { ControlWriter } from "../ledger/control-writer.ts";
import { type ControlChain, readControl } from "../ledger/read-control.ts";
import { createRecordSigner, type RecordSigner } from "../ledger/record-signer.ts";
import { CHECKPOINT_CHAIN, CONTROL_CHAIN } from "../partition.ts";
import type { StoreIdentity } from "../store-identity.ts";
import { readStoreIdentity } from "../store-identity.ts";
import type { Context } from "./context.ts";
import { refuseMadeUpClock, stampOf } from "./keys-place.ts";

const KEY_FILE = "ledger-key.pem";

/** To write a chain of nodes: as this machine. */
export async function ledgerWriterOf(context: Context, { id }: StoreIdentity): Promise<LedgerWriter> {
  return { ledger: await context.openRoot("ledger"), signer: await signerOf(context, id) };
}

/** This machine's key, for a store; it is made at the first call. */
async function signerOf({ stateDirectory }: Context, storeId: string): Promise<RecordSigner> {
  const path = join(stateDirectory, KEY_FILE);
  const pem = (await readKey(path)) ?? (await makeKey(stateDirectory, path));
  try {
    return createRecordSigner(storeId, pem);
  } catch (error) {
    throw new UserError(
      `${path} is not the Ed25519 key that hostlog put there, with which this machine signs what it records: put it back from a copy. If there is none, move it away: then a new key is made, which somebody has to accept`,
      exitCode.config,
      { cause: error },
    );
  } finally {
    pem.fill(0);
  }
}

/** The public half of this machine's key, for people; it is made at the first call. */
export async function machineKeyOf(context: Context): Promise<string> {
  return (await signerOf(context, "")).key;
}

/** As whom this machine writes the control chain, and whether it may is not asked yet. */
export async function controlPlaceOf(context: Context): Promise<LedgerWriter> {
  const ledger = await context.openRoot("ledger");
  const identity = await readStoreIdentity(await context.openRoot("published"));
  if (identity === undefined) {
    throw new UserError(
      `nothing was ever put into the store of ${ledger.url}, so that there is nothing to record of it; is the URL right?`,
      exitCode.usage,
    );
  }
  refuseMadeUpClock(context, identity);
  return { ledger, signer: await signerOf(context, identity.id) };
}

/**
 * Opens the control chain to be written by this machine. The first that ever does is accepted by itself. Throws
 * UserError, to be put right by somebody, when others write it and none of them has accepted this machine's key.
 */
export async function openControl(context: Context): Promise<ControlWriter> {
  const place = await controlPlaceOf(context);
  for (let attempt = 0; attempt < 2; attempt++) {
    const control = await readControlAs(context, place);
    if (isAccepted(context, place, control)) return { ...place, ...control };
    await acceptFirst(context, place, control.head);
  }
  throw new UserError(
    "another machine writes the control chain for the first time; try again",
    exitCode.tryAgain,
  );
}

/**
 * For commands that act before they record: throws what {@link openControl} would, while nothing is done yet, and writes
 * nothing.
 */
export async function refuseUnacceptedWriter(context: Context): Promise<void> {
  const place = await controlPlaceOf(context);
  isAccepted(context, place, await readControlAs(context, place));
}

/** This machine's key, if others write the control chain and have not accepted it. */
export async function findUnacceptedKey(context: Context): Promise<string | undefined> {
  const place = await controlPlaceOf(context);
  const { writers } = await readControlAs(context, place);
  const { key } = place.signer;
  return writers.root === undefined || writers.accepts(CONTROL_CHAIN, key) ? undefined : key;
}

/** A machine trusts itself to have taken over. */
function readControlAs({ config }: Context, { ledger, signer }: LedgerWriter): Promise<ControlChain> {
  return readControl(ledger, config.ledger.keys, { storeId: signer.storeId, ownKey: signer.key });
}

/** False when nobody has signed the chain yet: then who comes first is accepted by itself. */
function isAccepted(context: Context, { ledger, signer }: LedgerWriter, { writers }: ControlChain): boolean {
  if (writers.accepts(CONTROL_CHAIN, signer.key)) return true;
  if (writers.root !== undefined) throw isNotAccepted(context, ledger.url, signer);
  const { keys } = context.config.ledger;
  if (keys.length === 0 || keys.includes(signer.key)) return false;
  throw new UserError(
    `the config pins who writes the control chain of ${ledger.url} (ledger.keys), and nobody has yet; this machine's key, ${signer.key}, is none of them. Run this on a machine whose key is, or add this one. If others did write it, it was removed: compare with a copy. Nothing was done`,
    exitCode.config,
  );
}

/** Another may be first at the same moment: then its record stands, and is read again. */
async function acceptFirst(context: Context, writer: LedgerWriter, head: ChainHead): Promise<void> {
  // Checkpoints are written by accepted keys only: where there are some, there was a first one.
  if ((await findLast(writer.ledger, CHECKPOINT_CHAIN)) !== undefined) {
    throw new UserError(
      `the control chain in ${writer.ledger.url} has lost its signed records, for checkpoints of it are there: somebody has removed them. Nothing was done; restore the ledger from a copy`,
      exitCode.integrity,
    );
  }
  const body = {
    kind: "writer-accepted",
    ...stampOf(context),
    chain: CONTROL_CHAIN,
    key: writer.signer.key,
    name: context.hostName,
    how: "first",
  } as const;
  const isOvertaken = { was: false };
  await appendRecord(writer, CONTROL_CHAIN, body, {
    head,
    onForeign: () => {
      isOvertaken.was = true;
      throw new UserError(
        "another machine wrote the control chain at the same time; try again",
        exitCode.tryAgain,
      );
    },
  }).catch((error: unknown) => {
    if (!isOvertaken.was) throw error;
  });
}

function isNotAccepted({ hostName }: Context, url: string, { key }: RecordSigner): UserError {
  return new UserError(
    `this machine may not write the control chain of ${url} yet: on a machine that writes it, run "hostlog ledger accept ${key} --name ${hostName}"; then run this again. If no such machine is left, see docs/ledger.md, "A lost key". Nothing was done`,
    exitCode.config,
  );
}

async function readKey(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}

/** Two processes may make it at once: one key stands, whole. */
async function makeKey(folder: string, path: string): Promise<Uint8Array> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const { privateKey } = generateKeyPairSync("ed25519");
  const temporary = `${path}.${randomBytes(6).toString("hex")}.tmp~`;
  const pem = Buffer.from(privateKey.export({ format: "pem", type: "pkcs8" }));
  try {
    await writeNewFile(temporary, pem, 0o600);
    await link(temporary, path);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  } finally {
    pem.fill(0);
    await rm(temporary, { force: true });
  }
  await syncDirectory(folder);
  return readFile(path);
}

import { generateKeyPairSync, randomBytes } from "node:crypto";
import { link, mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { syncDirectory, writeNewFile } from "../durable-file.ts";
import { UserError } from "../errors.ts";
import { exitCode } from "../exit-code.ts";
import { appendRecord, type ChainHead, type LedgerWriter } from "../ledger/chain.ts";
import { readControl } from "../ledger/read-control.ts";
import type { StoredRecord } from "../ledger/record-object.ts";
import { createRecordSigner, type RecordSigner } from "../ledger/record-signer.ts";
import { CONTROL_CHAIN } from "../partition.ts";
import type { StoreIdentity } from "../store-identity.ts";
import { readStoreIdentity } from "../store-identity.ts";
import type { Context } from "./context.ts";
import { stampOf } from "./keys-place.ts";

const KEY_FILE = "ledger-key.pem";

/** To write a chain of nodes: as this machine. */
export async function ledgerWriterOf(context: Context, { id }: StoreIdentity): Promise<LedgerWriter> {
  return { ledger: await context.openRoot("ledger"), signer: await signerOf(context, id) };
}

/** This machine's key, for a store; it is made at the first call. */
export async function signerOf({ stateDirectory }: Context, storeId: string): Promise<RecordSigner> {
  const path = join(stateDirectory, KEY_FILE);
  const pem = (await readKey(path)) ?? (await makeKey(stateDirectory, path));
  try {
    return createRecordSigner(storeId, pem);
  } catch (error) {
    throw new UserError(
      `${path} is not the Ed25519 key that hostlog put there, with which this machine signs what it records: put it back from a copy`,
      exitCode.config,
      { cause: error },
    );
  }
}

/** To write the control chain, whose records it has read. */
export interface ControlWriter extends LedgerWriter {
  /** Everything in the control chain, in order. */
  readonly records: readonly StoredRecord[];
  readonly head: ChainHead;
}

/**
 * Opens the control chain to be written by this machine. The first that ever does is accepted by itself. Throws
 * UserError, to be put right by somebody, when others write it and none of them has accepted this machine's key.
 */
export async function openControl(context: Context): Promise<ControlWriter> {
  const ledger = await context.openRoot("ledger");
  const identity = await readStoreIdentity(await context.openRoot("published"));
  if (identity === undefined) {
    throw new UserError(
      `nothing was ever put into the store of ${ledger.url}, so that there is nothing to record of it; is the URL right?`,
      exitCode.usage,
    );
  }
  const signer = await signerOf(context, identity.id);
  for (let attempt = 0; attempt < 2; attempt++) {
    const { records, head, writers } = await readControl(ledger, context.config.ledger.keys);
    if (writers.accepts(CONTROL_CHAIN, signer.key)) return { ledger, signer, records, head };
    if (writers.root !== undefined) throw isNotAccepted(context, ledger.url, signer);
    await acceptFirst(context, { ledger, signer }, head);
  }
  throw new UserError(
    "another machine writes the control chain for the first time; try again",
    exitCode.tryAgain,
  );
}

/** Another may be first at the same moment: then its record stands, and is read again. */
async function acceptFirst(context: Context, writer: LedgerWriter, head: ChainHead): Promise<void> {
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
  await writeNewFile(temporary, pem, 0o600);
  try {
    await link(temporary, path);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  } finally {
    await rm(temporary, { force: true });
  }
  await syncDirectory(folder);
  return readFile(path);
}

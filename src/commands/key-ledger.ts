import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { writeDurably } from "../durable-file.ts";
import { UserError } from "../errors.ts";
import { exitCode } from "../exit-code.ts";
import type { Keyring } from "../keyring/keyring.ts";
import { owedRecords, type PublishedSnapshot } from "../keyring/plan-records.ts";
import { appendRecord, type ChainHead, emptyChain, readChain } from "../ledger/chain.ts";
import type { KeyRecord } from "../ledger/key-record.ts";
import type { RecordBody } from "../ledger/record.ts";
import { CONTROL_CHAIN } from "../partition.ts";
import type { ObjectStore } from "../store/object-store.ts";
import type { Context } from "./context.ts";
import { stampOf } from "./keys-place.ts";

/** How many others may record something of keys meanwhile. */
const ATTEMPTS_MAX = 20;

/**
 * Records what has become of the keys and is not in the ledger yet, by this command or by one that was killed. Throws
 * UserError to try again after when the ledger cannot be written: what was done stands, and the next one records it.
 */
export async function recordKeys(
  context: Context,
  keyring: Keyring,
  published: PublishedSnapshot | undefined,
): Promise<void> {
  const newCustodian = await newCustodianOf(context, keyring);
  const known = {
    entries: await keyring.entries(),
    exports: await keyring.exports(),
    published,
    providerKeys: keyring.providerHistory.map(({ key }) => key),
    newCustodian,
    stamp: stampOf(context),
  };
  await recording(context, async (ledger) => {
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      const { records: recorded, head } = await readKeyRecords(ledger);
      if (await appendAll(ledger, owedRecords({ ...known, recorded }), head)) return;
    }
    throw new UserError("others record keys at the same time", exitCode.tryAgain);
  });
  if (newCustodian !== undefined) await rm(rotationPath(context, keyring.storeId), { force: true });
}

/** False when somebody else has recorded something of keys meanwhile, which may be the same. */
async function appendAll(
  ledger: ObjectStore,
  records: readonly KeyRecord[],
  head: ChainHead | undefined,
): Promise<boolean> {
  let last = head ?? emptyChain;
  try {
    for (const record of records) {
      last = await appendRecord(ledger, CONTROL_CHAIN, record, last, ({ record: { body } }) => {
        if (isKeyRecord(body)) throw new OvertakenError();
      });
    }
    return true;
  } catch (error) {
    if (error instanceof OvertakenError) return false;
    throw error;
  }
}

class OvertakenError extends Error {
  override readonly name = "OvertakenError";
}

/** All records of keys in the control chain, in order, and its end. */
export async function readKeyRecords(
  ledger: ObjectStore,
): Promise<{ readonly records: readonly KeyRecord[]; readonly head: ChainHead | undefined }> {
  const records: KeyRecord[] = [];
  let head: ChainHead | undefined;
  for await (const { record, sha256 } of readChain(ledger, CONTROL_CHAIN)) {
    if (isKeyRecord(record.body)) records.push(record.body);
    head = { sequence: record.sequence, sha256 };
  }
  return { records, head };
}

function isKeyRecord(body: RecordBody): body is KeyRecord {
  return body.kind !== "batch" && body.kind !== "purge";
}

/** Runs what writes records of keys; its trouble is said as that of records, because what was done stands. */
export async function recording<Result>(
  context: Context,
  act: (ledger: ObjectStore) => Promise<Result>,
): Promise<Result> {
  const ledger = await context.openRoot("ledger");
  try {
    return await act(ledger);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const isDamaged = error instanceof UserError && error.exitCode === exitCode.integrity;
    throw new UserError(
      `what was done to the keys is done, and is not recorded in ${ledger.url}: ${error.message}; put that right and run the same again, which records it`,
      isDamaged ? exitCode.integrity : exitCode.tryAgain,
      { cause: error },
    );
  }
}

/**
 * Notes which custodian there is before a rotation, which leaves no trace of it in the keyring: with this the next
 * command knows of a rotation that was not recorded, however it ended.
 */
export async function noteBeforeRotation(context: Context, keyring: Keyring): Promise<void> {
  const path = rotationPath(context, keyring.storeId);
  await mkdir(context.stateDirectory, { recursive: true, mode: 0o700 });
  await writeDurably(path, Buffer.from(`${keyring.custodianRecipient}\n`), { mode: 0o600 });
}

/** Undefined when it is the one that was noted, or none was. */
async function newCustodianOf(context: Context, keyring: Keyring): Promise<string | undefined> {
  const before = await readNote(rotationPath(context, keyring.storeId));
  const isNew = before !== undefined && before.trim() !== keyring.custodianRecipient;
  return isNew ? keyring.custodianRecipient : undefined;
}

async function readNote(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}

function rotationPath({ stateDirectory }: Context, storeId: string): string {
  return join(stateDirectory, `custodian-before-${storeId}`);
}

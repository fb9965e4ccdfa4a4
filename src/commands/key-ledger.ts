import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { writeDurably } from "../durable-file.ts";
import { UserError } from "../errors.ts";
import { exitCode } from "../exit-code.ts";
import type { Keyring } from "../keyring/keyring.ts";
import { owedRecords, type PublishedSnapshot } from "../keyring/plan-records.ts";
import { appendRecord, type ChainHead } from "../ledger/chain.ts";
import type { ControlWriter } from "../ledger/control-writer.ts";
import type { KeyRecord } from "../ledger/key-record.ts";
import type { RecordBody } from "../ledger/record.ts";
import type { StoredRecord } from "../ledger/record-object.ts";
import { CONTROL_CHAIN } from "../partition.ts";
import type { Context } from "./context.ts";
import { stampOf } from "./keys-place.ts";
import { openControl } from "./ledger-writer.ts";

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
  await recording(context, async (opened) => {
    let control = opened;
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      if (await appendAll(control, owedRecords({ ...known, recorded: keyRecordsOf(control.records) })))
        return;
      control = await openControl(context);
    }
    throw new UserError("others record keys at the same time", exitCode.tryAgain);
  });
  if (newCustodian !== undefined) await rm(rotationPath(context, keyring.storeId), { force: true });
}

/** False when somebody else has recorded something of keys meanwhile, which may be the same. */
async function appendAll(control: ControlWriter, records: readonly KeyRecord[]): Promise<boolean> {
  let head: ChainHead = control.head;
  const onForeign = ({ record: { body } }: StoredRecord): void => {
    if (isKeyRecord(body)) throw new OvertakenError();
  };
  try {
    for (const record of records) {
      head = await appendRecord(control, CONTROL_CHAIN, record, { head, onForeign });
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

/** The records of keys, in order. */
export function keyRecordsOf(records: readonly StoredRecord[]): readonly KeyRecord[] {
  return records.map(({ record }) => record.body).filter(isKeyRecord);
}

const keyRecordKinds: ReadonlySet<string> = new Set<KeyRecord["kind"]>([
  "keys-made",
  "recipients-published",
  "keys-destroyed",
  "keys-exported",
  "export-gone",
  "keys-rotated",
]);

function isKeyRecord(body: RecordBody): body is KeyRecord {
  return keyRecordKinds.has(body.kind);
}

/** Opens the control chain and runs what writes records of keys. */
export async function recording<Result>(
  context: Context,
  act: (control: ControlWriter) => Promise<Result>,
): Promise<Result> {
  return await saidAsUnrecorded(context, async () => act(await openControl(context)));
}

/** Trouble with records of keys is said as such, because what was done stands. */
export async function saidAsUnrecorded<Result>(
  context: Context,
  act: () => Promise<Result>,
): Promise<Result> {
  const ledger = await context.openRoot("ledger");
  try {
    return await act();
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

import { randomBytes } from "node:crypto";
import { UserError } from "../errors.ts";
import { exitCode } from "../exit-code.ts";
import type { KeyEntry, Keyring, UnlockedKeyring } from "../keyring/keyring.ts";
import { appendRecord } from "../ledger/chain.ts";
import type { KeysDestroyedRecord } from "../ledger/key-record.ts";
import type { RecordStamp } from "../ledger/lease.ts";
import type { RecordBody } from "../ledger/record.ts";
import type { StoredRecord } from "../ledger/record-object.ts";
import { CONTROL_CHAIN } from "../partition.ts";
import { FILE_KEY_BYTES, openHeader, sealHeader } from "../seal/age-header.ts";
import { decodeRecipient } from "../seal/age-text.ts";
import { type DayKeyName, formatDayKey } from "../seal/day-key-name.ts";
import type { Context } from "./context.ts";
import { keyRecordsOf, recording, saidAsUnrecorded } from "./key-ledger.ts";
import { stampOf } from "./keys-place.ts";

/** The control chain, to who holds the lease of it. */
export interface KeyChain {
  readonly records: readonly StoredRecord[];
  append(body: RecordBody): Promise<unknown>;
  stamp(): RecordStamp;
}

/**
 * Destroys private keys, shows that what was sealed for them opens with nothing that is left in the keyring, and
 * records it. What an earlier run has destroyed without coming to record it is recorded too. Undefined when there was
 * nothing to destroy and nothing to record. Without a `chain` the control chain is opened for that one record.
 *
 * Throws UserError when a copy is left in the keyring's folder, or something still opens: then nothing is recorded.
 */
export async function destroyKeys(
  context: Context,
  keyring: Keyring,
  names: readonly DayKeyName[],
  chain?: KeyChain,
): Promise<KeysDestroyedRecord | undefined> {
  if (names.length === 0) return undefined;
  const stamp = chain?.stamp() ?? stampOf(context);
  const { destroyed, destroyedBefore, copies, copiesLeft, exportsOutstanding } = await keyring.destroy(
    names,
    stamp.at,
  );
  if (copiesLeft.length > 0) throw copiesAreLeft(keyring, copiesLeft);
  return await recordingIn(context, chain, async ({ records: stored, append }) => {
    const records = keyRecordsOf(stored);
    const recorded = new Set(
      records.flatMap((record) => (record.kind === "keys-destroyed" ? record.keys.map(keyMark) : [])),
    );
    const gone = [...destroyed, ...destroyedBefore].filter((entry) => !recorded.has(keyMark(entry)));
    if (gone.length === 0) return undefined;
    await proveGone(keyring, gone);
    const keys = gone.map(({ view, day, retentionClass, recipient }) => ({
      view,
      day,
      retentionClass,
      recipient,
    }));
    const record: KeysDestroyedRecord = {
      kind: "keys-destroyed",
      ...stamp,
      keys,
      copies,
      exportsOutstanding: exportsOutstanding.filter((number) =>
        gone.some(({ exportedIn = [] }) => exportedIn.includes(number)),
      ),
      probe: keyring.kind === "small" ? "cannot be opened" : "not tried",
    };
    await append(record);
    return record;
  });
}

async function recordingIn<Result>(
  context: Context,
  chain: KeyChain | undefined,
  act: (chain: KeyChain) => Promise<Result>,
): Promise<Result> {
  if (chain !== undefined) return await saidAsUnrecorded(context, () => act(chain));
  return await recording(context, (control) =>
    act({
      records: control.records,
      append: (body) => appendRecord(control, CONTROL_CHAIN, body, { head: control.head }),
      stamp: () => stampOf(context),
    }),
  );
}

function keyMark(key: DayKeyName & { readonly recipient: string }): string {
  return `${formatDayKey(key)} ${key.recipient}`;
}

/**
 * Seals random bytes for each key, as any node could have, and tries to open them: by the name of their day, and one of
 * each month with every key that is left in the file the key was removed from. Of all other keys the public halves are
 * compared: one that opens it would have the same. What a team keeps cannot be tried without its secrets: there the
 * keyring has looked through its files for the wrapped keys.
 */
async function proveGone(keyring: Keyring, gone: readonly KeyEntry[]): Promise<void> {
  const kept = (await keyring.entries()).filter(({ destroyedAt }) => destroyedAt === undefined);
  const keptRecipients = new Set(kept.map(({ recipient }) => recipient));
  const reused = gone.find(({ recipient }) => keptRecipients.has(recipient));
  if (reused !== undefined) throw stillOpens(keyring, reused);
  if (keyring.kind !== "small") return;
  const unlocked = await keyring.unlock({ identities: [], passphrase: undefined });
  try {
    const monthsTried = new Set<string>();
    for (const entry of gone) {
      const isFirst = !monthsTried.has(monthOf(entry));
      monthsTried.add(monthOf(entry));
      const neighbours = isFirst ? kept.filter((other) => monthOf(other) === monthOf(entry)) : [];
      if (await opensByAny(probeHeader(entry), [entry, ...neighbours], unlocked)) {
        throw stillOpens(keyring, entry);
      }
    }
  } finally {
    unlocked.close();
  }
}

/** Keys of a month share a file. */
function monthOf({ view, retentionClass, day }: DayKeyName): string {
  return `${view}/${retentionClass}/${day.slice(0, 7)}`;
}

function probeHeader({ recipient: text }: KeyEntry): Uint8Array {
  const recipient = decodeRecipient(text);
  if (recipient === undefined) throw new Error("a keyring's entry has no recipient");
  return sealHeader(randomBytes(FILE_KEY_BYTES), [recipient]);
}

async function opensByAny(
  header: Uint8Array,
  names: readonly DayKeyName[],
  unlocked: UnlockedKeyring,
): Promise<boolean> {
  for (const name of names) {
    const answer = await unlocked.identityOf(name);
    if (answer.kind !== "identity") continue;
    const fileKey = openHeader(header, answer.identity);
    answer.identity.fill(0);
    fileKey?.fill(0);
    if (fileKey !== undefined) return true;
  }
  return false;
}

function copiesAreLeft({ folder }: Keyring, copies: readonly string[]): UserError {
  return new UserError(
    `the keys were destroyed where hostlog keeps them, and copies are in ${folder} that it did not make: ${copies.join(", ")}. Remove these files, then run it again: it has not been recorded`,
    exitCode.integrity,
  );
}

function stillOpens({ folder }: Keyring, name: DayKeyName): UserError {
  return new UserError(
    `what is sealed for ${formatDayKey(name)} can still be opened with the keyring in ${folder}, though its key was destroyed: this is not recorded as a destruction. Keep the folder as it is and find out what happened to it`,
    exitCode.integrity,
  );
}

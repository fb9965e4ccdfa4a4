import { UserError } from "../errors.ts";
import { exitCode } from "../exit-code.ts";
import { sha256Hex } from "../sha256.ts";
import type { ObjectStore } from "../store/object-store.ts";
import type { RecordBody, SignedRecord } from "./record.ts";
import { encodeRecord, readRecord, type StoredRecord } from "./record-object.ts";
import type { RecordSigner } from "./record-signer.ts";

/** The last record of a chain: what the next one has to name. */
export interface ChainHead {
  readonly sequence: number;
  readonly sha256: string;
  /** Whether it is signed, and so everything behind it has to be; unknown counts as not. */
  readonly isSigned?: boolean;
}

/** A ledger that is written to, and as whom. */
export interface LedgerWriter {
  readonly ledger: ObjectStore;
  readonly signer: RecordSigner;
}

export const emptyChain: ChainHead = { sequence: 0, sha256: "0".repeat(64) };

/** How many writers may get in between before appending gives up: each costs one round trip. */
const APPEND_ATTEMPTS_MAX = 100;

/** How many records are fetched ahead while reading a chain. */
const READ_AHEAD = 16;

/**
 * Yields the records after `from`, in order, each checked against the hash of the one before. Throws a
 * {@link UserError} with `exitCode.integrity` that names the first record that is missing, changed or alien. What is
 * behind a signed record is signed, each with the signature of the key it names; whether that key may sign is not
 * asked here (see `trust-writers.ts`).
 */
export async function* readChain(
  ledger: ObjectStore,
  chain: string,
  from: ChainHead = emptyChain,
): AsyncGenerator<StoredRecord> {
  let head = from;
  let isSigned = from.isSigned === true;
  for await (const { key, bytes } of readAhead(ledger, chain, from)) {
    if (key !== recordKey(chain, head.sequence + 1)) {
      throw broken(ledger, chain, `record ${head.sequence + 1} is missing, the next one found is ${key}`);
    }
    const reading = readRecord(bytes);
    if (reading.kind === "junk") throw broken(ledger, chain, `${key} is no record`);
    if (reading.kind === "forged") throw broken(ledger, chain, `${key} is not signed by the key it names`);
    const { record, signedBy } = reading.stored;
    if (record.sequence !== head.sequence + 1 || record.chain !== chain || record.previous !== head.sha256) {
      throw broken(ledger, chain, `${key} does not follow the record before it: one of the two was changed`);
    }
    if (signedBy === undefined && isSigned) throw broken(ledger, chain, `${key} is not signed`);
    isSigned = signedBy !== undefined;
    head = headOf(reading.stored);
    yield reading.stored;
  }
}

export function headOf({ record, sha256, signedBy }: StoredRecord): ChainHead {
  return { sequence: record.sequence, sha256, isSigned: signedBy !== undefined };
}

/** What keeps an append from going on once another writer came in between: it throws, or it lets go. */
export type OnForeignRecord = (foreign: StoredRecord) => void | Promise<void>;

export interface AppendOptions {
  /** Where the writer believes that the chain ends; looked up without it. */
  readonly head?: ChainHead | undefined;
  readonly onForeign?: OnForeignRecord | undefined;
  /** The sequence of the lease under which it is written. */
  readonly fence?: number | undefined;
}

/**
 * Appends a record behind `head`, or behind whatever others have appended since, and returns the new head.
 * Every record of others that came in between is shown to `onForeign` first. Create-if-absent makes this
 * safe between processes and hosts.
 */
export async function appendRecord(
  { ledger, signer }: LedgerWriter,
  chain: string,
  body: RecordBody,
  { head, onForeign, fence }: AppendOptions = {},
): Promise<ChainHead> {
  let last = head ?? (await findHead(ledger, chain));
  for (let attempt = 0; attempt < APPEND_ATTEMPTS_MAX; attempt++) {
    const record: SignedRecord = {
      version: 2,
      store: signer.storeId,
      chain,
      sequence: last.sequence + 1,
      previous: last.sha256,
      ...(fence === undefined ? {} : { fence }),
      body,
    };
    const bytes = encodeRecord(record, signer);
    const sha256 = sha256Hex(bytes);
    if ((await ledger.create(recordKey(chain, record.sequence), bytes)) === "created") {
      return { sequence: record.sequence, sha256, isSigned: true };
    }
    for await (const foreign of readChain(ledger, chain, last)) {
      last = headOf(foreign);
      // The answer to our own create may have been lost: then the record is ours and stands.
      if (foreign.sha256 === sha256) return last;
      await onForeign?.(foreign);
    }
  }
  throw new UserError(
    `chain ${chain} in ${ledger.url} is being written by many others at once; try again later`,
    exitCode.tryAgain,
  );
}

export async function findHead(ledger: ObjectStore, chain: string): Promise<ChainHead> {
  let lastKey: string | undefined;
  for await (const { key } of ledger.list(`chains/${chain}/`)) lastKey = key;
  if (lastKey === undefined) return emptyChain;
  const reading = readRecord(await ledger.read(lastKey));
  if (reading.kind !== "record" || recordKey(chain, reading.stored.record.sequence) !== lastKey) {
    throw broken(ledger, chain, `${lastKey} is no record`);
  }
  return headOf(reading.stored);
}

async function* readAhead(
  ledger: ObjectStore,
  chain: string,
  from: ChainHead,
): AsyncGenerator<{ readonly key: string; readonly bytes: Uint8Array }> {
  const fetching: { readonly key: string; readonly bytes: Promise<Uint8Array> }[] = [];
  const startAfter = recordKey(chain, from.sequence);
  for await (const { key } of ledger.list(`chains/${chain}/`, { startAfter })) {
    const bytes = ledger.read(key);
    // Awaited below, in order; a failure before that must not count as unhandled.
    bytes.catch(() => undefined);
    fetching.push({ key, bytes });
    const oldest = fetching.length > READ_AHEAD ? fetching.shift() : undefined;
    if (oldest !== undefined) yield { key: oldest.key, bytes: await oldest.bytes };
  }
  for (const { key, bytes } of fetching) yield { key, bytes: await bytes };
}

/** Where a record lies below the ledger's root. */
export function recordKey(chain: string, sequence: number): string {
  return `chains/${chain}/${String(sequence).padStart(12, "0")}.json`;
}

function broken(ledger: ObjectStore, chain: string, what: string): UserError {
  return new UserError(
    `the ledger at ${ledger.url} is damaged in chain ${chain}: ${what}. Nothing was done; restore the ledger from a copy, or find out who changed it.`,
    exitCode.integrity,
  );
}

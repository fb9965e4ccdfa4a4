import { UserError } from "../errors.ts";
import { exitCode } from "../exit-code.ts";
import { sha256Hex } from "../sha256.ts";
import type { ObjectStore } from "../store/object-store.ts";
import type { LedgerRecord, RecordBody } from "./record.ts";

/** The last record of a chain: what the next one has to name. */
export interface ChainHead {
  readonly sequence: number;
  readonly sha256: string;
}

export interface StoredRecord {
  readonly record: LedgerRecord;
  readonly sha256: string;
}

export const emptyChain: ChainHead = { sequence: 0, sha256: "0".repeat(64) };

/** How many writers may get in between before appending gives up: each costs one round trip. */
const APPEND_ATTEMPTS_MAX = 100;

/** How many records are fetched ahead while reading a chain. */
const READ_AHEAD = 16;

/**
 * Yields the records after `from`, in order, each checked against the hash of the one before. Throws a
 * {@link UserError} with `exitCode.integrity` that names the first record that is missing, changed or alien.
 */
export async function* readChain(
  ledger: ObjectStore,
  chain: string,
  from: ChainHead = emptyChain,
): AsyncGenerator<StoredRecord> {
  let head = from;
  for await (const { key, bytes } of readAhead(ledger, chain, from)) {
    if (key !== recordKey(chain, head.sequence + 1)) {
      throw broken(ledger, chain, `record ${head.sequence + 1} is missing, the next one found is ${key}`);
    }
    const record = parseRecord(bytes);
    if (record === undefined) throw broken(ledger, chain, `${key} is no record`);
    if (record.sequence !== head.sequence + 1 || record.chain !== chain || record.previous !== head.sha256) {
      throw broken(ledger, chain, `${key} does not follow the record before it: one of the two was changed`);
    }
    head = { sequence: record.sequence, sha256: sha256Hex(bytes) };
    yield { record, sha256: head.sha256 };
  }
}

/** What keeps an append from going on once another writer came in between: it throws, or it lets go. */
export type OnForeignRecord = (foreign: StoredRecord) => void | Promise<void>;

/**
 * Appends a record behind `head`, or behind whatever others have appended since, and returns the new head.
 * Every record of others that came in between is shown to `onForeign` first. Create-if-absent makes this
 * safe between processes and hosts.
 */
export async function appendRecord(
  ledger: ObjectStore,
  chain: string,
  body: RecordBody,
  head?: ChainHead,
  onForeign?: OnForeignRecord,
): Promise<ChainHead> {
  let last = head ?? (await findHead(ledger, chain));
  for (let attempt = 0; attempt < APPEND_ATTEMPTS_MAX; attempt++) {
    const record: LedgerRecord = {
      version: 1,
      chain,
      sequence: last.sequence + 1,
      previous: last.sha256,
      body,
    };
    const bytes = Buffer.from(`${JSON.stringify(record)}\n`);
    const sha256 = sha256Hex(bytes);
    if ((await ledger.create(recordKey(chain, record.sequence), bytes)) === "created") {
      return { sequence: record.sequence, sha256 };
    }
    for await (const foreign of readChain(ledger, chain, last)) {
      last = { sequence: foreign.record.sequence, sha256: foreign.sha256 };
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

async function findHead(ledger: ObjectStore, chain: string): Promise<ChainHead> {
  let lastKey: string | undefined;
  for await (const { key } of ledger.list(`chains/${chain}/`)) lastKey = key;
  if (lastKey === undefined) return emptyChain;
  const bytes = await ledger.read(lastKey);
  const record = parseRecord(bytes);
  if (record === undefined || recordKey(chain, record.sequence) !== lastKey) {
    throw broken(ledger, chain, `${lastKey} is no record`);
  }
  return { sequence: record.sequence, sha256: sha256Hex(bytes) };
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

function recordKey(chain: string, sequence: number): string {
  return `chains/${chain}/${String(sequence).padStart(12, "0")}.json`;
}

function parseRecord(bytes: Uint8Array): LedgerRecord | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    if (typeof value !== "object" || value === null) return undefined;
    const record = value as Partial<LedgerRecord>;
    const isWhole =
      record.version === 1 &&
      typeof record.chain === "string" &&
      typeof record.sequence === "number" &&
      typeof record.previous === "string" &&
      typeof record.body === "object" &&
      record.body !== null;
    return isWhole ? (value as LedgerRecord) : undefined;
  } catch {
    return undefined;
  }
}

function broken(ledger: ObjectStore, chain: string, what: string): UserError {
  return new UserError(
    `the ledger at ${ledger.url} is damaged in chain ${chain}: ${what}. Nothing was done; restore the ledger from a copy, or find out who changed it.`,
    exitCode.integrity,
  );
}

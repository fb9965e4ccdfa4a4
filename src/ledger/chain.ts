import { UserError } from "../errors.ts";
import { exitCode } from "../exit-code.ts";
import { sha256Hex } from "../sha256.ts";
import { ObjectNotFoundError, type ObjectStore } from "../store/object-store.ts";
import { isLeaseTaken } from "./lease-state.ts";
import type { RecordBody, SignedRecord } from "./record.ts";
import {
  encodeRecord,
  type RecordReading,
  readRecord,
  readRecordApart,
  type StoredRecord,
} from "./record-object.ts";
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

/** What is wrong with the first record of a chain that is not as it has to be. */
export interface ChainFault {
  readonly kind: "missing" | "alien" | "junk" | "forged" | "unlinked" | "unsigned";
  /** Where the record is expected, counted from 1. */
  readonly sequence: number;
  /** Below the ledger's root. */
  readonly key: string;
  /** In words, beginning with what it is about. */
  readonly message: string;
}

export type ChainStep =
  | { readonly kind: "record"; readonly stored: StoredRecord }
  | { readonly kind: "fault"; readonly fault: ChainFault };

/**
 * Yields the records after `from`, in order, each checked against the hash of the one before. Throws a
 * {@link UserError} with `exitCode.integrity` that names the first record that is missing, changed or alien. What is
 * behind a signed record is signed, each with the signature of the key it names; whether that key may sign is not
 * asked here (see `trusted-writers.ts`).
 */
export async function* readChain(
  ledger: ObjectStore,
  chain: string,
  from: ChainHead = emptyChain,
): AsyncGenerator<StoredRecord> {
  for await (const step of walkChain(ledger, chain, from)) {
    if (step.kind === "fault") throw broken(ledger, chain, step.fault.message);
    yield step.stored;
  }
}

/**
 * As {@link readChain}, for who has to say what is wrong and go on with other chains: the first fault is yielded and is
 * the last step, because what follows it cannot be judged.
 */
export async function* walkChain(
  ledger: ObjectStore,
  chain: string,
  from: ChainHead = emptyChain,
): AsyncGenerator<ChainStep> {
  let head = from;
  for await (const found of readAhead(ledger, chain, from)) {
    const judged = judge(chain, head, found);
    if (judged.kind === "fault") {
      yield judged;
      return;
    }
    head = headOf(judged.stored);
    yield judged;
  }
}

interface FoundObject {
  readonly key: string;
  /** Undefined when it was listed and is gone. */
  readonly reading: RecordReading | undefined;
}

const recordName = /\/\d{12}\.json$/;

/** What a chain shows behind `head`. */
function judge(chain: string, head: ChainHead, { key, reading }: FoundObject): ChainStep {
  const sequence = head.sequence + 1;
  const fault = (kind: ChainFault["kind"], message: string): ChainStep => ({
    kind: "fault",
    fault: { kind, sequence, key: recordKey(chain, sequence), message },
  });
  const isName = recordName.test(key) && key > recordKey(chain, head.sequence);
  if (!isName) return fault("alien", `${key} is no record's name, and has no place there`);
  if (key !== recordKey(chain, sequence)) {
    return fault("missing", `record ${sequence} is missing, the next one found is ${key}`);
  }
  if (reading === undefined)
    return fault("missing", `record ${sequence} is missing: ${key} was just removed`);
  if (reading.kind === "junk") return fault("junk", `${key} is no record`);
  if (reading.kind === "forged") return fault("forged", `${key} is not signed by the key it names`);
  const { record, signedBy } = reading.stored;
  if (record.sequence !== sequence || record.chain !== chain || record.previous !== head.sha256) {
    return fault("unlinked", `${key} does not follow the record before it: one of the two was changed`);
  }
  if (signedBy === undefined && head.isSigned === true) return fault("unsigned", `${key} is not signed`);
  return { kind: "record", stored: reading.stored };
}

export function headOf({ record, sha256, signedBy }: StoredRecord): ChainHead {
  return { sequence: record.sequence, sha256, isSigned: signedBy !== undefined };
}

/** What keeps an append from going on once another writer came in between: it throws, or it lets go. */
export type OnForeignRecord = (foreign: StoredRecord) => void | Promise<void>;

export type AppendOptions =
  | {
      /** Where the writer believes that the chain ends; looked up without it. */
      readonly head?: ChainHead | undefined;
      readonly onForeign?: OnForeignRecord | undefined;
      readonly fence?: undefined;
      readonly trusts?: undefined;
    }
  | {
      /** Nothing behind it goes unseen: a lease that somebody else took since would. */
      readonly head: ChainHead;
      readonly onForeign?: OnForeignRecord | undefined;
      /** The sequence of the lease under which it is written. */
      readonly fence: number;
      /** Whose leases count, asked once `onForeign` was shown the record; everybody's without it. */
      readonly trusts?: ((stored: StoredRecord) => boolean) | undefined;
    };

/**
 * Appends a record behind `head`, or behind whatever others have appended since, and returns the new head.
 * Every record of others that came in between is shown to `onForeign` first; one that takes a lease ends an append under
 * a `fence` with a UserError to try again after. Create-if-absent makes this safe between processes and hosts.
 */
export async function appendRecord(
  writer: LedgerWriter,
  chain: string,
  body: RecordBody,
  options: AppendOptions = {},
): Promise<ChainHead> {
  return headOf(await appendStored(writer, chain, body, options));
}

/** As {@link appendRecord}, and returns the record. */
export async function appendStored(
  { ledger, signer }: LedgerWriter,
  chain: string,
  body: RecordBody,
  { head, onForeign, fence, trusts = () => true }: AppendOptions = {},
): Promise<StoredRecord> {
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
    const stored = { record, sha256: sha256Hex(bytes), signedBy: signer.key };
    if ((await ledger.create(recordKey(chain, record.sequence), bytes)) === "created") return stored;
    for await (const foreign of readChain(ledger, chain, last)) {
      last = headOf(foreign);
      // The answer to our own create may have been lost: then the record is ours and stands.
      if (foreign.sha256 === stored.sha256) return stored;
      await onForeign?.(foreign);
      if (fence !== undefined && isLeaseTaken(foreign) && trusts(foreign)) {
        throw new LeaseLostError(ledger.url, foreign);
      }
    }
  }
  throw new UserError(
    `chain ${chain} in ${ledger.url} is being written by many others at once; try again later`,
    exitCode.tryAgain,
  );
}

/** Somebody else holds the lease now, and may be doing the same: nothing more is done here. */
export class LeaseLostError extends UserError {
  constructor(url: string, { record: { body } }: StoredRecord) {
    const holder = body.kind === "lease" ? body.holder : "somebody else";
    super(
      `${holder} has taken over in the ledger at ${url}; what was done here until then stands and is recorded there. Nothing more was done; see whether that run ends well`,
      exitCode.tryAgain,
    );
  }
}

/** Of the chain as it is listed: what is before the last record is not looked at. */
export async function findHead(ledger: ObjectStore, chain: string): Promise<ChainHead> {
  const last = await findLast(ledger, chain);
  return last === undefined ? emptyChain : headOf(last);
}

/** The last record of a chain. Throws as {@link readChain} when the last object is none. */
export async function findLast(ledger: ObjectStore, chain: string): Promise<StoredRecord | undefined> {
  let lastKey: string | undefined;
  for await (const { key } of ledger.list(`chains/${chain}/`)) lastKey = key;
  return lastKey === undefined ? undefined : readStored(ledger, chain, lastKey);
}

/** One record, without what is before it. Throws as {@link readChain} when it is missing or none. */
export async function readRecordAt(
  ledger: ObjectStore,
  chain: string,
  sequence: number,
): Promise<StoredRecord> {
  return readStored(ledger, chain, recordKey(chain, sequence));
}

async function readStored(ledger: ObjectStore, chain: string, key: string): Promise<StoredRecord> {
  const bytes = await readIfThere(ledger, key);
  if (bytes === undefined) throw broken(ledger, chain, `${key} is missing`);
  const reading = readRecord(bytes);
  if (reading.kind !== "record" || recordKey(chain, reading.stored.record.sequence) !== key) {
    throw broken(ledger, chain, `${key} is no record`);
  }
  return reading.stored;
}

async function* readAhead(
  ledger: ObjectStore,
  chain: string,
  { sequence }: ChainHead,
): AsyncGenerator<FoundObject> {
  const fetching: { readonly key: string; readonly reading: Promise<RecordReading | undefined> }[] = [];
  // From the beginning nothing is skipped: what sorts before the first record has no place there either.
  const options = sequence === 0 ? {} : { startAfter: recordKey(chain, sequence) };
  for await (const { key } of ledger.list(`chains/${chain}/`, options)) {
    const reading = readApart(ledger, key);
    // Awaited below, in order; a failure before that must not count as unhandled.
    reading.catch(() => undefined);
    fetching.push({ key, reading });
    const oldest = fetching.length > READ_AHEAD ? fetching.shift() : undefined;
    if (oldest !== undefined) yield { key: oldest.key, reading: await oldest.reading };
  }
  for (const { key, reading } of fetching) yield { key, reading: await reading };
}

async function readApart(ledger: ObjectStore, key: string): Promise<RecordReading | undefined> {
  const bytes = await readIfThere(ledger, key);
  return bytes === undefined ? undefined : readRecordApart(bytes);
}

async function readIfThere(ledger: ObjectStore, key: string): Promise<Uint8Array | undefined> {
  try {
    return await ledger.read(key);
  } catch (error) {
    if (error instanceof ObjectNotFoundError) return undefined;
    throw error;
  }
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

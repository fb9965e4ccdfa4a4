import { UserError } from "../errors.ts";
import { exitCode } from "../exit-code.ts";
import { parseKey } from "../partition.ts";
import { splitHeader } from "../seal/age-header.ts";
import { sealedLayout } from "../seal/sealed-layout.ts";
import { type ObjectDigest, ObjectNotFoundError, type ObjectStore } from "../store/object-store.ts";
import { type View, views } from "../view.ts";

/** So many objects are under way at once that threads, and lines with a long way, always have the next one. */
const AT_ONCE_MAX = 32;

/** Of large objects fewer are under way: so many bytes, or a single one. Stores hold some pieces of each in memory. */
const AT_ONCE_BYTES_MAX = 64 * 1024 * 1024;

/** More that cannot be read, one after the other, are a store that is down, and no bad sectors. */
const UNREADABLE_IN_A_ROW_MAX = 10;

/** Of a hash of which only the beginning is kept: 128 bits, for which nobody finds other bytes. */
const HASH_DIGITS_MIN = 32;

export interface ObjectPosition {
  readonly view: View;
  readonly key: string;
}

/** What is recorded of an object. */
export interface RecordedBytes extends ObjectPosition {
  readonly sizeBytes: number;
  /** In hex, all of it or its beginning: 32 digits at least. */
  readonly sha256: string;
}

/** What reading finds out, and no listing shows. */
export type ReadFinding =
  /** Its bytes are not those that were recorded. */
  | (ObjectPosition & { readonly kind: "altered" })
  /** By its name it is sealed, and it is no age file. */
  | (ObjectPosition & { readonly kind: "unsealed" })
  /** By its name it is not sealed, and it is an age file. */
  | (ObjectPosition & { readonly kind: "sealed" })
  /** The store has it and cannot give its bytes: a bad sector, or damage on the way, time and again. */
  | (ObjectPosition & { readonly kind: "unreadable"; readonly message: string });

export interface ReadProgress {
  /** Of this run, with those that are gone or cannot be read. */
  readonly objects: number;
  /** As recorded of them. */
  readonly sizeBytes: number;
  /** All up to this one, itself included, are read; undefined before the first. */
  readonly upTo: ObjectPosition | undefined;
  /** Of this run. */
  readonly findings: readonly ReadFinding[];
}

export interface ReadOptions {
  readonly stores: Readonly<Record<View, Pick<ObjectStore, "digest">>>;
  /** In the order of {@link views}, and of keys in each. Read only as far as needed. */
  readonly expected: AsyncIterable<RecordedBytes> | Iterable<RecordedBytes>;
  /** Those up to this one, itself included, are passed over. */
  readonly resumeAfter?: ObjectPosition | undefined;
  /** Called for each object in its turn: who saves it may do so seldom, and goes on from `upTo`. */
  readonly onProgress?: ((progress: ReadProgress) => void) | undefined;
  /** Once it is aborted nothing more is begun; what is under way is finished, and counts. */
  readonly signal?: AbortSignal | undefined;
}

/** `isDone` is false only if the signal ended it. */
export interface ReadResult extends ReadProgress {
  readonly isDone: boolean;
}

/**
 * Reads the bytes of each object and compares their hash with the recorded one, and their form with the name. One that is
 * not there is no finding: its listing shows that. Throws what the store throws when it does so time and again, or when
 * trying again would not help (no leave to read); a later run then goes on from the last progress.
 */
export async function readStore(options: ReadOptions): Promise<ReadResult> {
  const { stores, expected, resumeAfter, onProgress, signal } = options;
  const account = createAccount(onProgress);
  const underWay: UnderWay[] = [];
  let underWayBytes = 0;

  const begin = (object: RecordedBytes): void => {
    underWay.push({ object, outcome: readOne(stores[object.view], object) });
    underWayBytes += object.sizeBytes;
  };
  const finishFirst = async (): Promise<void> => {
    const first = underWay.shift();
    if (first === undefined) return;
    underWayBytes -= first.object.sizeBytes;
    account.take(first.object, await first.outcome);
  };

  let isDone = true;
  try {
    for await (const object of expected) {
      if (signal?.aborted === true) {
        isDone = false;
        break;
      }
      if (resumeAfter !== undefined && comparePositions(object, resumeAfter) <= 0) continue;
      while (underWay.length > 0 && !hasRoom(underWay.length, underWayBytes + object.sizeBytes)) {
        await finishFirst();
      }
      begin(object);
    }
    while (underWay.length > 0) await finishFirst();
    return { ...account.end(isDone), isDone };
  } finally {
    await Promise.all(underWay.map(({ outcome }) => outcome));
  }
}

function hasRoom(objects: number, sizeBytes: number): boolean {
  return objects < AT_ONCE_MAX && sizeBytes <= AT_ONCE_BYTES_MAX;
}

interface UnderWay {
  readonly object: RecordedBytes;
  /** Never rejects. */
  readonly outcome: Promise<Outcome>;
}

type Outcome =
  | { readonly kind: "read"; readonly findings: readonly ReadFinding[] }
  | { readonly kind: "failed"; readonly error: unknown };

async function readOne(store: Pick<ObjectStore, "digest">, object: RecordedBytes): Promise<Outcome> {
  try {
    return { kind: "read", findings: judgeBytes(object, await store.digest(object.key)) };
  } catch (error) {
    if (error instanceof ObjectNotFoundError) return { kind: "read", findings: [] };
    return { kind: "failed", error };
  }
}

function judgeBytes(
  { view, key, sha256 }: RecordedBytes,
  { sizeBytes, sha256: actual, start }: ObjectDigest,
): readonly ReadFinding[] {
  if (sha256.length < HASH_DIGITS_MIN) throw new Error(`only ${sha256.length} digits are known of a hash`);
  const findings: ReadFinding[] = [];
  if (!actual.startsWith(sha256)) findings.push({ kind: "altered", view, key });
  const isSealedByName = parseKey(key)?.isSealed;
  // What has no name of hostlog's says nothing of how it is kept.
  if (isSealedByName === undefined || isSealedByName === isAgeFile(start, sizeBytes)) return findings;
  return [...findings, { kind: isSealedByName ? "unsealed" : "sealed", view, key }];
}

/** True for what has the form of an age file; whether it opens, only a key tells. */
function isAgeFile(start: Uint8Array, sizeBytes: number): boolean {
  const header = splitHeader(start);
  return header !== undefined && sealedLayout(sizeBytes, header.length) !== undefined;
}

interface Account {
  take(object: RecordedBytes, outcome: Outcome): void;
  end(isDone: boolean): ReadProgress;
}

/**
 * What cannot be read is a finding once an object behind it could be: until then it may be the store that is down, and a
 * later run has to begin before it.
 */
function createAccount(onProgress: ((progress: ReadProgress) => void) | undefined): Account {
  const findings: ReadFinding[] = [];
  let progress: ReadProgress = { objects: 0, sizeBytes: 0, upTo: undefined, findings };
  let failed: { readonly object: RecordedBytes; readonly error: UserError }[] = [];

  const advance = ({ view, key, sizeBytes }: RecordedBytes, found: readonly ReadFinding[]): void => {
    findings.push(...found);
    const { objects, sizeBytes: before } = progress;
    progress = { objects: objects + 1, sizeBytes: before + sizeBytes, upTo: { view, key }, findings };
  };
  const blame = (): void => {
    for (const { object, error } of failed) {
      const { view, key } = object;
      advance(object, [{ kind: "unreadable", view, key, message: error.message }]);
    }
    failed = [];
  };

  return {
    take(object, outcome) {
      if (outcome.kind === "read") {
        blame();
        advance(object, outcome.findings);
        onProgress?.(progress);
        return;
      }
      const { error } = outcome;
      if (!(error instanceof UserError) || error.exitCode !== exitCode.tryAgain) throw error;
      failed.push({ object, error });
      if (failed.length === UNREADABLE_IN_A_ROW_MAX) throw error;
    },
    end(isDone) {
      if (!isDone) return progress;
      const [first] = failed;
      if (first !== undefined && progress.objects === 0) throw first.error;
      blame();
      return progress;
    },
  };
}

function comparePositions(left: ObjectPosition, right: ObjectPosition): number {
  if (left.view !== right.view) return views.indexOf(left.view) - views.indexOf(right.view);
  // Keys are ASCII, so the order of characters is the order of bytes.
  if (left.key === right.key) return 0;
  return left.key < right.key ? -1 : 1;
}

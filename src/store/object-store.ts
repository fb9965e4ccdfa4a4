import { UserError } from "../errors.ts";

/**
 * Where objects lie below one root: a bucket with a prefix, a local folder or, in tests, a Map. Keys are
 * relative to the root.
 *
 * Few operations, because S3 has no others worth relying on: no rename, no append, no lock. Every
 * implementation passes `test/contract/object-store.ts`; a promise made in a comment here has a test there.
 */
export interface ObjectStore {
  /** The root as a person wrote it, without credentials: for messages and records. */
  readonly url: string;

  /**
   * Stores `body` under `key` if nothing is there, and says which. Never replaces: what is stored stays.
   * Readers see the whole object or none of it, even when the process or the machine dies half way; once
   * this has returned, the object survives that. Of several callers at once exactly one creates.
   */
  create(key: string, body: Uint8Array): Promise<Creation>;

  /**
   * The object's bytes, or those of `range` (all of them exist, else it throws).
   * Throws {@link ObjectNotFoundError} when there is no such object.
   */
  read(key: string, range?: ByteRange): Promise<Uint8Array>;

  /**
   * The path of a local file that holds the object's bytes, made in `directory` unless the store's own
   * file serves. The caller only reads it. Throws {@link ObjectNotFoundError}.
   */
  asFile(key: string, directory: string): Promise<string>;

  /**
   * What the object's bytes come to. They are read in pieces, so that an object of any size takes little memory.
   * Throws {@link ObjectNotFoundError}.
   */
  digest(key: string): Promise<ObjectDigest>;

  /**
   * Every object whose key starts with `prefix`, in ascending order of the key's bytes; with `startAfter`
   * only those after that key. An object is listed as soon as `create` has returned. A name below the prefix that
   * is no key, so that no operation reaches it, is passed over and shown to `onForeign`.
   */
  list(prefix: string, options?: ListOptions): AsyncIterable<StoredObject>;

  /**
   * What takes up the keys that start with `prefix` and is not shown by `list`: older versions, delete
   * markers and uploads that were never finished. In no order; one entry for each of them. A store that
   * keeps nothing of the kind yields none. Throws when it cannot be found out: a purge must not guess.
   */
  listHidden(prefix: string): AsyncIterable<HiddenObject>;

  /**
   * Removes the objects with everything that {@link ObjectStore.listHidden} shows of their keys, and
   * returns one failure for each key of which something remains. One that is already gone counts as
   * removed, so that a purge can be run again.
   */
  remove(keys: readonly string[]): Promise<readonly RemoveFailure[]>;

  /**
   * What the store's own clock says, to the second, in ms since 1970. Undefined for a store without a clock of its own. Throws
   * what any request may throw.
   */
  clockMs(): Promise<number | undefined>;
}

export interface ListOptions {
  readonly startAfter?: string;
  /** Is given the rest of the name behind the root, as somebody else wrote it. */
  readonly onForeign?: ((name: string) => void) | undefined;
}

/**
 * "uncertain": the key is taken, and it may be by this very call, since the answer to an attempt of it got
 * lost. Who may read the object compares; who may not, knows whether anybody else could have written it.
 */
export type Creation = "created" | "exists" | "uncertain";

export interface HiddenObject {
  readonly key: string;
  readonly kind: "version" | "delete-marker" | "upload";
  /** Of a version its bytes; 0 for the others, as nobody says how much an upload holds so far. */
  readonly sizeBytes: number;
}

export interface StoredObject {
  readonly key: string;
  readonly sizeBytes: number;
  /** When it was put there, in ms since 1970, by the store's clock; where the store says so. */
  readonly modifiedMs?: number | undefined;
  /**
   * Of its bytes, in hex, as far as the store can tell: some servers give another hash the same form (Amazon's, in a
   * bucket that encrypts by default with a key of its key service). Whoever finds a difference has to read the bytes.
   */
  readonly md5?: string | undefined;
}

export interface ObjectDigest {
  readonly sizeBytes: number;
  /** In hex. */
  readonly sha256: string;
  /** The first {@link DIGEST_START_BYTES} bytes, or all of an object that has no more. */
  readonly start: Uint8Array;
}

/** Tells what kind of file it is: more than the header of an age file takes. */
export const DIGEST_START_BYTES = 4096;

/** Bytes from `start` up to, and not including, `end`. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

export interface RemoveFailure {
  readonly key: string;
  /** What the store said, fit for a person. */
  readonly message: string;
}

export class ObjectNotFoundError extends Error {
  override readonly name = "ObjectNotFoundError";
  readonly key: string;

  constructor(key: string, url: string, options?: ErrorOptions) {
    super(`no object ${key} in ${url}`, options);
    this.key = key;
  }
}

/**
 * The store says that these credentials may not do it. Never thrown for what merely is not there, as far as
 * the credentials allow to tell the two apart.
 */
export class AccessDeniedError extends UserError {}

const keyPattern = /^[A-Za-z0-9_=.-]{1,200}(?:\/[A-Za-z0-9_=.-]{1,200}){0,15}$/;

/**
 * S3 takes 1,024 bytes for a key with the store's prefix, which may have 500 and its slash. Source: Amazon S3
 * user guide, "Naming Amazon S3 objects".
 */
const KEY_LENGTH_MAX = 512;

/** What an NFS client calls a removed file while somebody still reads it. Source: Linux fs/nfs/unlink.c. */
const removedWhileOpenPattern = /^\.nfs[0-9A-Fa-f.]{4,}$/;

/**
 * True for a key that every store can hold and that cannot leave its root: letters, digits, `_ = . -` and
 * single slashes, at most 512 bytes, in at most 16 parts of at most 200; no part is `.`, `..` or the name of a
 * file that NFS keeps for a reader (`.nfs0000…`).
 */
export function isKey(key: string): boolean {
  return key.length <= KEY_LENGTH_MAX && keyPattern.test(key) && key.split("/").every(isPart);
}

function isPart(part: string): boolean {
  return part !== "." && part !== ".." && !isRemovedWhileOpen(part);
}

/** True for the last part of a name that an NFS client gave to a file which is gone. */
export function isRemovedWhileOpen(name: string): boolean {
  return removedWhileOpenPattern.test(name.slice(name.lastIndexOf("/") + 1));
}

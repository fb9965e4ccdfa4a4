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
  create(key: string, body: Uint8Array): Promise<"created" | "exists">;

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
   * Every object whose key starts with `prefix`, in ascending order of the key's bytes; with `startAfter`
   * only those after that key. An object is listed as soon as `create` has returned.
   */
  list(prefix: string, options?: { readonly startAfter?: string }): AsyncIterable<StoredObject>;

  /**
   * Removes the objects, and returns one failure for each that could not be removed. One that is already
   * gone counts as removed, so that a purge can be run again.
   */
  remove(keys: readonly string[]): Promise<readonly RemoveFailure[]>;
}

export interface StoredObject {
  readonly key: string;
  readonly sizeBytes: number;
}

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

const keyPattern = /^[A-Za-z0-9_=.-]{1,200}(?:\/[A-Za-z0-9_=.-]{1,200}){0,15}$/;

/**
 * True for a key that every store can hold and that cannot leave its root: letters, digits, `_ = . -` and
 * single slashes, no `.` or `..` as a part.
 */
export function isKey(key: string): boolean {
  return keyPattern.test(key) && !key.split("/").some((part) => part === "." || part === "..");
}

/**
 * A file with all private keys of its time that was made for a place elsewhere. While it is not confirmed gone,
 * whatever of its keys is destroyed here can still be opened there.
 */
export interface KeyExport {
  /** 1, 2, 3, … */
  readonly number: number;
  /** ISO 8601. */
  readonly at: string;
  /** Of the file. */
  readonly sha256: string;
  /** How many day keys it holds. */
  readonly keys: number;
  /** When the newest of its keys was made, ISO 8601; undefined for one that holds none. */
  readonly newestKeyAt: string | undefined;
  /** Undefined while it must be taken to be there. */
  readonly gone: { readonly at: string; readonly reason: string } | undefined;
}

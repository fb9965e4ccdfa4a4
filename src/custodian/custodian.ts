import type { SealedView } from "../seal/day-key-name.ts";

/**
 * Who holds the private keys of days, and opens headers with them. Every unsealing in the program goes through
 * here, whether the custodian is another process, on another machine, or this one. No day key leaves it: it
 * returns the keys of single objects.
 */
export interface Custodian {
  /** For messages: where it is, such as `unix:/run/hostlog/custodian.sock` or `the keyring in …`. */
  readonly name: string;
  /**
   * One answer for each header, in their order. Throws UserError when it cannot be reached, or does not admit the
   * request as a whole; then nothing has been opened.
   */
  openHeaders(request: OpenRequest): Promise<readonly HeaderAnswer[]>;
  close(): Promise<void>;
}

/** What a look-up asks for at once. A look-up of very many objects asks several times, under one id. */
export interface OpenRequest {
  /** Random, 32 hex digits: what belongs to one look-up. */
  readonly lookup: string;
  readonly purpose: OpenPurpose;
  /** Of a hold: the case it is for, in the words of who placed it; for the log, and not of a person. */
  readonly case?: string;
  readonly headers: readonly SealedHeader[];
}

/**
 * `query`: a look-up. `verify`: to see that the keys open what is stored; no row is read. `hold`: to copy rows that have to
 * outlast their term.
 */
export type OpenPurpose = "query" | "verify" | "hold";

export const openPurposes: readonly OpenPurpose[] = ["query", "verify", "hold"];

export interface SealedHeader {
  readonly view: SealedView;
  /** The object's, below its view's root: it says by which key the header must open. */
  readonly key: string;
  /** The age header with its last line, and nothing of the payload. */
  readonly header: Uint8Array;
}

export type HeaderAnswer =
  /** 16 bytes: the key of this object alone. */
  | { readonly kind: "opened"; readonly fileKey: Uint8Array }
  /** The key of its day was destroyed; the object is as good as gone. */
  | { readonly kind: "destroyed"; readonly at: string }
  /** The keyring never had a key for its view, day and class, or has lost it. */
  | { readonly kind: "no-key" }
  /** There is a key, and it does not open this header: it was damaged, or sealed for another key. */
  | { readonly kind: "not-openable" };

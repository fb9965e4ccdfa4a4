import type { Answer } from "./answer.ts";

/** What was seen of a folder on this machine: a root, or the state directory. */
export interface FolderObservations {
  readonly path: string;
  readonly presence: Presence;
  /** The permission bits; undefined when there is no folder yet. */
  readonly mode: number | undefined;
  readonly fileSystem: Answer<FileSystemSighting>;
  /** Undefined where nothing was written. */
  readonly writing: Answer<FolderWriting>;
}

export type Presence =
  | { readonly kind: "there" }
  /** Not there, and can be made. */
  | { readonly kind: "absent" }
  /** The message says why it cannot be used. */
  | { readonly kind: "unusable"; readonly message: string };

export interface FileSystemSighting {
  readonly kind: string;
  /** What is promised on it and what is not: sentences. */
  readonly promise: string;
  readonly freeBytes: number;
  readonly freePercent: number;
  /** Undefined where the file system makes them as needed. */
  readonly freeInodes: number | undefined;
}

export interface FolderWriting {
  readonly isSecondRefused: boolean;
  readonly race: { readonly attempts: number; readonly created: number };
  readonly isRead: boolean;
  readonly isListed: boolean;
  /** Keys, each with what was said of it. */
  readonly left: readonly string[];
  /** How far the file system's clock, which stamps files, is ahead of this machine's. */
  readonly clockAheadMs: number;
}

import type { LogOutcome } from "./io/ingest-log.ts";

/** What an ingest did, to the line: `lines = stored + quarantined + refused`. */
export interface IngestAccount {
  readonly node: string;
  readonly files: readonly FileAccount[];
  readonly batches: number;
  readonly lines: number;
  readonly stored: number;
  readonly quarantined: Readonly<Record<string, number>>;
  /** Past their term, or of a day whose key was destroyed: stored nowhere. */
  readonly refused: number;
  /** Decompressed bytes of the lines that were read. */
  readonly bytes: number;
  readonly objects: Readonly<Record<string, { readonly objects: number; readonly bytes: number }>>;
  /** Batches of an earlier run that were spooled but not yet committed, and now are. */
  readonly resumedBatches: number;
  readonly seconds: number;
  readonly isInterrupted: boolean;
}

export interface FileAccount {
  readonly name: string;
  readonly outcome: LogOutcome | FileProblem;
}

/** A file that could not be opened or read; nothing of it was taken. */
export interface FileProblem {
  readonly kind: "unreadable";
  readonly message: string;
}

/** What is wrong with a file, and what to do; undefined when nothing is. */
export function problemOf(outcome: FileAccount["outcome"]): string | undefined {
  switch (outcome.kind) {
    case "unreadable":
      return `${outcome.message}; nothing of it was read`;
    case "unknown-format":
      return `the format does not fit most of its lines (${outcome.sampledLines} tried); nothing of it was read. Give the server's own text with --format 'nginx:…' or 'apache:…'`;
    case "empty":
      return outcome.damage === undefined ? undefined : `${outcome.damage}; nothing of it could be read`;
    case "read":
      return outcome.report.damage === undefined
        ? problemOfTail(outcome.uncomparedBytes)
        : `${outcome.report.damage}; the lines before that place were read`;
  }
}

function problemOfTail(bytes: number): string | undefined {
  if (bytes === 0) return undefined;
  return `it begins like a stored log and ends before that does: its last ${bytes} bytes could not be compared and were not read. If it is no older copy but another log, read it with --as-new`;
}

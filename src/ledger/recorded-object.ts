import type { View } from "../view.ts";

export interface RecordedObject {
  readonly view: View;
  readonly key: string;
  readonly rows: number;
  readonly sizeBytes: number;
  readonly sha256: string;
  /** In hex: what servers list as the ETag of what was put in one piece. Earlier releases did not note it. */
  readonly md5?: string;
}

/** A file beside the chains that a record names by its hash, because it is long or not for everybody. */
export interface Attachment {
  /** Below the ledger's root. */
  readonly key: string;
  readonly sizeBytes: number;
  readonly sha256: string;
}

import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { RecordBody, SignedRecord } from "../../src/ledger/record.ts";
import { encodeRecord } from "../../src/ledger/record-object.ts";
import type { RecordSigner } from "../../src/ledger/record-signer.ts";
import { sha256Hex } from "../../src/sha256.ts";

/** The files of a copied ledger, for who tampers with them. */
export interface LedgerFiles {
  readonly folder: string;
  read(chain: string, sequence: number): string;
  write(chain: string, sequence: number, text: string): void;
  remove(chain: string, sequence: number): void;
  rename(chain: string, from: number, to: number): void;
  removeChain(chain: string): void;
  /** How many records a chain has. */
  length(chain: string): number;
  /** What a record says, whatever its signature. */
  record(chain: string, sequence: number): SignedRecord;
  /** The sequence of the n-th record of a kind in a chain; the first without `n`. */
  find(chain: string, kind: RecordBody["kind"], n?: number): number;
  /** Writes a record as `signer` would, with its own hash of the one before unless `change` says otherwise. */
  sign(chain: string, sequence: number, signer: RecordSigner, change: Partial<SignedRecord>): void;
  /** Writes a line of a record's JSON, whatever its form, with the signature of `signer`. */
  signLine(chain: string, sequence: number, signer: RecordSigner, line: string): void;
  hash(chain: string, sequence: number): string;
}

/** Of a copy of `original` in `folder`, which must not be there yet. */
export function copyLedgerFiles(original: string, folder: string): LedgerFiles {
  cpSync(original, folder, { recursive: true });
  return ledgerFilesOf(folder);
}

export function ledgerFilesOf(folder: string): LedgerFiles {
  const chainFolder = (chain: string): string => join(folder, "chains", chain);
  const path = (chain: string, sequence: number): string =>
    join(chainFolder(chain), `${String(sequence).padStart(12, "0")}.json`);
  const read = (chain: string, sequence: number): string => readFileSync(path(chain, sequence), "utf8");
  const record = (chain: string, sequence: number): SignedRecord =>
    JSON.parse(read(chain, sequence).split("\n")[0] ?? "") as SignedRecord;
  const length = (chain: string): number =>
    existsSync(chainFolder(chain)) ? readdirSync(chainFolder(chain)).length : 0;
  const hash = (chain: string, sequence: number): string =>
    sequence === 0 ? "0".repeat(64) : sha256Hex(readFileSync(path(chain, sequence)));
  return {
    folder,
    read,
    write: (chain, sequence, text) => writeFileSync(path(chain, sequence), text, { mode: 0o600 }),
    remove: (chain, sequence) => rmSync(path(chain, sequence)),
    rename: (chain, from, to) => renameSync(path(chain, from), path(chain, to)),
    removeChain: (chain) => rmSync(chainFolder(chain), { recursive: true }),
    length,
    record,
    find(chain, kind, n = 1) {
      const sequences = Array.from({ length: length(chain) }, (_, index) => index + 1);
      const found = sequences.filter((sequence) => record(chain, sequence).body.kind === kind)[n - 1];
      if (found === undefined) throw new Error(`chain ${chain} has no ${kind} number ${n}`);
      return found;
    },
    sign(chain, sequence, signer, change) {
      mkdirSync(chainFolder(chain), { recursive: true, mode: 0o700 });
      const { body = record(chain, sequence).body, ...links } = change;
      const fields = {
        version: 2,
        store: signer.storeId,
        chain,
        sequence,
        previous: hash(chain, sequence - 1),
        ...links,
        body,
      } as const;
      writeFileSync(path(chain, sequence), encodeRecord(inOrder(fields), signer), { mode: 0o600 });
    },
    signLine(chain, sequence, signer, line) {
      const signature = signer.sign(Buffer.from(`hostlog record 2\n${line}\n`));
      const seal = JSON.stringify({ key: signer.key, signature: Buffer.from(signature).toString("base64") });
      writeFileSync(path(chain, sequence), `${line}\n${seal}\n`, { mode: 0o600 });
    },
    hash,
  };
}

/** The members of a record in the order that is the only one. */
function inOrder({ version, store, chain, sequence, previous, fence, body }: SignedRecord): SignedRecord {
  const lease = fence === undefined ? {} : { fence };
  return { version, store, chain, sequence, previous, ...lease, body };
}

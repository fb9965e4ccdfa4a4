import type { SealMode } from "../src/seal/seal-mode.ts";
import type { Term } from "../src/term.ts";
import type { View } from "../src/view.ts";

/**
 * Settings after reading: complete, checked, with every default filled in. Made only by `parse-config.ts`.
 */
export interface Config {
  /** The hosting node that wrote the lines; by default this machine's name. */
  readonly node: string;
  /** One URL for each root: `file:///…` or `s3://bucket/prefix`. */
  readonly roots: Readonly<Record<View | "ledger" | "published", string>>;
  /** The folder for the spool, locks and local secrets. Undefined: chosen from the store (see `stateDirectory`). */
  readonly stateDirectory: string | undefined;
  readonly s3: S3Settings;
  /** How a store that is yet to be made keeps raw and quarantine; one that is there must be so. Undefined: as it is, or `age`. */
  readonly seal: SealMode | undefined;
  readonly keys: KeySettings;
  readonly custodian: CustodianSettings | undefined;
  readonly ledger: LedgerSettings;
  readonly ingest: IngestSettings;
  /** Retention classes by name, at most 8; `standard` is always there. */
  readonly classes: Readonly<Record<string, ClassTerms>>;
  /** The class of a domain, by exact name or `*.suffix`; domains not named are `standard`. */
  readonly classOfDomain: Readonly<Record<string, string>>;
  readonly quarantineTerm: Term;
  /** A cron expression in UTC for `retention schedule`. */
  readonly retentionSchedule: string;
  readonly analytics: AnalyticsSettings;
}

export interface KeySettings {
  /** The folder with a keyring for each store, by its id. Undefined: chosen (see `keysDirectoryOf`). */
  readonly folder: string | undefined;
  /** The provider's public key, `ed25519:` and base64: recipients that it has not signed are refused. */
  readonly providerKey: string | undefined;
}

export interface LedgerSettings {
  /** Keys (`ed25519:…`) that may take over the control chain; usually none. */
  readonly keys: readonly string[];
  /** How long an object may lie in the store without a record of its batch: as long as a node may keep a spool. */
  readonly inFlightTerm: Term;
}

/** Where look-ups ask for the keys of objects. */
export interface CustodianSettings {
  /** `unix:/run/hostlog/custodian.sock` or `https://host:port`. */
  readonly url: string;
  /** For https: a PEM file with the authorities that are trusted to certify the custodian. */
  readonly authorityFile: string | undefined;
  /** For https: PEM files by which the custodian knows this client. */
  readonly clientCertificate: { readonly certificateFile: string; readonly keyFile: string } | undefined;
}

/** How long each view of a class is kept. */
export interface ClassTerms {
  readonly raw: Term;
  readonly analytics: Term;
}

export interface S3Settings {
  readonly endpoint: string | undefined;
  readonly region: string | undefined;
  readonly forcePathStyle: boolean;
  /** A PEM file with the authorities that are trusted to certify the server, in place of the usual ones. */
  readonly authorityFile?: string | undefined;
  /** PEM files by which the server knows this client (mutual TLS). */
  readonly clientCertificate?: { readonly certificateFile: string; readonly keyFile: string } | undefined;
  /** How the server is told to encrypt what it stores, and must say that it did. Undefined: as it likes. */
  readonly encryption?: S3Encryption | undefined;
}

export type S3Encryption =
  /** SSE-S3: with a key of the server's own. */
  | { readonly kind: "server-key" }
  /** SSE-KMS: with this key of its key service, or its default one. */
  | { readonly kind: "kms-key"; readonly key: string | undefined }
  /** SSE-C: with a key that is sent along each time, 32 bytes as base64 in a file. */
  | { readonly kind: "customer-key"; readonly keyFile: string };

export interface IngestSettings {
  /** A preset's name, `auto`, or the server's own text behind `nginx:` or `apache:`. */
  readonly format: string;
  /** Where the domain stands in a file's path: one `{domain}`, `*` for anything within a part. */
  readonly domainPattern: string | undefined;
  readonly batchRows: number;
  readonly batchBytes: number;
  readonly lineBytesMax: number;
}

export interface AnalyticsSettings {
  /** Paths of MMDB files; without them the columns stay empty. */
  readonly countryTable: string | undefined;
  readonly asNumberTable: string | undefined;
  /** How many visitors are remembered at once for `visit_start`. */
  readonly visitorsMax: number;
}

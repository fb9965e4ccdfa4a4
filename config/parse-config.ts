import type { z } from "zod";
import { TERM_MAX } from "../src/term.ts";
import type { ClassTerms, Config, CustodianSettings, S3Encryption, S3Settings } from "./config.ts";
import type { ConfigProblem } from "./config-problem.ts";
import { configSchema } from "./config-schema.ts";
import { problemsAcrossKeys } from "./problems-across-keys.ts";
import { problemsOfIssues } from "./problems-of-issues.ts";
import { readYaml } from "./yaml-document.ts";

export type ParsedConfig =
  | { readonly kind: "config"; readonly config: Config }
  /** All of them, in the order of the text. */
  | { readonly kind: "problems"; readonly problems: readonly ConfigProblem[] };

/** What the text need not say. */
export interface ConfigDefaults {
  /** A valid node name. */
  readonly node: string;
  /** A store's URL in its one spelling, which goes before what the text says. */
  readonly store?: string | undefined;
}

/** In characters: room for a hundred thousand domains, read in a second or two. */
const TEXT_LENGTH_MAX = 4 * 1024 * 1024;

/** Reads a config: complete, with every default filled in, or everything that is wrong with it. Never throws. */
export function parseConfig(text: string, defaults: ConfigDefaults): ParsedConfig {
  if (text.length > TEXT_LENGTH_MAX) {
    return problems([
      { line: 1, column: 1, message: "longer than 4 MiB: this is no config; name domains by *.suffix" },
    ]);
  }
  const yaml = readYaml(text);
  if (yaml.kind === "problems") return problems(yaml.problems);
  const value = yaml.document.value ?? {};
  const parsed = configSchema.safeParse(value, { reportInput: true });
  const found = [
    ...problemsOfIssues(parsed.error?.issues ?? [], yaml.document),
    ...problemsAcrossKeys(value, yaml.document, defaults.store !== undefined),
  ];
  if (!parsed.success || found.length > 0) return problems(found);
  return { kind: "config", config: toConfig(parsed.data, defaults) };
}

function problems(found: readonly ConfigProblem[]): ParsedConfig {
  const unique = new Map(
    found.map((problem) => [`${problem.line}:${problem.column}:${problem.message}`, problem]),
  );
  const inOrder = [...unique.values()].sort((a, b) => a.line - b.line || a.column - b.column);
  return { kind: "problems", problems: inOrder };
}

function toConfig(settings: z.output<typeof configSchema>, defaults: ConfigDefaults): Config {
  const { ingest, s3, analytics } = settings;
  const standard: ClassTerms = { raw: TERM_MAX, analytics: TERM_MAX };
  return {
    node: settings.node ?? defaults.node,
    roots: rootsOf(settings, defaults),
    stateDirectory: settings.state,
    s3: s3SettingsOf(s3),
    seal: settings.seal,
    keys: { folder: settings.keys.folder, providerKey: settings.keys.provider },
    custodian: settings.custodian === undefined ? undefined : custodianOf(settings.custodian),
    ledger: { keys: settings.ledger.keys, inFlightTerm: settings.ledger.in_flight },
    ingest: {
      format: ingest.format,
      domainPattern: ingest.domain_from_file,
      batchRows: ingest.batch_rows,
      batchBytes: ingest.batch_size,
      lineBytesMax: ingest.line_size_max,
    },
    classes: dictionary({ standard, ...settings.classes }),
    classOfDomain: dictionary(settings.domains),
    quarantineTerm: settings.quarantine.term,
    retentionSchedule: settings.retention.schedule,
    analytics: {
      countryTable: analytics.country_table,
      asNumberTable: analytics.as_number_table,
      visitorsMax: analytics.visitors_max,
    },
  };
}

function custodianOf({
  url,
  ca_file: authorityFile,
  client_certificate_file: certificateFile,
  client_key_file: keyFile,
}: NonNullable<z.output<typeof configSchema>["custodian"]>): CustodianSettings {
  const isKnownByCertificate = certificateFile !== undefined && keyFile !== undefined;
  return {
    url,
    authorityFile,
    clientCertificate: isKnownByCertificate ? { certificateFile, keyFile } : undefined,
  };
}

function s3SettingsOf(s3: z.output<typeof configSchema>["s3"]): S3Settings {
  const { client_certificate_file: certificateFile, client_key_file: keyFile } = s3;
  const isKnownByCertificate = certificateFile !== undefined && keyFile !== undefined;
  return {
    endpoint: s3.endpoint,
    region: s3.region,
    forcePathStyle: s3.force_path_style,
    authorityFile: s3.ca_file,
    clientCertificate: isKnownByCertificate ? { certificateFile, keyFile } : undefined,
    encryption: s3.encryption === undefined ? undefined : encryptionOf(s3.encryption),
  };
}

function encryptionOf({
  mode,
  kms_key: key,
  key_file: keyFile,
}: NonNullable<z.output<typeof configSchema>["s3"]["encryption"]>): S3Encryption {
  switch (mode) {
    case "server-key":
      return { kind: mode };
    case "kms-key":
      return { kind: mode, key };
    case "customer-key":
      if (keyFile === undefined) throw new Error("a customer's key without a file has a problem");
      return { kind: mode, keyFile };
  }
}

function rootsOf(settings: z.output<typeof configSchema>, defaults: ConfigDefaults): Config["roots"] {
  const store = defaults.store ?? settings.store;
  if (store === undefined) {
    if (settings.stores === undefined)
      throw new Error("a config without a store has a problem, and gets no roots");
    return settings.stores;
  }
  return {
    raw: `${store}/raw`,
    analytics: `${store}/analytics`,
    quarantine: `${store}/quarantine`,
    ledger: `${store}/ledger`,
    published: `${store}/published`,
  };
}

/** Without a prototype, because a domain may be named `constructor`. */
function dictionary<Value>(entries: Readonly<Record<string, Value>>): Readonly<Record<string, Value>> {
  return Object.assign(Object.create(null) as Record<string, Value>, entries);
}

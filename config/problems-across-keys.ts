import type { ConfigProblem } from "./config-problem.ts";
import { nearestWord } from "./nearest-word.ts";
import { parseSize } from "./size.ts";
import { parseStoreUrl } from "./store-url.ts";
import type { YamlDocument } from "./yaml-document.ts";

/** Enough for a provider's contracts, few enough that a day stays a handful of objects on each node. */
const CLASSES_MAX = 8;

/**
 * What is wrong between keys that may each be right. It reads the document before the schema has, so that
 * one mistake does not hide another; a value of the wrong kind is the schema's to report and skipped here.
 */
export function problemsAcrossKeys(
  value: unknown,
  document: YamlDocument,
  isStoreGiven: boolean,
): readonly ConfigProblem[] {
  const settings = entriesOf(value);
  const store = isStoreGiven ? [] : problemsOfStore(settings, document);
  return [
    ...store,
    ...problemsOfClientCertificate("s3", settings, document),
    ...problemsOfClientCertificate("custodian", settings, document),
    ...problemsOfEncryption(settings, document),
    ...problemsOfClasses(settings, document),
    ...problemsOfSizes(settings, document),
  ];
}

function problemsOfStore(settings: Entries, document: YamlDocument): readonly ConfigProblem[] {
  if (settings.has("store") && settings.has("stores")) {
    return [document.problemAtKey(["stores"], "store is given too: keep one of store and stores")];
  }
  if (!settings.has("store") && !settings.has("stores")) {
    return [document.problemAt([], "no store is named: write store: file:///srv/hostlog, or give --store")];
  }
  return problemsOfRoots(entriesOf(settings.get("stores")), document);
}

/** A root inside another would be listed, and purged, as part of it. */
function problemsOfRoots(stores: Entries, document: YamlDocument): readonly ConfigProblem[] {
  const roots = [...stores].flatMap(([name, text]) => {
    const parsed = typeof text === "string" ? parseStoreUrl(text) : undefined;
    return parsed?.kind === "url" ? [{ name, url: parsed.url }] : [];
  });
  return roots.flatMap(({ name, url }, index) => {
    const other = roots.find(
      (root, i) => i !== index && (root.url === url ? i < index : url.startsWith(`${root.url}/`)),
    );
    const message = `${name} lies in ${other?.name}: each root needs a folder or prefix of its own`;
    return other === undefined ? [] : [document.problemAt(["stores", name], message)];
  });
}

function problemsOfClientCertificate(
  section: "s3" | "custodian",
  settings: Entries,
  document: YamlDocument,
): readonly ConfigProblem[] {
  const given = entriesOf(settings.get(section));
  return (
    [
      ["client_certificate_file", "client_key_file"],
      ["client_key_file", "client_certificate_file"],
    ] as const
  ).flatMap(([one, other]) => {
    if (!given.has(one) || given.has(other)) return [];
    return [document.problemAtKey([section, one], `${other} is missing: give both or none`)];
  });
}

/** A key that the mode does not use would look as if it encrypted something. */
function problemsOfEncryption(settings: Entries, document: YamlDocument): readonly ConfigProblem[] {
  const path = ["s3", "encryption"];
  const encryption = entriesOf(entriesOf(settings.get("s3")).get("encryption"));
  const mode = encryption.get("mode");
  if (mode !== "server-key" && mode !== "kms-key" && mode !== "customer-key") return [];
  const missing =
    mode === "customer-key" && !encryption.has("key_file")
      ? [
          document.problemAt(
            [...path, "mode"],
            "customer-key needs key_file: the path of a file with 32 bytes as base64",
          ),
        ]
      : [];
  const unused = (
    [
      ["kms_key", "kms-key"],
      ["key_file", "customer-key"],
    ] as const
  ).flatMap(([name, modeOfName]) => {
    if (!encryption.has(name) || mode === modeOfName) return [];
    const message = `${name} goes with mode: ${modeOfName}; leave it out, or change the mode`;
    return [document.problemAtKey([...path, name], message)];
  });
  return [...missing, ...unused];
}

function problemsOfClasses(settings: Entries, document: YamlDocument): readonly ConfigProblem[] {
  const names = new Set(["standard", ...entriesOf(settings.get("classes")).keys()]);
  const tooMany =
    names.size > CLASSES_MAX
      ? [
          document.problemAtKey(
            ["classes"],
            `${names.size} classes, standard among them: at most ${CLASSES_MAX}`,
          ),
        ]
      : [];
  const unknown = [...entriesOf(settings.get("domains"))].flatMap(([domain, name]) => {
    if (typeof name !== "string" || names.has(name)) return [];
    const nearest = nearestWord(name, names);
    const hint = nearest === undefined ? `write one of ${[...names].join(", ")}` : `did you mean ${nearest}?`;
    return [document.problemAt(["domains", domain], `classes has no such class; ${hint}`)];
  });
  return [...tooMany, ...unknown];
}

function problemsOfSizes(settings: Entries, document: YamlDocument): readonly ConfigProblem[] {
  const ingest = entriesOf(settings.get("ingest"));
  const batch = sizeOf(ingest.get("batch_size"));
  const line = sizeOf(ingest.get("line_size_max"));
  if (batch === undefined || line === undefined || line <= batch) return [];
  return [
    document.problemAt(["ingest", "line_size_max"], "longer than batch_size: a line must fit into a batch"),
  ];
}

function sizeOf(value: unknown): number | undefined {
  return typeof value === "string" ? parseSize(value) : undefined;
}

type Entries = ReadonlyMap<string, unknown>;

function entriesOf(value: unknown): Entries {
  const isMapping = typeof value === "object" && value !== null && !Array.isArray(value);
  return new Map(isMapping ? Object.entries(value) : []);
}

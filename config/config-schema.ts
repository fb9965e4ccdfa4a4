import { z } from "zod";
import { canonicalHost } from "../src/host-name.ts";
import { HOLD_CLASS_PREFIX, isClassName, isNodeName } from "../src/partition.ts";
import { sealModes } from "../src/seal/seal-mode.ts";
import { TERM_MAX, type Term } from "../src/term.ts";
import { problemOfEndpoint } from "./endpoint.ts";
import { problemOfSchedule } from "./purge-times.ts";
import { countSetting, pathSetting, sizeSetting, storeSetting, termSetting, textSetting } from "./setting.ts";

/** Quarantine holds whole lines that nobody has read: as long as mending a format may take, no longer. */
const QUARANTINE_TERM_MAX: Term = { count: 90, unit: "d" };

/** For as long as this nobody can say whether an object without a record is a batch on its way. */
const IN_FLIGHT_TERM_MAX: Term = { count: 30, unit: "d" };

const MIB = 1024 * 1024;

/**
 * What a person writes into the file, with every default. All objects are strict, so that a misspelt key is
 * an error and never a default. What concerns several keys at once is checked in parse-config.ts.
 */
export const configSchema = z.strictObject({
  node: textSetting("a host's name, such as web-17", problemOfNode).optional(),
  store: storeSetting().optional(),
  stores: z
    .strictObject({
      raw: storeSetting(),
      analytics: storeSetting(),
      quarantine: storeSetting(),
      ledger: storeSetting(),
      published: storeSetting(),
    })
    .optional(),
  state: pathSetting("/var/lib/hostlog").optional(),
  s3: z
    .strictObject({
      endpoint: textSetting("a URL, such as https://s3.example.net", problemOfEndpoint).optional(),
      region: textSetting("a region, such as eu-central-1", problemOfRegion).optional(),
      force_path_style: z.boolean({ error: "write true or false" }).default(false),
      ca_file: pathSetting("/etc/hostlog/s3-authority.pem").optional(),
      client_certificate_file: pathSetting("/etc/hostlog/s3-client.pem").optional(),
      client_key_file: pathSetting("/etc/hostlog/s3-client.key").optional(),
      encryption: z
        .strictObject({
          mode: z.enum(["server-key", "kms-key", "customer-key"], {
            error: "write mode: server-key, kms-key or customer-key",
          }),
          kms_key: textSetting("a key's name, such as alias/logs", problemOfKmsKey).optional(),
          key_file: pathSetting("/etc/hostlog/s3-customer.key").optional(),
        })
        .optional(),
    })
    .prefault({}),
  seal: z.enum(sealModes, { error: "write age or none" }).optional(),
  keys: z
    .strictObject({
      folder: pathSetting("/var/lib/hostlog/keys").optional(),
      provider: textSetting(
        "the provider's public key, as hostlog init shows it",
        problemOfProviderKey,
      ).optional(),
    })
    .prefault({}),
  custodian: z
    .strictObject({
      url: textSetting("unix:/run/hostlog/custodian.sock or https://host:port", problemOfCustodianUrl),
      ca_file: pathSetting("/etc/hostlog/custodian-authority.pem").optional(),
      client_certificate_file: pathSetting("/etc/hostlog/investigator.pem").optional(),
      client_key_file: pathSetting("/etc/hostlog/investigator.key").optional(),
    })
    .optional(),
  ledger: z
    .strictObject({
      keys: z
        .array(textSetting("a key, as hostlog ledger key shows it", problemOfSigningKey))
        .max(16)
        .default([]),
      in_flight: termSetting(IN_FLIGHT_TERM_MAX, "a batch that is under way for longer is lost").default({
        count: 2,
        unit: "d",
      }),
    })
    .prefault({}),
  ingest: z
    .strictObject({
      format: textSetting("a format, such as auto", problemOfFormat).default("auto"),
      domain_from_file: textSetting("a path with {domain} in it", problemOfDomainPattern).optional(),
      // A row of all columns takes some hundred bytes of memory until its batch is written.
      batch_rows: countSetting(1, 10_000_000).default(200_000),
      batch_size: sizeSetting({ min: "1MiB", max: "1GiB" }).default(64 * MIB),
      // Below this a request that nginx accepts by default, 32 KiB of header, might not fit.
      line_size_max: sizeSetting({ min: "64KiB", max: "16MiB" }).default(MIB),
    })
    .prefault({}),
  classes: z.record(textSetting("a name", problemOfClass), classTerms()).default({}),
  domains: z
    .record(
      textSetting("a domain", problemOfDomain),
      z.string({ error: "write the name of a class, such as standard" }),
    )
    .default({}),
  quarantine: z
    .strictObject({
      term: termSetting(
        QUARANTINE_TERM_MAX,
        "lines that nobody could read hold full addresses and must be mended or dropped by then",
      ).default(QUARANTINE_TERM_MAX),
    })
    .prefault({}),
  retention: z
    .strictObject({
      schedule: textSetting('a cron expression in quotes, such as "17 2 * * *"', problemOfSchedule).default(
        "17 2 * * *",
      ),
    })
    .prefault({}),
  analytics: z
    .strictObject({
      country_table: pathSetting("/var/lib/GeoIP/country.mmdb").optional(),
      as_number_table: pathSetting("/var/lib/GeoIP/asn.mmdb").optional(),
      // A visitor takes about 50 bytes while it is remembered.
      visitors_max: countSetting(1000, 100_000_000).default(1_000_000),
    })
    .prefault({}),
});

/** One term for both views, or one for each: a view without a term would get one that nobody chose. */
function classTerms() {
  const term = termSetting(
    TERM_MAX,
    "two calendar years are promised to visitors; only a hold keeps lines longer",
  );
  return z.preprocess(
    (value) => (typeof value === "object" && value !== null ? value : { raw: value, analytics: value }),
    z.strictObject({ raw: term, analytics: term }),
  );
}

function problemOfNode(text: string): string | undefined {
  return isNodeName(text)
    ? undefined
    : "a node's name holds a-z, 0-9, - and single dots, at most 63: write web-17";
}

function problemOfRegion(text: string): string | undefined {
  return /^[a-z0-9-]{1,64}$/.test(text) ? undefined : "a region holds a-z, 0-9 and -: write eu-central-1";
}

/** Source: Amazon KMS API, KeyId: a key's id, its ARN, or an alias of it. Others name their keys as they like. */
function problemOfKmsKey(text: string): string | undefined {
  return /^[A-Za-z0-9:/_.-]{1,2048}$/.test(text)
    ? undefined
    : "a key is named by its id, ARN or alias, never by its bytes: write alias/logs";
}

function problemOfProviderKey(text: string): string | undefined {
  return /^ed25519:[A-Za-z0-9+/]{43}=$/.test(text)
    ? undefined
    : "the provider's public key is ed25519: and 44 characters: copy it from what hostlog init or hostlog keys list shows";
}

function problemOfSigningKey(text: string): string | undefined {
  return /^ed25519:[A-Za-z0-9+/]{43}=$/.test(text)
    ? undefined
    : "a key is ed25519: and 44 characters: copy it from what hostlog ledger key shows";
}

function problemOfCustodianUrl(text: string): string | undefined {
  if (/^unix:\/[^\0]{1,100}$/.test(text)) return undefined;
  if (/^https:\/\/[^/?#@\s]+$/.test(text) && URL.canParse(text)) return undefined;
  return "write unix: and an absolute path of at most 100 characters, or https://host:port";
}

/** The format itself is compiled, and its mistakes shown, by the command that reads with it. */
function problemOfFormat(text: string): string | undefined {
  if (/^(?:nginx|apache):./s.test(text) || /^[a-z][a-z0-9_-]{0,31}$/.test(text)) return undefined;
  return "write auto, a format's name such as combined, or the server's own text behind nginx: or apache:";
}

function problemOfDomainPattern(text: string): string | undefined {
  const count = text.split("{domain}").length - 1;
  return count === 1
    ? undefined
    : "write {domain} once, where the domain stands: /var/log/nginx/{domain}.access.log";
}

function problemOfClass(text: string): string | undefined {
  if (text.startsWith(HOLD_CLASS_PREFIX))
    return "names that begin with hold- are those of holds: choose another";
  return isClassName(text)
    ? undefined
    : "a class's name holds a-z, 0-9 and -, begins with a letter, at most 31";
}

function problemOfDomain(text: string): string | undefined {
  const host = text.startsWith("*.") ? text.slice(2) : text;
  const canonical = canonicalHost(host);
  if (canonical === host) return undefined;
  const hint =
    canonical === undefined ? "shop.example.org or *.example.org" : text.slice(0, -host.length) + canonical;
  return `this is not how lines name a domain: write ${hint}`;
}

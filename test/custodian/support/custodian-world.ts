import { randomBytes } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { CustodianSettings } from "../../../config/config.ts";
import type { OpenRequest, SealedHeader } from "../../../src/custodian/custodian.ts";
import { parseCustodianAddress } from "../../../src/custodian/custodian-address.ts";
import { type ServerPatience, serveCustodian } from "../../../src/custodian/io/serve-custodian.ts";
import type { TlsFiles } from "../../../src/custodian/io/tls-files.ts";
import type { Day } from "../../../src/day.ts";
import { createKeyring } from "../../../src/keyring/io/create-keyring.ts";
import type { Keyring, UnlockedKeyring } from "../../../src/keyring/keyring.ts";
import { formatKey } from "../../../src/partition.ts";
import { sealHeader } from "../../../src/seal/age-header.ts";
import { decodeRecipient } from "../../../src/seal/age-text.ts";
import type { DayKeyName } from "../../../src/seal/day-key-name.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

export const STORE_ID = "5d3c1a52-0000-4000-8000-000000000001";
const MADE_AT = "2026-11-22T12:00:00.000Z";
export const FIRST_DAY = "2026-11-20" as Day;
export const LAST_DAY = "2026-11-22" as Day;

/** An object's header with the key that it must open to. */
export interface KnownHeader extends SealedHeader {
  readonly fileKey: Uint8Array;
}

export interface CustodianWorld {
  readonly folder: string;
  readonly keyring: Keyring;
  readonly unlocked: UnlockedKeyring;
  /** The header of a new object of this name, sealed for its key, or for that of `sealedFor`. */
  headerOf(name: DayKeyName, sealedFor?: DayKeyName): Promise<KnownHeader>;
}

export function rawOf(day: string, retentionClass = "standard"): DayKeyName {
  return { view: "raw", day: day as Day, retentionClass };
}

export function quarantineOf(day: string): DayKeyName {
  return { view: "quarantine", day: day as Day, retentionClass: "standard" };
}

/** A small keyring of three days: raw of two classes, and quarantine. */
export async function createCustodianWorld(): Promise<CustodianWorld> {
  const folder = await temporaryFolder();
  const keyring = await createKeyring(join(folder, "keys", STORE_ID), {
    storeId: STORE_ID,
    at: MADE_AT,
    custodian: { kind: "small" },
  });
  const days = { firstDay: FIRST_DAY, lastDay: LAST_DAY };
  await keyring.ensure(
    [
      { view: "raw", retentionClass: "standard", ...days },
      { view: "raw", retentionClass: "short", ...days },
      { view: "quarantine", retentionClass: "standard", ...days },
    ],
    MADE_AT,
  );
  const unlocked = await keyring.unlock({ identities: [], passphrase: undefined });
  onTestFinished(() => unlocked.close());
  return { folder, keyring, unlocked, headerOf: (name, sealedFor) => headerOf(keyring, name, sealedFor) };
}

async function headerOf(keyring: Keyring, name: DayKeyName, sealedFor = name): Promise<KnownHeader> {
  const fileKey = randomBytes(16);
  const header = sealHeader(fileKey, [await recipientOf(keyring, sealedFor)]);
  return { view: name.view, key: objectKeyOf(name), header, fileKey };
}

async function recipientOf(keyring: Keyring, { view, day, retentionClass }: DayKeyName): Promise<Uint8Array> {
  const entry = (await keyring.entries()).find(
    (one) => one.view === view && one.day === day && one.retentionClass === retentionClass,
  );
  const recipient = entry === undefined ? undefined : decodeRecipient(entry.recipient);
  if (recipient === undefined) throw new Error(`the keyring has no key for ${view} ${day} ${retentionClass}`);
  return recipient;
}

export function objectKeyOf({ day, retentionClass }: Omit<DayKeyName, "view">): string {
  return formatKey({
    day,
    node: "web-1",
    retentionClass,
    batch: randomBytes(16).toString("hex"),
    isSealed: true,
  });
}

export function requestOf(...headers: readonly SealedHeader[]): OpenRequest {
  return { lookup: "0123456789abcdef0123456789abcdef", purpose: "query", headers };
}

export interface ServedCustodian {
  readonly settings: CustodianSettings;
  /** Of the unix socket. */
  readonly path: string;
  /** What it wrote, line by line. */
  readonly lines: string[];
  /** Asks it to end, and resolves when it has. */
  end(): Promise<void>;
}

export interface ServingOptions {
  readonly patience?: ServerPatience;
  readonly note?: (line: string) => Promise<void>;
  /** Over TLS on a free port of the loopback address, instead of a unix socket. */
  readonly tls?: TlsFiles;
}

/** Serves the world's keyring in this process until the test ends. */
export async function serveWorld(
  { folder, unlocked }: Pick<CustodianWorld, "folder" | "unlocked">,
  { patience, note, tls }: ServingOptions = {},
): Promise<ServedCustodian> {
  const run = join(folder, "run");
  await mkdir(run, { recursive: true, mode: 0o750 });
  const path = join(run, "custodian.sock");
  const address = parseCustodianAddress(tls === undefined ? `unix:${path}` : "https://127.0.0.1:0");
  if (address === undefined) throw new Error(`the path of the socket is too long: ${path}`);
  const lines: string[] = [];
  const controller = new AbortController();
  const write = async (line: string): Promise<void> => {
    lines.push(line);
  };
  let serving = Promise.resolve();
  const url = await new Promise<string>((resolve, reject) => {
    serving = serveCustodian(
      { unlocked, note: note ?? write, signal: controller.signal },
      { address, tls: tls ?? {}, onListening: resolve, ...(patience === undefined ? {} : { patience }) },
    );
    serving.catch(reject);
  });
  const end = async (): Promise<void> => {
    controller.abort();
    await serving;
  };
  onTestFinished(end);
  return { settings: { url, authorityFile: undefined, clientCertificate: undefined }, path, lines, end };
}

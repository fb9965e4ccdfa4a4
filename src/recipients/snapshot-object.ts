import { parseDay } from "../day.ts";
import { followProvider, isSignedBy, type ProviderLink } from "../keyring/provider-history.ts";
import { isClassName } from "../partition.ts";
import { decodeRecipient } from "../seal/age-text.ts";
import { sealedViews } from "../seal/day-key-name.ts";
import type { RecipientSeries, RecipientSnapshot } from "./recipient-snapshot.ts";

/**
 * What lies in `published/recipients/GGGGGGGGGGGG.json`: one line of JSON.
 *
 * - `version`: 1
 * - `provider`: every key that the provider has had, the oldest first, each signed by the one before
 * - `snapshot`: the snapshot's JSON, as a string, because a signature is over bytes
 * - `signature`: Ed25519 in base64, by the last of the keys, over {@link signedMessage}
 *
 * In this order, written as `JSON.stringify` does, and nothing else: there is one way only to write an object, so that
 * no byte of it can be changed unseen.
 */
export interface SnapshotObject {
  readonly version: 1;
  readonly provider: readonly ProviderLink[];
  readonly snapshot: string;
  readonly signature: string;
}

/**
 * What is signed: a line of context, so that no signature for something else can stand here; a line with the
 * provider's keys; and the snapshot's text.
 */
function signedMessage({ provider, snapshot }: Omit<SnapshotObject, "version" | "signature">): Uint8Array {
  return Buffer.from(`hostlog recipients 1\n${JSON.stringify(provider)}\n${snapshot}`);
}

export function encodeSnapshot(
  snapshot: RecipientSnapshot,
  provider: readonly ProviderLink[],
  sign: (message: Uint8Array) => Uint8Array,
): Uint8Array {
  const signed = { provider: provider.map(linkOf), snapshot: JSON.stringify(snapshot) };
  const signature = Buffer.from(sign(signedMessage(signed))).toString("base64");
  return write({ version: 1, ...signed, signature });
}

export type SnapshotReading =
  | {
      readonly kind: "snapshot";
      readonly snapshot: RecipientSnapshot;
      /** The newest of the provider's keys, by which it is signed. */
      readonly providerKey: string;
      /** All of them, the oldest first. */
      readonly providerKeys: readonly string[];
    }
  /** Not the bytes of a snapshot of this version. */
  | { readonly kind: "junk" }
  /** Signed by a provider that does not follow from the trusted keys. */
  | { readonly kind: "other-provider"; readonly providerKey: string }
  /** The signature does not hold. */
  | { readonly kind: "forged" };

/**
 * Reads an object. `trusted` are keys of the provider, from each of which the newest must follow; none: the oldest
 * that the object names.
 */
export function readSnapshot(bytes: Uint8Array, trusted: readonly string[]): SnapshotReading {
  const object = parseObject(bytes);
  const oldest = object?.provider[0]?.key;
  const newest = object?.provider.at(-1)?.key;
  if (object === undefined || oldest === undefined || newest === undefined) return { kind: "junk" };
  const { provider, snapshot: text, signature } = object;
  const isTrusted = [oldest, ...trusted].every((key) => followProvider(key, provider) === newest);
  if (!isTrusted) return { kind: "other-provider", providerKey: newest };
  if (!isSignedBy(newest, signedMessage(object), Buffer.from(signature, "base64"))) return { kind: "forged" };
  // Only what the provider has signed is looked into.
  const snapshot = parseSnapshot(text);
  if (snapshot === undefined) return { kind: "junk" };
  return { kind: "snapshot", snapshot, providerKey: newest, providerKeys: provider.map(({ key }) => key) };
}

function write({ version, provider, snapshot, signature }: SnapshotObject): Buffer {
  const object: SnapshotObject = { version, provider: provider.map(linkOf), snapshot, signature };
  return Buffer.from(`${JSON.stringify(object)}\n`);
}

function linkOf({ key, signature }: ProviderLink): ProviderLink {
  return { key, signature };
}

function parseObject(bytes: Uint8Array): SnapshotObject | undefined {
  const value = readJson(new TextDecoder().decode(bytes)) as Partial<SnapshotObject> | undefined;
  const isObject =
    value?.version === 1 &&
    typeof value.snapshot === "string" &&
    typeof value.signature === "string" &&
    Array.isArray(value.provider) &&
    value.provider.every(isLink);
  if (!isObject) return undefined;
  const object = value as SnapshotObject;
  const isCanonical =
    write(object).equals(bytes) &&
    Buffer.from(object.signature, "base64").toString("base64") === object.signature;
  return isCanonical ? object : undefined;
}

function isLink(value: unknown): boolean {
  const link = value as Partial<ProviderLink> | null;
  return typeof link === "object" && typeof link?.key === "string" && typeof link.signature === "string";
}

function parseSnapshot(text: string): RecipientSnapshot | undefined {
  const value = readJson(text) as Partial<RecipientSnapshot> | undefined;
  const isSnapshot =
    value?.version === 1 &&
    typeof value.store === "string" &&
    typeof value.at === "string" &&
    typeof value.generation === "number" &&
    Number.isSafeInteger(value.generation) &&
    value.generation > 0 &&
    Array.isArray(value.series) &&
    value.series.every(isSeries);
  return isSnapshot ? (value as RecipientSnapshot) : undefined;
}

function isSeries(value: unknown): boolean {
  const series = value as Partial<RecipientSeries> | null;
  return (
    typeof series === "object" &&
    sealedViews.some((view) => view === series?.view) &&
    typeof series?.retentionClass === "string" &&
    isClassName(series.retentionClass) &&
    typeof series.firstDay === "string" &&
    parseDay(series.firstDay) !== undefined &&
    Array.isArray(series.recipients) &&
    series.recipients.every(
      (text: unknown) => text === null || (typeof text === "string" && decodeRecipient(text) !== undefined),
    )
  );
}

function readJson(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

import { randomBytes } from "node:crypto";
import { mkdir, readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { writeDurably } from "../durable-file.ts";
import { UserError } from "../errors.ts";
import { exitCode } from "../exit-code.ts";
import { AccessDeniedError, ObjectNotFoundError, type ObjectStore } from "./object-store.ts";

/** What came of several creations of one key at once, each with other bytes. */
export interface CreationRace {
  readonly attempts: number;
  readonly created: number;
  /** What there is now is what one of these creations brought, when any did. */
  readonly isKept: boolean;
}

/** Two at once might miss each other; more cost little, as they wait side by side. */
const ATTEMPTS = 4;

/**
 * The probe's object in the ledger: among a node's manifests, where it may write and not remove; no manifest has
 * this name. A race can be run once on a key, so each month (UTC) has one: a bucket that keeps versions from some
 * day on is found out. `doctor` has keys of its own, or it would use up what `ingest` is to try.
 */
export function probeKeyOf(node: string, by: "ingest" | "doctor", nowMs: number): string {
  const month = new Date(nowMs).toISOString().slice(0, 7);
  return `manifests/${node}/${by === "ingest" ? "probe" : "doctor"}-${month}`;
}

/** The store does not keep the promise that the ledger rests on; the message says what was seen and what to do. */
class UnsafeStoreError extends UserError {}

/** A server is not changed more often than its operators look at it. */
const TRUSTED_MS = 86_400_000;

/**
 * Creates `key` several times at once. "uncertain" outcomes are settled by reading the object; who may not
 * read counts them as not created, so that nothing is held against a server that cannot be proved.
 */
export async function raceCreations(
  store: ObjectStore,
  key: string,
  attempts: number,
): Promise<CreationRace> {
  const bodies = Array.from({ length: attempts }, () => randomBytes(16));
  const outcomes = await Promise.all(bodies.map((body) => store.create(key, body)));
  const ours = bodies.filter((_, index) => outcomes[index] !== "exists");
  if (ours.length === 0) return { attempts, created: 0, isKept: true };
  const stored = await readOptional(store, key);
  const isStored = (body: Uint8Array): boolean => stored !== undefined && Buffer.compare(body, stored) === 0;
  const created = bodies.filter(
    (body, index) => outcomes[index] === "created" || (outcomes[index] === "uncertain" && isStored(body)),
  );
  return {
    attempts,
    created: created.length,
    isKept: stored === undefined || created.length === 0 || created.some(isStored),
  };
}

/**
 * Throws an {@link UnsafeStoreError} when the store does not keep the promise that the ledger rests on: of several
 * creations of a key at once exactly one succeeds, and none once it is there. Leaves a small object under
 * `key`. Where that was left by an earlier probe, only the second half is tried.
 */
export async function probeCreation(store: ObjectStore, key: string): Promise<void> {
  const { attempts, created, isKept } = await raceCreations(store, key, ATTEMPTS);
  if (created > 1) {
    throw unsafe(store, `of ${attempts} creations of one object at once ${created} succeeded`);
  }
  if (!isKept) throw unsafe(store, "an object that was just created holds something else");
  if (created === 1 && (await store.create(key, randomBytes(16))) === "created") {
    throw unsafe(store, "an object was created a second time");
  }
}

/** What a note is of, and the clock. */
export interface ProbedPlace {
  /** See {@link probedPlaceOf}. */
  readonly place: string;
  readonly nowMs: number;
}

/**
 * All that tells one place from another: the server, as far as the config's `s3.endpoint` or the SDK's variables
 * name it, and the root's URL. Source: AWS SDKs and Tools Reference Guide, "Service-specific endpoints".
 */
export function probedPlaceOf(
  url: string,
  endpoint: string | undefined,
  environment: Readonly<Record<string, string | undefined>>,
): string {
  const server = endpoint ?? environment["AWS_ENDPOINT_URL_S3"] ?? environment["AWS_ENDPOINT_URL"];
  return `${server ?? ""} ${url}`;
}

/**
 * The same, unless the file at `notePath` says that the place was found sound within the last day. A note that
 * cannot be read, is of another place or of the future counts for nothing. Where the place was found unsafe the
 * last time, another key is taken: on that one nobody could see whether the server was mended.
 */
export async function probeCreationDaily(
  store: ObjectStore,
  key: string,
  notePath: string,
  { place, nowMs }: ProbedPlace,
): Promise<void> {
  const noted = await readNote(notePath, { place, nowMs });
  if (noted === "sound") return;
  const freshKey = noted === "unsafe" ? `${key}-${randomBytes(6).toString("hex")}` : key;
  const note = { version: 1, place, probed_at: new Date(nowMs).toISOString() };
  try {
    await probeCreation(store, freshKey);
  } catch (error) {
    if (error instanceof UnsafeStoreError) await writeNote(notePath, { ...note, is_unsafe: true });
    throw error;
  }
  await writeNote(notePath, note);
}

async function writeNote(path: string, note: object): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await writeDurably(path, Buffer.from(`${JSON.stringify(note)}\n`), { mode: 0o600 });
}

async function readNote(
  path: string,
  { place, nowMs }: ProbedPlace,
): Promise<"sound" | "unsafe" | undefined> {
  try {
    const note: unknown = JSON.parse(await readFile(path, "utf8"));
    const fields = note as Readonly<Record<string, unknown>>;
    if (fields["version"] !== 1 || fields["place"] !== place) return undefined;
    if (fields["is_unsafe"] === true) return "unsafe";
    const ageMs = nowMs - Date.parse(String(fields["probed_at"]));
    return ageMs >= 0 && ageMs < TRUSTED_MS ? "sound" : undefined;
  } catch {
    return undefined;
  }
}

async function readOptional(store: ObjectStore, key: string): Promise<Uint8Array | undefined> {
  try {
    return await store.read(key);
  } catch (error) {
    if (error instanceof AccessDeniedError || error instanceof ObjectNotFoundError) return undefined;
    throw error;
  }
}

function unsafe({ url }: ObjectStore, what: string): UnsafeStoreError {
  return new UnsafeStoreError(
    `${url}: ${what}, so two imports at once could store the same lines twice or lose some; use a bucket without versioning on a server that honours If-None-Match, and see "hostlog doctor"`,
    exitCode.config,
  );
}

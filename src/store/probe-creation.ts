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

/** The probe's object in the ledger: among a node's manifests, where it may write; no manifest has this name. */
export function probeKeyOf(node: string): string {
  return `manifests/${node}/probe`;
}

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
 * Throws a {@link UserError} when the store does not keep the promise that the ledger rests on: of several
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

/** What a note says: that this place was found sound, and when. */
export interface ProbedPlace {
  /** Endpoint and URL: all that tells one place from another. */
  readonly place: string;
  readonly nowMs: number;
}

/**
 * The same, unless the file at `notePath` says that it was done within the last day. A note that cannot be
 * read, is of another place or of the future counts for nothing.
 */
export async function probeCreationDaily(
  store: ObjectStore,
  key: string,
  notePath: string,
  { place, nowMs }: ProbedPlace,
): Promise<void> {
  if (await isNoted(notePath, { place, nowMs })) return;
  await probeCreation(store, key);
  const note = { version: 1, place, probed_at: new Date(nowMs).toISOString() };
  await mkdir(dirname(notePath), { recursive: true, mode: 0o700 });
  await writeDurably(notePath, Buffer.from(`${JSON.stringify(note)}\n`), { mode: 0o600 });
}

async function isNoted(path: string, { place, nowMs }: ProbedPlace): Promise<boolean> {
  try {
    const note: unknown = JSON.parse(await readFile(path, "utf8"));
    const { version, place: noted, probed_at: at } = note as Readonly<Record<string, unknown>>;
    const ageMs = nowMs - Date.parse(String(at));
    return version === 1 && noted === place && ageMs >= 0 && ageMs < TRUSTED_MS;
  } catch {
    return false;
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

function unsafe({ url }: ObjectStore, what: string): UserError {
  return new UserError(
    `${url}: ${what}, so two imports at once could store the same lines twice or lose some; use a bucket without versioning on a server that honours If-None-Match, and see "hostlog doctor"`,
    exitCode.config,
  );
}

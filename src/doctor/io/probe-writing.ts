import { randomBytes } from "node:crypto";
import type { ObjectStore } from "../../store/object-store.ts";
import { raceCreations } from "../../store/probe-creation.ts";
import type { S3Place } from "../../store/s3/s3-place.ts";
import { type Answer, given, type NoAnswer, notAsked } from "../answer.ts";
import { reasonNotToWrite } from "../judge-versions.ts";
import { probeRun } from "../run-name.ts";
import type { BucketSettings, S3Writing } from "../s3-observations.ts";
import { askStore } from "./ask.ts";
import {
  beginAndAbort,
  deleteTogether,
  mayRemove,
  putAgain,
  putFirst,
  readRange,
  refusesWrongChecksum,
  seeListing,
} from "./probe-objects.ts";
import { readAsStranger } from "./probe-public-access.ts";
import { removeProbe } from "./remove-probe.ts";

/** More than a first use tries: this is looked at by a person, who has a second. */
const RACE_ATTEMPTS = 8;

const notRemovable = notAsked("nothing was written, since these credentials may not remove it again");

const notStored = notAsked("no probe object could be stored to try it on");

export interface WritingProbe {
  readonly place: S3Place;
  readonly store: ObjectStore;
  readonly settings: BucketSettings;
  /** False: nothing is to be written. */
  readonly writes: boolean;
  /** The key of an object that may stay, for who can write nothing else and remove nothing; see `probeCreation`. */
  readonly fixedKey: string | undefined;
  readonly nowMs: number;
  readonly signal: AbortSignal;
}

export interface WritingSighting {
  readonly writing: S3Writing;
  readonly mayRemove: Answer<true>;
}

/**
 * Writes a few small objects, looks what comes of them, and removes them again: also when something fails
 * or the process is asked to end. Nothing is written where it could not be removed.
 */
export async function probeWriting(probe: WritingProbe): Promise<WritingSighting> {
  const { place, settings, writes, nowMs } = probe;
  const run = probeRun(nowMs, randomBytes(6).toString("hex"));
  if (!writes) return unwritten(notAsked("nothing was to be written (--read-only)"), notAsked("--read-only"));
  const removable = await mayRemove(place, `${run}/nothing`, settings.versioning);
  if (removable.kind !== "given") {
    const { writing } = unwritten(removable.kind === "denied" ? notRemovable : removable, removable);
    return { writing: { ...writing, ...(await probeFixed(probe)) }, mayRemove: removable };
  }
  const locked = reasonNotToWrite(settings.objectLock);
  if (locked !== undefined) return unwritten(notAsked(locked), removable);
  return { writing: await writeAndRemove(probe, run), mayRemove: removable };
}

/** What is known where nothing was written. */
function unwritten(answer: NoAnswer, removable: Answer<true>): WritingSighting {
  const writing = {
    create: answer,
    race: answer,
    replace: answer,
    checksum: answer,
    read: answer,
    list: answer,
    batchDelete: answer,
    removal: answer,
    abort: answer,
    encryption: answer,
    anonymousRead: answer,
  };
  return { writing, mayRemove: removable };
}

/** The one object that a node may leave in its own part of the ledger. */
async function probeFixed({
  store,
  fixedKey,
}: WritingProbe): Promise<Partial<Pick<S3Writing, "create" | "race">>> {
  if (fixedKey === undefined) return {};
  const race = await askStore(() => raceCreations(store, fixedKey, RACE_ATTEMPTS));
  if (race.kind !== "given") return { create: race, race };
  const again = await askStore(() => store.create(fixedKey, randomBytes(16)));
  if (again.kind !== "given") return { create: again, race };
  return { create: given(again.value === "created" ? "replaces" : "refuses-second"), race };
}

async function writeAndRemove(probe: WritingProbe, run: string): Promise<S3Writing> {
  const { place, store, settings, nowMs } = probe;
  const keys: string[] = [];
  const key = (name: string): string => {
    keys.push(`${run}/${name}`);
    return `${run}/${name}`;
  };
  let removal: S3Writing["removal"] = notAsked("the probe broke off");
  let seen: Omit<S3Writing, "removal">;
  try {
    seen = await write(probe, key);
  } finally {
    removal = await removeProbe(store, run, keys, nowMs);
  }
  if (seen.create.kind === "given" || seen.batchDelete.kind === "given") return { ...seen, removal };
  // Who may remove and not write, a purger, removes what is not there: the answer is the same.
  const keepsVersions = settings.versioning.kind === "given" && settings.versioning.value !== "never";
  const batchDelete = await deleteTogether(
    place,
    [1, 2, 3].map((number) => `${run}/${number}`),
    keepsVersions ? "null" : undefined,
  );
  return { ...seen, batchDelete, removal: notAsked("nothing was written, so nothing was removed") };
}

async function write(
  { place, store, signal }: WritingProbe,
  key: (name: string) => string,
): Promise<Omit<S3Writing, "removal">> {
  const body = randomBytes(16);
  const firstKey = key("first");
  const first = await putFirst(place, firstKey, body);
  if (first.kind !== "given") {
    const { removal: _, ...nothing } = unwritten(notStored, first).writing;
    const isRefusal = first.kind === "failed" && !first.mayPass && place.atRest.kind !== "as-it-likes";
    const encryption = isRefusal
      ? given({ kind: "refused", message: first.message } as const)
      : nothing.encryption;
    return { ...nothing, create: first, encryption };
  }
  const step = async <Value>(work: () => Promise<Answer<Value>>): Promise<Answer<Value>> =>
    signal.aborted ? notAsked("it was asked to end before this was tried") : work();

  const { isReturned, hasDigestTag, encryption } = first.value;
  const read = await step(() => readRange(place, firstKey, body));
  const anonymousRead = await step(() => readAsStranger(place, firstKey));
  const replace = await step(() => putAgain(place, firstKey, body));
  const refusal = await step(() => refusesWrongChecksum(place, key("wrong")));
  const create = await step(() => createAgain(store, firstKey));
  const race = await step(() => askStore(() => raceCreations(store, key("race"), RACE_ATTEMPTS)));
  const listed = ["list-1", "list-2", "list-3"].map(key);
  const list = await step(() => storeAndList(place, store, listed));
  const batchDelete = await step(() => deleteTogether(place, listed));
  const abort = await step(() => beginAndAbort(place, key("upload")));
  return {
    create,
    race,
    replace,
    checksum:
      refusal.kind === "given" ? given({ refusesWrong: refusal.value, isReturned, hasDigestTag }) : refusal,
    read,
    list,
    batchDelete,
    abort,
    encryption: given(encryption),
    anonymousRead,
  };
}

async function createAgain(store: ObjectStore, key: string): Promise<S3Writing["create"]> {
  const outcome = await askStore(() => store.create(key, randomBytes(16)));
  if (outcome.kind !== "given") return outcome;
  return given(outcome.value === "created" ? "replaces" : "refuses-second");
}

/** Backwards, so that an order of storing is not taken for one of names. */
async function storeAndList(
  place: S3Place,
  store: ObjectStore,
  keys: readonly string[],
): Promise<S3Writing["list"]> {
  const stored = await askStore(async () => {
    for (const key of keys.toReversed()) await store.create(key, randomBytes(16));
  });
  if (stored.kind !== "given") return stored;
  const [first = ""] = keys;
  return seeListing(place, first.slice(0, first.lastIndexOf("-") + 1), keys);
}

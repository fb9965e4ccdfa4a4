import { HeadObjectCommand, ListObjectsV2Command, ListObjectVersionsCommand } from "@aws-sdk/client-s3";
import type { S3Settings } from "../../../config/config.ts";
import { customerKeyInput } from "../../store/s3/at-rest.ts";
import { openS3Place, type S3Root } from "../../store/s3/open-s3-place.ts";
import type { Patience, S3Place } from "../../store/s3/s3-place.ts";
import { openS3Store } from "../../store/s3-store.ts";
import { type Answer, given } from "../answer.ts";
import type { Abilities, Reach, S3RootSighting } from "../s3-observations.ts";
import { ask } from "./ask.ts";
import { probeSettings } from "./probe-settings.ts";
import { probeWriting, type WritingProbe, type WritingSighting } from "./probe-writing.ts";
import { sightServer } from "./sight-server.ts";

/** A person waits for the answer: what does not answer within seconds is told as it is. */
const patience: Patience = { attemptMs: 10_000, budgetMs: 5_000, firstDelayMs: 200 };

/** The first listing also opens the connection. */
const LISTINGS = 3;

export interface S3Target extends Pick<WritingProbe, "writes" | "fixedKey" | "nowMs" | "signal"> {
  readonly root: S3Root;
  readonly settings: S3Settings;
}

/** Looks at a root in a bucket with the credentials at hand. Throws UserError for settings that cannot work. */
export async function probeS3Root(target: S3Target): Promise<S3RootSighting> {
  const { root, settings, ...how } = target;
  const place = await openS3Place(root, settings, patience);
  const server = sightServer(place.client);
  const listed = await askReach(place);
  if (listed.kind !== "given") return { kind: "unreached", reach: listed, server: server() };
  const bucket = await probeSettings(place, how.nowMs);
  const store = await openS3Store(root, settings, patience);
  const sighting = await probeWriting({ place, store, settings: bucket, ...how });
  return {
    kind: "reached",
    reach: listed.value.reach,
    server: server(),
    settings: bucket,
    writing: sighting.writing,
    may: await seeAbilities(place, listed.value, sighting),
  };
}

interface Listed {
  readonly reach: Reach;
  /** The name of an object that lies there. */
  readonly first: string | undefined;
}

async function askReach(place: S3Place): Promise<Answer<Listed>> {
  let latencyMs = Number.POSITIVE_INFINITY;
  let first: string | undefined;
  for (let listing = 0; listing < LISTINGS; listing++) {
    const startMs = performance.now();
    const answer = await ask(place, "ListObjectsV2", async (abortSignal) => {
      const command = new ListObjectsV2Command({ Bucket: place.bucket, Prefix: place.base, MaxKeys: 1 });
      return (await place.client.send(command, { abortSignal })).Contents?.[0]?.Key;
    });
    latencyMs = Math.min(latencyMs, Math.round(performance.now() - startMs));
    if (answer.kind === "denied") return given({ reach: { latencyMs, isListed: false }, first });
    if (answer.kind !== "given") return answer;
    first = answer.value;
  }
  return given({ reach: { latencyMs, isListed: true }, first });
}

/** From what was done already, and two more questions that read no log. */
async function seeAbilities(
  place: S3Place,
  { reach, first }: Listed,
  { writing, mayRemove }: WritingSighting,
): Promise<Abilities> {
  return {
    list: reach.isListed,
    read: isAble(writing.read) ?? (first === undefined ? undefined : await mayRead(place, first)),
    write: isAble(writing.create),
    replace: writing.replace.kind === "given" ? writing.replace.value : undefined,
    remove: isAble(mayRemove),
    listVersions: await mayListVersions(place),
  };
}

function isAble({ kind }: Answer<unknown>): boolean | undefined {
  if (kind === "given") return true;
  return kind === "denied" ? false : undefined;
}

/** Whoever may read an object may also ask for its size. */
async function mayRead(place: S3Place, name: string): Promise<boolean | undefined> {
  const answer = await ask(place, "HeadObject", async (abortSignal) => {
    const command = new HeadObjectCommand({
      Bucket: place.bucket,
      Key: name,
      ...customerKeyInput(place.atRest),
    });
    await place.client.send(command, { abortSignal });
  });
  return isAble(answer);
}

async function mayListVersions(place: S3Place): Promise<boolean | undefined> {
  const answer = await ask(place, "ListObjectVersions", async (abortSignal) => {
    const command = new ListObjectVersionsCommand({ Bucket: place.bucket, Prefix: place.base, MaxKeys: 1 });
    await place.client.send(command, { abortSignal });
  });
  return isAble(answer);
}

import { randomBytes } from "node:crypto";
import { rightsOf } from "../access/rights.ts";
import type { Role } from "../access/role.ts";
import {
  assumedTraits,
  type KnownTraits,
  knownTraits,
  type ServerTraits,
  weaknessesOf,
} from "../access/server-traits.ts";
import type { SetupState } from "../access/setup-state.ts";
import { keyNotes } from "../access/setup-wish.ts";
import { conditionalPutsOf, forbidsPlainHttp } from "../access/user-policy.ts";
import { type Administration, observeEndpoint } from "./administration.ts";
import { bucketExists } from "./bucket-calls.ts";
import type { SetupRequest } from "./setup-request.ts";
import { knowsConditionalPuts, seesTransit, type TrialGround } from "./try-traits.ts";

export interface FoundTraits {
  readonly traits: ServerTraits;
  /** A sentence for each thing that is taken for granted, or that the server cannot do. */
  readonly notes: readonly string[];
}

/** What the server can do: by its address, by what an earlier setup wrote, else by a trial. */
export async function findTraits(
  request: SetupRequest,
  administration: Administration,
  state: SetupState,
): Promise<FoundTraits> {
  const { places, roles, settings, userPrefix, isDry } = request;
  const bucket = places[0]?.bucket ?? "";
  const known = await knownOfServer(administration, bucket);
  const wanted = request.conditionalPuts;
  const chosen = wanted === "ask" ? undefined : wanted;
  const seen = observedTraits(known, state);
  const conditionalPuts = wanted === "ask" ? known.conditionalPuts : (chosen ?? seen.conditionalPuts);
  const isPutting = roles.some(mayPut);
  const assumed = assumedTraits({ ...seen, conditionalPuts }, isPutting ? chosen : "unknown-to-server");
  const weaknesses = (traits: ServerTraits): readonly string[] => [
    ...weaknessesOf(isPutting ? traits : { ...traits, conditionalPuts: "enforced" }),
    ...keyNotes(known, settings.encryption),
  ];
  if (isDry) {
    return { traits: assumed.traits, notes: [...assumed.notes, ...weaknesses(assumed.traits)] };
  }
  if (state.users === "no-service") {
    // What cannot be tried is not forbidden: it might shut everybody out.
    const traits: ServerTraits = { ...assumed.traits, transit: seen.transit ?? "unseen" };
    return { traits, notes: weaknesses(traits) };
  }
  // Names that nobody else can have taken: what has them is removed.
  const mark = randomBytes(6).toString("hex");
  const ground: TrialGround = {
    administration,
    settings,
    bucket: `${bucket.slice(0, 38).replace(/[.-]+$/, "")}-hostlog-try-${mark}`,
    user: `${userPrefix}-trial-${mark}`,
  };
  const ask = async (): Promise<ServerTraits["conditionalPuts"]> =>
    (await knowsConditionalPuts(ground, assumed.traits)) ? "enforced" : "unknown-to-server";
  const traits: ServerTraits = {
    partition: known.partition,
    conditionalPuts: isPutting ? (conditionalPuts ?? (await ask())) : "unknown-to-server",
    transit: seen.transit ?? ((await seesTransit(ground, assumed.traits)) ? "enforced" : "unseen"),
  };
  return { traits, notes: weaknesses(traits) };
}

async function knownOfServer(administration: Administration, bucket: string): Promise<KnownTraits> {
  const place = await administration.openBucket(bucket);
  const endpoint = await observeEndpoint(place.client, () => bucketExists(place));
  return knownTraits(endpoint, await place.client.config.region());
}

function mayPut(role: Role): boolean {
  return rightsOf(role).some(({ actions }) => actions.includes("put-new"));
}

function observedTraits(known: KnownTraits, { users, buckets }: SetupState): KnownTraits {
  const policies =
    users === "no-service"
      ? []
      : [...users.values()].flatMap(({ policy }) => (policy === undefined ? [] : [policy]));
  const isForbidden = [...buckets.values()].some(
    ({ policy }) => policy !== undefined && forbidsPlainHttp(policy),
  );
  return {
    ...known,
    conditionalPuts: known.conditionalPuts ?? conditionalPutsOf(policies),
    transit: known.transit ?? (isForbidden ? "enforced" : undefined),
  };
}

import type { BucketState, SetupState, UserState } from "../access/setup-state.ts";
import type { Administration } from "./administration.ts";
import { readBucket } from "./bucket-calls.ts";
import { NoUserServiceError, readUser } from "./user-calls.ts";

/** Asks the server for all that a plan needs to know, one thing after another. Changes nothing. */
export async function findState(
  administration: Administration,
  wanted: { readonly buckets: readonly string[]; readonly users: readonly string[] },
): Promise<Omit<SetupState, "hasIdentity">> {
  const buckets = new Map<string, BucketState>();
  for (const bucket of wanted.buckets) {
    buckets.set(bucket, await readBucket(await administration.openBucket(bucket)));
  }
  return { buckets, users: await findUsers(administration, wanted.users) };
}

async function findUsers(
  administration: Administration,
  names: readonly string[],
): Promise<SetupState["users"]> {
  const users = new Map<string, UserState>();
  try {
    for (const name of names) users.set(name, await readUser(administration, name));
    return users;
  } catch (error) {
    if (error instanceof NoUserServiceError) return "no-service";
    throw error;
  }
}

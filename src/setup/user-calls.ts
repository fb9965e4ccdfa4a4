import { setTimeout as delay } from "node:timers/promises";
import {
  CreateAccessKeyCommand,
  CreateUserCommand,
  DeleteAccessKeyCommand,
  DeleteUserCommand,
  DeleteUserPolicyCommand,
  GetUserCommand,
  GetUserPolicyCommand,
  ListAccessKeysCommand,
  PutUserPolicyCommand,
} from "@aws-sdk/client-iam";
import type { Policy } from "../access/policy.ts";
import type { UserState } from "../access/setup-state.ts";
import { UserError } from "../errors.ts";
import { exitCode } from "../exit-code.ts";
import { attempt } from "../store/s3/attempt.ts";
import { s3TroubleOf } from "../store/s3/s3-trouble.ts";
import type { Administration } from "./administration.ts";

/** The one policy of a user that is ours. */
const POLICY_NAME = "hostlog";

/** Amazon's users are known everywhere only some seconds after they were made. */
const LAG_ATTEMPTS_MAX = 15;
const LAG_DELAY_MS = 1000;

export interface AccessKey {
  readonly id: string;
  readonly secret: string;
}

/** The server has no service for users, or none for these credentials' kind of account. */
export class NoUserServiceError extends Error {
  override readonly name = "NoUserServiceError";
}

/** Throws {@link NoUserServiceError}, and UserError for trouble with the server. */
export async function readUser(administration: Administration, user: string): Promise<UserState> {
  const { users } = administration;
  const isThere = await call(administration, `GetUser ${user}`, async () => {
    try {
      await users.send(new GetUserCommand({ UserName: user }));
      return true;
    } catch (error) {
      if (isNoSuchEntity(error)) return false;
      if (isForeign(error)) throw new NoUserServiceError("no service for users", { cause: error });
      throw error;
    }
  });
  if (!isThere) return { exists: false, policy: undefined, accessKeys: 0 };
  const policy = await call(administration, `GetUserPolicy ${user}`, async () => {
    const command = new GetUserPolicyCommand({ UserName: user, PolicyName: POLICY_NAME });
    return orNone(async () => (await users.send(command)).PolicyDocument);
  });
  const keys = await listKeys(administration, user);
  return {
    exists: true,
    policy: policy === undefined ? undefined : plainPolicy(policy),
    accessKeys: keys.length,
  };
}

export async function createUser(administration: Administration, user: string): Promise<void> {
  await call(administration, `CreateUser ${user}`, async () => {
    try {
      await administration.users.send(new CreateUserCommand({ UserName: user }));
    } catch (error) {
      if (!isNamed(error, "EntityAlreadyExists")) throw error;
    }
  });
}

export async function putUserPolicy(
  administration: Administration,
  user: string,
  policy: Policy,
): Promise<void> {
  const command = new PutUserPolicyCommand({
    UserName: user,
    PolicyName: POLICY_NAME,
    PolicyDocument: JSON.stringify(policy),
  });
  await call(administration, `PutUserPolicy ${user}`, () =>
    onceKnown(() => administration.users.send(command)),
  );
}

export async function createAccessKey(administration: Administration, user: string): Promise<AccessKey> {
  const command = new CreateAccessKeyCommand({ UserName: user });
  const answer = await call(administration, `CreateAccessKey ${user}`, () =>
    onceKnown(() => administration.users.send(command)),
  );
  const { AccessKeyId: id, SecretAccessKey: secret } = answer.AccessKey ?? {};
  if (id !== undefined && secret !== undefined) return { id, secret };
  throw new UserError(
    `${administration.usersPlace.url}: no key came back for ${user}; try again`,
    exitCode.tryAgain,
  );
}

export async function deleteAccessKey(
  administration: Administration,
  user: string,
  id: string,
): Promise<void> {
  const command = new DeleteAccessKeyCommand({ UserName: user, AccessKeyId: id });
  await call(administration, `DeleteAccessKey ${user}`, () =>
    orNone(() => administration.users.send(command)),
  );
}

/** Removes a user with the policy and the keys that setup gave it. One that is not there counts as removed. */
export async function deleteUser(administration: Administration, user: string): Promise<void> {
  const { users } = administration;
  for (const id of await listKeys(administration, user)) await deleteAccessKey(administration, user, id);
  const policy = new DeleteUserPolicyCommand({ UserName: user, PolicyName: POLICY_NAME });
  await call(administration, `DeleteUserPolicy ${user}`, () => orNone(() => users.send(policy)));
  const command = new DeleteUserCommand({ UserName: user });
  await call(administration, `DeleteUser ${user}`, () => orNone(() => users.send(command)));
}

/** A user has at most a few keys, which come in one answer. */
async function listKeys(administration: Administration, user: string): Promise<readonly string[]> {
  const command = new ListAccessKeysCommand({ UserName: user });
  const answer = await call(administration, `ListAccessKeys ${user}`, () =>
    orNone(() => administration.users.send(command)),
  );
  return (answer?.AccessKeyMetadata ?? []).flatMap(({ AccessKeyId: id }) => (id === undefined ? [] : [id]));
}

async function call<T>(
  { usersPlace }: Administration,
  operation: string,
  work: () => Promise<T>,
): Promise<T> {
  return attempt(usersPlace, operation, async () => {
    try {
      return await work();
    } catch (error) {
      throw explained(error, usersPlace.url, operation);
    }
  });
}

/** What S3 knows no such error for; anything else as it is. */
function explained(error: unknown, url: string, operation: string): unknown {
  const mistake = (sentence: string): UserError =>
    new UserError(`${url}: ${operation}: ${sentence}`, exitCode.config, { cause: error });
  if (isNamed(error, "LimitExceeded")) {
    return mistake(
      "the server allows no more of it: the policy is too large (take shorter names, prefixes or fewer days), or there are too many users or keys",
    );
  }
  if (isNamed(error, "MalformedPolicyDocument")) {
    return mistake(
      "the server does not take the policy; print it with hostlog setup s3, and set it by the server's own means",
    );
  }
  if (isNamed(error, "AccessDenied")) {
    return mistake("these credentials may not administer users; use those of an administrator");
  }
  return error;
}

/** Amazon writes it percent-encoded (RFC 3986), others as it is. */
function plainPolicy(text: string): string {
  return text.startsWith("%") ? decodeURIComponent(text) : text;
}

async function onceKnown<T>(work: () => Promise<T>): Promise<T> {
  for (let number = 1; ; number++) {
    try {
      return await work();
    } catch (error) {
      if (!isNoSuchEntity(error) || number === LAG_ATTEMPTS_MAX) throw error;
      await delay(LAG_DELAY_MS);
    }
  }
}

async function orNone<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (isNoSuchEntity(error)) return undefined;
    throw error;
  }
}

function isNoSuchEntity(error: unknown): boolean {
  return isNamed(error, "NoSuchEntity");
}

/** The SDK adds "Exception" to some names and not to others. */
function isNamed(error: unknown, name: string): boolean {
  return error instanceof Error && (error.name === name || error.name === `${name}Exception`);
}

/** A server that was asked for a user answers as one that has never heard of users. */
function isForeign(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const trouble = s3TroubleOf(error);
  return trouble === "unsupported" || trouble === "refused";
}

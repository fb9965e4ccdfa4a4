import type { SetupStep } from "../access/plan-setup.ts";
import { UserError } from "../errors.ts";
import { exitCode } from "../exit-code.ts";
import type { Administration } from "./administration.ts";
import {
  addLifecycleRules,
  blockPublicAccess,
  createBucket,
  setBucketPolicy,
  setEncryption,
} from "./bucket-calls.ts";
import { appendProfile } from "./credentials-file.ts";
import { createAccessKey, createUser, deleteAccessKey, putUserPolicy } from "./user-calls.ts";

export interface StepWorld {
  readonly administration: Administration;
  /** Where new keys go; undefined when none are to be made. */
  readonly credentialsFile: string | undefined;
  readonly makeIdentity: () => Promise<unknown>;
}

/** Does one step. Doing it twice is doing it once, but for keys. Throws UserError. */
export async function applyStep(step: SetupStep, world: StepWorld): Promise<void> {
  const { administration } = world;
  switch (step.kind) {
    case "create-bucket":
      return createBucket(await administration.openBucket(step.bucket));
    case "block-public-access":
      return blockPublicAccess(await administration.openBucket(step.bucket));
    case "add-lifecycle-rules":
      return addLifecycleRules(await administration.openBucket(step.bucket), step.rules);
    case "set-encryption":
      return setEncryption(await administration.openBucket(step.bucket), step.encryption);
    case "set-bucket-policy":
      return setBucketPolicy(await administration.openBucket(step.bucket), step.policy);
    case "make-identity":
      await world.makeIdentity();
      return;
    case "create-user":
      return createUser(administration, step.user);
    case "put-user-policy":
      return putUserPolicy(administration, step.user, step.policy);
    case "create-access-key":
      return makeKey(step.user, world);
  }
}

/** A key that cannot be written down is taken back at once: nobody would ever have it. */
async function makeKey(user: string, { administration, credentialsFile }: StepWorld): Promise<void> {
  if (credentialsFile === undefined) throw new Error("a key was planned and there is no file for it");
  const { id, secret } = await createAccessKey(administration, user);
  try {
    await appendProfile(credentialsFile, { name: user, accessKeyId: id, secretAccessKey: secret });
  } catch (error) {
    await deleteAccessKey(administration, user, id);
    throw new UserError(
      `the key of ${user} could not be written to ${credentialsFile}, and was taken back; put that right and run it again`,
      exitCode.tryAgain,
      { cause: error },
    );
  }
}

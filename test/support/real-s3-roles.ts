import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  DeleteAccessKeyCommand,
  DeleteUserCommand,
  DeleteUserPolicyCommand,
  IAMClient,
  ListAccessKeysCommand,
  ListUserPoliciesCommand,
  ListUsersCommand,
} from "@aws-sdk/client-iam";
import type { ObjectStore } from "../../src/store/object-store.ts";
import { openS3Store } from "../../src/store/s3-store.ts";
import { awsEnvironment, createTestBucket, realSettings } from "./real-s3.ts";
import { runHostlog } from "./run-hostlog.ts";

export const roleNode = "web-17";
/** The day that the investigator's grant is for. */
export const roleDay = "2026-01-01";

const HOUR_MS = 3_600_000;

/** As `hostlog setup s3` names a role's user, behind a prefix. */
export type RoleUser = `node-${typeof roleNode}` | "purger" | "auditor" | "investigator";

/** A bucket of its own with all roots in it, set up by `hostlog setup s3` with a user for each role. */
export interface RoleBucket {
  /** A store at a prefix of the bucket, with the keys of one user and no others. */
  openAs(user: RoleUser, prefix: string): Promise<ObjectStore>;
  /** The same with those of the administrator who made it all. */
  openAsAdministrator(prefix: string): Promise<ObjectStore>;
  /** Removes the users and the bucket with all that is in it. */
  dispose(): Promise<void>;
}

export async function createRoleBucket(): Promise<RoleBucket> {
  const { bucket, dispose } = await createTestBucket();
  const folder = await mkdtemp(join(tmpdir(), "hostlog-roles-"));
  const credentials = join(folder, "credentials");
  const userPrefix = `hostlog-test-${randomBytes(4).toString("hex")}`;
  await setUpRoles(bucket, folder, userPrefix, credentials);
  return {
    openAs: (user, prefix) =>
      withProfile(`${userPrefix}-${user}`, credentials, async () => {
        const store = await openS3Store({ bucket, prefix }, realSettings);
        // The keys are taken at the first request and kept; what it is answered does not matter.
        await store.read("nothing").catch(() => undefined);
        return store;
      }),
    openAsAdministrator: (prefix) => openS3Store({ bucket, prefix }, realSettings),
    async dispose() {
      await deleteUsers(userPrefix);
      await rm(folder, { recursive: true });
      await dispose();
    },
  };
}

async function setUpRoles(
  bucket: string,
  folder: string,
  userPrefix: string,
  credentials: string,
): Promise<void> {
  const config = join(folder, "hostlog.yaml");
  const roots = ["raw", "analytics", "quarantine", "ledger", "published"];
  const stores = roots.map((root) => `  ${root}: s3://${bucket}/${root}`);
  const settings = [
    "s3: { force_path_style: true }",
    `state: ${join(folder, "state")}`,
    "stores:",
    ...stores,
  ];
  await writeFile(config, `${settings.join("\n")}\n`);
  const until = new Date(Date.now() + HOUR_MS).toISOString();
  const roles = ["node", "purger", "auditor", "investigator"].flatMap((role) => ["--role", role]);
  const words = ["setup", "s3", "--config", config, ...roles, "--node", roleNode, "--day", roleDay];
  const { status, stdout, stderr } = await runHostlog(
    [...words, "--until", until, "--user-prefix", userPrefix, "--apply", "--credentials", credentials],
    { directory: folder, environment: awsEnvironment() },
  );
  if (status !== 0) throw new Error(`hostlog ${words.join(" ")} ended with ${status}: ${stdout}${stderr}`);
}

/** Tests of a file run one after another, so the process's environment is theirs to change for a while. */
async function withProfile<T>(profile: string, credentials: string, work: () => Promise<T>): Promise<T> {
  const before = awsEnvironment();
  for (const name of ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"])
    delete process.env[name];
  Object.assign(process.env, { AWS_PROFILE: profile, AWS_SHARED_CREDENTIALS_FILE: credentials });
  try {
    return await work();
  } finally {
    for (const name of ["AWS_PROFILE", "AWS_SHARED_CREDENTIALS_FILE"]) delete process.env[name];
    Object.assign(process.env, before);
  }
}

export async function deleteUsers(userPrefix: string): Promise<void> {
  const client = new IAMClient({});
  const { Users = [] } = await client.send(new ListUsersCommand({}));
  for (const { UserName = "" } of Users) {
    if (UserName.startsWith(userPrefix)) await deleteUser(client, UserName);
  }
  client.destroy();
}

async function deleteUser(client: IAMClient, UserName: string): Promise<void> {
  const { AccessKeyMetadata = [] } = await client.send(new ListAccessKeysCommand({ UserName }));
  for (const { AccessKeyId } of AccessKeyMetadata) {
    await client.send(new DeleteAccessKeyCommand({ UserName, AccessKeyId }));
  }
  const { PolicyNames = [] } = await client.send(new ListUserPoliciesCommand({ UserName }));
  for (const PolicyName of PolicyNames) {
    await client.send(new DeleteUserPolicyCommand({ UserName, PolicyName }));
  }
  await client.send(new DeleteUserCommand({ UserName }));
}

import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  DeleteAccessKeyCommand,
  DeleteUserCommand,
  DeleteUserPolicyCommand,
  IAMClient,
  ListAccessKeysCommand,
} from "@aws-sdk/client-iam";
import { DeleteBucketPolicyCommand, S3Client } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  isAllowed,
  matrixDay,
  matrixNode,
  matrixRoles,
  renderMatrix,
} from "../access/support/access-matrix.ts";
import { type Outcome, tryCells } from "../access/support/s3-cells.ts";
import { combinedLine } from "../support/log-lines.ts";
import { awsEnvironment, createTestBucket, type TestBucket } from "../support/real-s3.ts";
import { type Finished, runHostlog } from "../support/run-hostlog.ts";

// `hostlog setup s3 --apply` on a server that others wrote; then each role with its own keys: every cell of the
// matrix, and the program itself. The variables that name the server are in test/support/real-s3.ts.

const HOUR_MS = 3_600_000;
const roleKinds = ["analytics-reader", "investigator", "purger", "auditor", "custodian"];

let folder: string;
let test: TestBucket;
let userPrefix: string;
let users: readonly string[];
const untilMs = Math.ceil((Date.now() + HOUR_MS) / 1000) * 1000;
const grantWords = ["--role", "investigator", "--day", matrixDay, "--until", new Date(untilMs).toISOString()];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "hostlog-roles-"));
  test = await createTestBucket();
  userPrefix = `roles-${test.bucket.slice(-8)}`;
  users = [`node-${matrixNode}`, ...roleKinds].map((name) => `${userPrefix}-${name}`);
  await writeFile(join(folder, "hostlog.yaml"), configText("logs/hosting"));
});

afterAll(async () => {
  for (const user of users) await deleteUser(user);
  await test.dispose();
  await rm(folder, { recursive: true });
});

describe("hostlog setup s3 --apply", () => {
  it("makes buckets, users, policies and keys, and says each", async () => {
    const { stdout } = await setUp("--node", matrixNode, "--credentials", "keys");
    expect(stdout).toContain(`done:  user ${userPrefix}-purger: add the policy hostlog`);
    const keys = await readFile(join(folder, "keys"), "utf8");
    expect(users.filter((user) => !keys.includes(`[${user}]`))).toEqual([]);
    expect((await stat(join(folder, "keys"))).mode & 0o777).toBe(0o600);
    for (const secret of keys.matchAll(/secret_access_key = (\S+)/g)) expect(stdout).not.toContain(secret[1]);
  });

  it("changes nothing when it is run again", async () => {
    const { stdout } = await setUp("--node", matrixNode);
    expect(stdout).toMatch(/^nothing to change\n/);
    expect(stdout).not.toContain("done:");
  });

  it("leaves a grant as it is unless the investigator is named", async () => {
    await setUp(...grantWords);
    expect((await setUp("--node", matrixNode)).stdout).toContain("which stays");
    expect((await setUp("--role", "investigator", "--dry-run")).stdout).toContain(
      "replace the policy hostlog",
    );
  });

  it("refuses to take over the users of another store", async () => {
    await writeFile(join(folder, "other.yaml"), configText("elsewhere"));
    const { status, stderr } = await hostlog(
      ["setup", "s3", "--apply", "--user-prefix", userPrefix, "--config", join(folder, "other.yaml")],
      {},
    );
    expect(stderr).toContain("serves another store already");
    expect(status).toBe(64);
  });

  it("forbids plain http where the server is reached over TLS", async () => {
    const endpoint = process.env["HOSTLOG_TEST_S3_TLS_ENDPOINT"];
    const authority = process.env["HOSTLOG_TEST_S3_CA_FILE"];
    expect(
      [endpoint, authority],
      "set HOSTLOG_TEST_S3_TLS_ENDPOINT and HOSTLOG_TEST_S3_CA_FILE",
    ).not.toContain(undefined);
    const other = await createTestBucket();
    const config = configText("logs").replaceAll(test.bucket, other.bucket);
    await writeFile(
      join(folder, "tls.yaml"),
      config.replace("s3: {", `s3: { endpoint: "${endpoint}", ca_file: "${authority}",`),
    );
    const words = [
      "setup",
      "s3",
      "--apply",
      "--role",
      "analytics-reader",
      "--user-prefix",
      `${userPrefix}-tls`,
    ];
    const apply = () => hostlog([...words, "--config", join(folder, "tls.yaml")], {});
    try {
      const first = await apply();
      expect(first.stdout, first.stderr).toContain(`done:  bucket ${other.bucket}: forbid plain http`);
      expect((await apply()).stdout).toContain("nothing to change");
      const plain = await hostlog(["verify", "--store", `s3://${other.bucket}/logs`], {});
      expect(plain.stderr).toContain("denies it");
    } finally {
      await deleteUser(`${userPrefix}-tls-analytics-reader`);
      // What forbids plain http forbids it to whoever tidies up, too.
      const administrator = new S3Client({ forcePathStyle: true });
      await administrator.send(new DeleteBucketPolicyCommand({ Bucket: other.bucket }));
      administrator.destroy();
      await other.dispose();
    }
  });
});

describe("each role on the server", () => {
  it("may do what the matrix says, cell by cell, and nothing else", async () => {
    const roles = matrixRoles(untilMs);
    const tried = new Map<string, ReadonlyMap<string, Outcome>>();
    const administrator = new S3Client({ forcePathStyle: true });
    const base = (root: string): string => (root === "beside" ? "" : `logs/hosting/${root}/`);
    for (const [title, role] of roles) {
      if (role.kind === "investigator") {
        await setUp(...(role.grant === undefined ? ["--role", "investigator"] : grantWords));
      }
      const name = role.kind === "node" ? `node-${role.node}` : role.kind;
      const client = new S3Client({
        forcePathStyle: true,
        credentials: await keysOf(`${userPrefix}-${name}`),
      });
      const keyOf = (place: { readonly root: string; readonly key: string }): string =>
        `${base(place.root)}${place.key}`;
      tried.set(title, await tryCells(client, { administrator, bucket: test.bucket, keyOf }));
      client.destroy();
    }
    administrator.destroy();
    const titles = new Map(roles.map(([title, role]) => [role, title]));
    const outcomeOf = (title: string | undefined, cell: string): Outcome | undefined =>
      tried.get(title ?? "")?.get(cell);
    // The footnote: where the server does not know the condition, who may put a new object may put over it.
    const overs = roles.flatMap(([title, role]) =>
      [...(tried.get(title) ?? [])]
        .filter(([cell]) => cell.startsWith("put-over "))
        .map(([cell, outcome]) => ({
          cell,
          outcome,
          mayPut: outcomeOf(title, cell.replace("put-over", "put-new")),
          role: role.kind,
        })),
    );
    const knowsCondition = overs.every(({ outcome }) => outcome === "denied");
    if (!knowsCondition)
      for (const { cell, outcome, mayPut, role } of overs) expect(outcome, `${role} ${cell}`).toBe(mayPut);
    const asTried = renderMatrix(roles, (role, place, action) =>
      action === "put-over" ? false : outcomeOf(titles.get(role), `${action} ${place.name}`) === "allowed",
    );
    expect(asTried).toBe(renderMatrix(roles, isAllowed));
  });
});

describe("the program with each role's keys", () => {
  const drillDay = ["--now", `${matrixDay}T18:00:00Z`];
  const lineMs = Date.parse(`${matrixDay}T10:00:00Z`);

  beforeAll(async () => {
    // A store of its own, made for drills, so that a purge may be tried.
    await deleteUsers();
    await writeFile(join(folder, "hostlog.yaml"), configText("drill"));
    await rm(join(folder, "keys"), { force: true });
    await setUp("--node", matrixNode, "--credentials", "keys", ...drillDay);
    const made = await as("custodian", ["init", "--small"], drillDay);
    expect(made.status, made.stderr).toBe(0);
    const lines = [0, 1, 2].map((hour) => combinedLine({ ms: lineMs + hour * HOUR_MS }));
    await writeFile(join(folder, "access.log"), `${lines.join("\n")}\n`);
  });

  it("stores a node's log", async () => {
    const words = ["ingest", "--finished", "--domain", "shop.example.org", join(folder, "access.log")];
    const { status, stdout, stderr } = await as("node-web-17", words, drillDay);
    expect(status, stderr).toBe(0);
    expect(stdout).toContain("3");
    expect((await as("node-web-17", ["verify"], drillDay)).status).toBe(78);
  });

  it("answers the reader of analytics from analytics, and from nothing else", async () => {
    const words = ["query", "--from", matrixDay, "--output", "ndjson"];
    const reader = (view: string) => as("analytics-reader", [...words, "--view", view], drillDay);
    const answered = await reader("analytics");
    expect(answered.status, answered.stderr).toBe(0);
    expect(answered.stdout.trim().split("\n")).toHaveLength(3);
    expect((await reader("raw")).stderr).toContain("denies it");
  });

  it("answers an investigator for the day of a grant, while it lasts", async () => {
    const words = ["query", "--from", matrixDay, "--until", matrixDay, "--output", "ndjson"];
    const ask = () => as("investigator", words, drillDay);
    expect((await ask()).stderr).toContain("denies it");
    const endMs = Math.floor(Date.now() / 1000) * 1000 + 25_000;
    await setUp("--role", "investigator", "--day", matrixDay, "--until", new Date(endMs).toISOString());
    const granted = await ask();
    expect(granted.status, granted.stderr).toBe(0);
    expect(granted.stdout.trim().split("\n")).toHaveLength(3);
    const dayBefore = ["query", "--from", "2026-11-20", "--until", "2026-11-20"];
    expect((await as("investigator", dayBefore, drillDay)).stderr).toContain("denies it");
    await expect
      .poll(async () => (await ask()).stderr, { timeout: 120_000, interval: 2000 })
      .toContain("denies it");
    expect(Date.now()).toBeGreaterThanOrEqual(endMs);
  });

  it("verifies for an auditor", async () => {
    const { status, stdout, stderr } = await as("auditor", ["verify"], drillDay);
    expect(stdout + stderr).toContain("raw: 1 object recorded, 0 of them destroyed; 1 in the store");
    expect(status).toBe(0);
    expect((await as("auditor", ["verify", "--read"], drillDay)).stderr).toContain("denies it");
  });

  it("destroys for the purger what is due, and shows it nothing of it", async () => {
    const later = ["--now", "2028-11-23T02:00:00Z"];
    expect((await as("purger", ["retention", "plan", "--output", "json"], later)).status).toBe(0);
    const { status, stderr } = await as("purger", ["retention", "run", "--output", "json"], later);
    expect(status, stderr).toBe(0);
    const words = ["query", "--from", matrixDay, "--until", matrixDay];
    expect((await as("purger", words, drillDay)).status).toBe(0);
    const audit = await as("auditor", ["verify"], later);
    expect(audit.stdout + audit.stderr).toContain(
      "raw: 1 object recorded, 1 of them destroyed; 0 in the store",
    );
  });
});

function configText(prefix: string): string {
  const stores = ["raw", "analytics", "quarantine", "ledger", "published"].map(
    (root) => `  ${root}: s3://${test.bucket}/${prefix}/${root}`,
  );
  return `${["s3: { force_path_style: true }", "node: web-17", `state: ${join(folder, "state")}`, "stores:", ...stores].join("\n")}\n`;
}

/** With the administrator's credentials. */
async function setUp(...words: readonly string[]): Promise<Finished> {
  const finished = await hostlog(["setup", "s3", "--apply", "--user-prefix", userPrefix, ...words], {});
  expect(finished.status, finished.stderr).toBe(0);
  return finished;
}

/** Who has the keyring at hand; all others have no keys but those of their user. */
const keyHolders: readonly string[] = ["custodian", "investigator"];

/** With the keys of one user and no others. */
function as(user: string, words: readonly string[], more: readonly string[]): Promise<Finished> {
  return hostlog([...words, ...more], {
    AWS_PROFILE: `${userPrefix}-${user}`,
    AWS_SHARED_CREDENTIALS_FILE: join(folder, "keys"),
    AWS_ACCESS_KEY_ID: undefined,
    AWS_SECRET_ACCESS_KEY: undefined,
    HOSTLOG_KEYS: join(folder, keyHolders.includes(user) ? "keyring" : "nothing"),
  });
}

function hostlog(
  words: readonly string[],
  change: Readonly<Record<string, string | undefined>>,
): Promise<Finished> {
  const hasConfig = words.includes("--config") || words.includes("--store");
  const environment = Object.entries({ ...awsEnvironment(), ...change }).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  );
  return runHostlog([...words, ...(hasConfig ? [] : ["--config", join(folder, "hostlog.yaml")])], {
    directory: folder,
    environment: Object.fromEntries(environment),
  });
}

async function keysOf(user: string): Promise<{ accessKeyId: string; secretAccessKey: string }> {
  const text = await readFile(join(folder, "keys"), "utf8");
  const [, accessKeyId = "", secretAccessKey = ""] =
    new RegExp(`\\[${user}\\]\\naws_access_key_id = (\\S+)\\naws_secret_access_key = (\\S+)`).exec(text) ??
    [];
  return { accessKeyId, secretAccessKey };
}

async function deleteUsers(): Promise<void> {
  for (const user of users) await deleteUser(user);
}

/** With the SDK alone, so that a fault of our own cannot keep the server from being tidied. */
async function deleteUser(UserName: string): Promise<void> {
  const client = new IAMClient({});
  const isGone = (error: unknown): void => {
    if (!(error instanceof Error && error.name.startsWith("NoSuchEntity"))) throw error;
  };
  try {
    const { AccessKeyMetadata: keys = [] } = await client.send(new ListAccessKeysCommand({ UserName }));
    for (const { AccessKeyId } of keys)
      await client.send(new DeleteAccessKeyCommand({ UserName, AccessKeyId }));
    await client.send(new DeleteUserPolicyCommand({ UserName, PolicyName: "hostlog" })).catch(isGone);
    await client.send(new DeleteUserCommand({ UserName }));
  } catch (error) {
    isGone(error);
  } finally {
    client.destroy();
  }
}

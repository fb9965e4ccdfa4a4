import { chmod, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { createOpenContext } from "../../src/commands/context.ts";
import { setupCommand } from "../../src/commands/setup.ts";
import { UserError } from "../../src/errors.ts";
import { createCommandWorld, runCommand } from "../support/command-world.ts";
import { type S3Server, startS3Server } from "../support/s3-server.ts";
import { startUserService, type UserService } from "./support/user-service.ts";

const roots = ["raw", "analytics", "quarantine", "ledger", "published"];
// A person waits for a server that is slow to know its new users; here it knows them the next time it is asked.
vi.mock("node:timers/promises", () => ({ setTimeout: () => Promise.resolve() }));

const golden = (name: string): string => `../golden/access/${name}`;

describe("hostlog setup s3", () => {
  it("prints what is wanted, for reading and pasting, and asks no server", async () => {
    const text = await print({}, "--node", "web-17", "--node", "web-18");
    await expect(text).toMatchFileSnapshot(golden("setup.txt"));
  });

  it("prints the same as JSON", async () => {
    const words = [
      "--role",
      "investigator",
      "--day",
      "2026-11-20..2026-11-21",
      "--until",
      "2026-11-22T18:00Z",
    ];
    const text = await print({}, ...words, "--output", "json");
    await expect(`${JSON.stringify(JSON.parse(text), undefined, 2)}\n`).toMatchFileSnapshot(
      golden("setup.json"),
    );
  });

  it("takes an endpoint that is not Amazon's for one that cannot forbid to replace, and says so", async () => {
    const text = await print({ AWS_ENDPOINT_URL: "https://s3.example.net" }, "--node", "web-17");
    expect(text).not.toContain("NoReplacing");
    expect(text).toContain("note: whether this server can forbid");
  });

  it.each([
    [["--role", "node"], "needs the node's name"],
    [["--role", "master"], "there is no role"],
    [["--node", "WEB"], "is no node name"],
    [["--role", "auditor", "--node", "web-17"], "--node is for --role node"],
    [
      ["--role", "purger", "--day", "2026-11-20", "--until", "2026-11-22T18:00Z"],
      "--day and --until are for",
    ],
    [["--day", "2026-11-20"], "a grant must end"],
    [["--credentials", "keys"], "go with --apply"],
    [["--node", "n".repeat(63)], "64 characters are the most"],
  ])("refuses %j", async (words, message) => {
    await expect(print({}, ...words)).rejects.toThrow(message);
  });

  it("has nothing to do for a store in a folder", async () => {
    const world = await createCommandWorld();
    onTestFinished(() => world.end());
    const run = runCommand(command(world), "s3", "--store", world.folder);
    await expect(run).rejects.toThrow("no root of this store lies in S3");
  });
});

describe("hostlog setup s3 --apply", () => {
  it("makes buckets, identity, users, policies and keys, and the second time nothing", async () => {
    const place = await openPlace();
    for (const root of roots) place.server.missingBuckets.add(`logs-${root}`);
    expectTrial(place.server);
    const first = await place.apply("--node", "web-17", "--credentials", "keys");
    expect(first.stderr).toBe("");
    expect(first.status).toBe(0);
    expect([...place.server.missingBuckets]).toEqual([]);
    expect(place.server.objects.has("logs-published/hosting/store.json")).toBe(true);
    expect([...place.users.users.keys()].sort()).toEqual([
      "hostlog-analytics-reader",
      "hostlog-auditor",
      "hostlog-custodian",
      "hostlog-investigator",
      "hostlog-node-web-17",
      "hostlog-purger",
    ]);
    expect(await readFile(join(place.folder, "keys"), "utf8")).toContain(
      "[hostlog-purger]\naws_access_key_id = AKIDEXAMPLE",
    );
    expect((await stat(join(place.folder, "keys"))).mode & 0o777).toBe(0o600);
    expect(first.stdout).not.toContain("secret-of");
    place.users.asked.length = 0;
    const second = await place.apply("--node", "web-17");
    expect(second.stdout).toContain("nothing to change\n");
    expect(place.users.asked.filter((asked) => !/^(?:Get|List)/.test(asked))).toEqual([]);
  });

  it("finds by a trial that a server can forbid to replace, and leaves nothing of it behind", async () => {
    const place = await openPlace();
    // It denies puts without the condition to everybody, as if each had the policy of the trial.
    place.server.allowsOverwrites = false;
    expectTrial(place.server);
    const { stdout } = await place.apply("--role", "custodian");
    expect(stdout).not.toContain("cannot forbid");
    expect(place.users.users.get("hostlog-custodian")?.policy).toContain("s3:if-none-match");
    expect([...place.users.users.keys()]).toEqual(["hostlog-custodian"]);
    expect([...place.server.objects.keys()].filter((name) => name.includes("try"))).toEqual([]);
    const removed = place.server.requests.filter(({ operation }) => operation === "Other");
    expect(removed.map(({ name }) => name)).toEqual([
      expect.stringMatching(/^logs-raw-hostlog-try-[0-9a-f]{12}$/),
    ]);
  });

  it.each([
    ["denies every put, as it does not know the condition", false],
    ["lets every put through, as it does not look at the denial", true],
  ])("finds by a trial that a server cannot forbid to replace: it %s", async (_, isAllowed) => {
    const place = await openPlace();
    place.server.may = (operation, name) =>
      operation !== "PutObject" || !name.startsWith("logs-raw-hostlog-try-") || isAllowed;
    place.server.allowsOverwrites = isAllowed;
    expectTrial(place.server);
    const { stdout } = await place.apply("--role", "custodian");
    expect(stdout).toContain("note:  this server cannot forbid a node to replace its own objects");
    expect(place.users.users.get("hostlog-custodian")?.policy).not.toContain("s3:if-none-match");
  });

  it("shows the plan and stops there with --dry-run", async () => {
    const place = await openPlace();
    const { stdout } = await place.apply("--role", "auditor", "--dry-run");
    expect(stdout).toContain("to do: create the user hostlog-auditor");
    expect(stdout).not.toContain("done:");
    expect(place.users.users.size).toBe(0);
  });

  it("waits for a user that the server does not know everywhere yet", async () => {
    const place = await openPlace();
    place.users.lag = 2;
    expect((await place.apply("--role", "auditor")).status).toBe(0);
    expect(place.users.users.get("hostlog-auditor")?.policy).toContain("s3:ListBucketVersions");
  });

  it("adds to the lifecycle and the policy of a bucket what is ours, and keeps what is others'", async () => {
    const place = await openPlace();
    const expiry = "<ID>of-others</ID><Status>Enabled</Status><Filter><Prefix>x/</Prefix></Filter>";
    place.server.settings.set("logs-raw?lifecycle", {
      body: `<LifecycleConfiguration><Rule>${expiry}<Expiration><Days>3</Days></Expiration></Rule></LifecycleConfiguration>`,
    });
    await place.apply("--role", "auditor");
    const lifecycle = place.server.settings.get("logs-raw?lifecycle")?.body ?? "";
    expect(lifecycle).toContain("<ID>of-others</ID>");
    expect(lifecycle).toContain("<Prefix>hosting/</Prefix>");
    expect(lifecycle).toContain("<DaysAfterInitiation>1</DaysAfterInitiation>");
  });

  it("goes on where a server lacks a setting, and says what follows", async () => {
    const place = await openPlace();
    place.server.settings.set("logs-raw?publicAccessBlock", {
      status: 501,
      body: "<Error><Code>NotImplemented</Code></Error>",
    });
    place.server.versioning.set("logs-ledger", "Enabled");
    const { status, stdout } = await place.apply("--role", "auditor");
    expect(status).toBe(0);
    expect(stdout).toContain("note:  bucket logs-raw: this server has no block of public access");
    expect(stdout).toContain("note:  bucket logs-ledger keeps versions (Enabled)");
  });

  it("makes a store that seals, and says that it needs keys next, until recipients are published", async () => {
    const place = await openPlace();
    const next = 'run "hostlog init --team"';
    expect((await place.apply("--role", "auditor", "--dry-run")).stdout).toContain(next);
    expect((await place.apply("--role", "auditor")).stdout).toContain(next);
    const identity = place.server.objects.get("logs-published/hosting/store.json");
    expect(JSON.parse(String(identity))).toMatchObject({ seal: "age" });
    place.server.objects.set("logs-published/hosting/recipients/000000000001.json", Buffer.from("{}"));
    expect((await place.apply("--role", "auditor")).stdout).toBe("nothing to change\n");
  });

  it("makes one that does not seal where the config says so, and refuses to take one for the other", async () => {
    const place = await openPlace();
    const config = join(place.folder, "hostlog.yaml");
    const text = await readFile(config, "utf8");
    await writeFile(config, `${text}\nseal: none\n`);
    expect((await place.apply("--role", "auditor")).stdout).not.toContain("hostlog init");
    const identity = place.server.objects.get("logs-published/hosting/store.json");
    expect(JSON.parse(String(identity))).toMatchObject({ seal: "none" });
    await writeFile(config, `${text}\nseal: age\n`);
    const { status, stderr } = await place.apply("--role", "auditor");
    expect(status).toBe(78);
    expect(stderr).toContain('was made with "seal: none"');
  });

  it("sets up the buckets of a server without users, prints the policies, and says what is left to do", async () => {
    const place = await openPlace();
    const { status, stdout, stderr } = await place.apply("--role", "purger", "--without-users");
    expect(status).toBe(78);
    expect(stderr).toContain("has no service for users");
    expect(stdout).toContain("done:  bucket logs-raw: block public access");
    expect(stdout).toContain("s3:DeleteObjectVersion");
  });
});

describe("the file for access keys", () => {
  it("is refused when others may read it, before anything is made", async () => {
    const place = await openPlace();
    await writeFile(join(place.folder, "keys"), "");
    await chmod(join(place.folder, "keys"), 0o640);
    const { status, stderr } = await place.apply("--role", "auditor", "--credentials", "keys");
    expect(stderr).toContain("chmod 600");
    expect(status).toBe(64);
    expect(place.users.users.size).toBe(0);
  });

  it("keeps what is in it, and is refused when it has the profile already", async () => {
    const place = await openPlace();
    const file = join(place.folder, "keys");
    await writeFile(file, "[somebody]\naws_access_key_id = AKIDEXAMPLE", { mode: 0o600 });
    await place.apply("--role", "auditor", "--credentials", "keys");
    expect(await readFile(file, "utf8")).toMatch(
      /^\[somebody\]\naws_access_key_id = AKIDEXAMPLE\n\n\[hostlog-auditor\]\n/,
    );
    place.users.users.get("hostlog-auditor")?.keys.clear();
    const again = await place.apply("--role", "auditor", "--credentials", "keys");
    expect(again.stderr).toContain("has a profile [hostlog-auditor] already");
  });

  it("is refused under a made-up clock in a store that holds real visits: it could last for years", async () => {
    const place = await openPlace();
    const identity = { version: 1, id: "0123", created_at: "2026-02-01T00:00:00.000Z", drill: false };
    place.server.objects.set("logs-published/hosting/store.json", Buffer.from(JSON.stringify(identity)));
    const days = ["--day", "2026-11-20", "--until", "2027-11-25T00:00Z", "--now", "2027-11-24T12:00Z"];
    const { status, stderr } = await place.apply("--role", "investigator", ...days);
    expect(stderr).toContain("with --now a grant would end by a made-up clock");
    expect(status).toBe(64);
    expect(place.users.users.has("hostlog-investigator")).toBe(false);
  });

  it("costs a key that cannot be written down: it is taken back", async () => {
    const place = await openPlace();
    const { status, stderr } = await place.apply("--role", "auditor", "--credentials", "no-such-folder/keys");
    expect(stderr).toContain("was taken back");
    expect(status).toBe(75);
    expect(place.users.asked).toContain("DeleteAccessKey hostlog-auditor");
    expect(place.users.users.get("hostlog-auditor")?.keys.size).toBe(0);
  });
});

beforeEach(() => {
  vi.stubEnv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "test");
  return () => vi.unstubAllEnvs();
});

interface Applied {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

interface Place {
  readonly server: S3Server;
  readonly users: UserService;
  readonly folder: string;
  /** `--without-users`: the S3 server itself is asked for users, which it has none of. */
  apply(...words: readonly string[]): Promise<Applied>;
}

/** A bucket for each root, on a server of the test's own. */
async function openPlace(): Promise<Place> {
  const server = await startS3Server();
  const users = await startUserService();
  onTestFinished(async () => {
    await server.close();
    await users.close();
  });
  const world = await createCommandWorld();
  onTestFinished(() => world.end());
  const endpoint = `endpoint: "${server.endpoint}", region: us-east-1`;
  await writeFile(
    join(world.folder, "hostlog.yaml"),
    configText(`{ ${endpoint}, force_path_style: true }`, world.folder),
  );
  return {
    server,
    users,
    folder: world.folder,
    async apply(...words) {
      const hasUsers = !words.includes("--without-users");
      const environment: Readonly<Record<string, string>> = hasUsers
        ? { AWS_ENDPOINT_URL_IAM: users.endpoint }
        : {};
      const surroundings = { ...world.surroundings, environment };
      const named = ["--config", join(world.folder, "hostlog.yaml")];
      const status = await runCommand(
        setupCommand(createOpenContext(surroundings), surroundings),
        "s3",
        "--apply",
        ...named,
        ...words.filter((word) => word !== "--without-users"),
      ).then(() => 0, exitCodeOf);
      return { status, stdout: world.takeOutput(), stderr: world.takeErrors() };

      function exitCodeOf(error: unknown): number {
        if (!(error instanceof UserError)) throw error;
        world.surroundings.stderr.write(`hostlog: ${error.message}\n`);
        return error.exitCode;
      }
    },
  };
}

/** The one operation of a trial that this server does not have: the removal of its bucket. */
function expectTrial(server: S3Server): void {
  server.inject("Other", { kind: "change", change: () => ({ status: 204, body: Buffer.alloc(0) }) });
}

async function print(
  environment: Readonly<Record<string, string>>,
  ...words: readonly string[]
): Promise<string> {
  const world = await createCommandWorld({ environment });
  onTestFinished(() => world.end());
  await writeFile(join(world.folder, "hostlog.yaml"), configText("{ region: eu-central-1 }", world.folder));
  await runCommand(command(world), "s3", "--config", join(world.folder, "hostlog.yaml"), ...words);
  return world.takeOutput();
}

function command(world: Awaited<ReturnType<typeof createCommandWorld>>): ReturnType<typeof setupCommand> {
  return setupCommand(createOpenContext(world.surroundings), world.surroundings);
}

function configText(s3: string, folder: string): string {
  const stores = roots.map((root) => `  ${root}: s3://logs-${root}/hosting`);
  return `${["node: web-17", `s3: ${s3}`, `state: ${join(folder, "state")}`, "stores:", ...stores].join("\n")}\n`;
}

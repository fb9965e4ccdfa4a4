import { spawn } from "node:child_process";
import { chmod, copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { dayOfMs } from "../../src/day.ts";
import { openKeyring } from "../../src/keyring/io/open-keyring.ts";
import { encodeIdentity } from "../../src/seal/age-text.ts";
import { type DayKeyName, dayKeyNameOf, sealedViews } from "../../src/seal/day-key-name.ts";
import { openBytes } from "../../src/seal/open-bytes.ts";
import { openS3Store } from "../../src/store/s3-store.ts";
import { listKeys } from "../support/list-keys.ts";
import { combinedLine } from "../support/log-lines.ts";
import { awsEnvironment, createTestBucket, realSettings, type TestBucket } from "../support/real-s3.ts";
import { deleteUsers } from "../support/real-s3-roles.ts";
import { type Finished, programEnvironment, runHostlog } from "../support/run-hostlog.ts";
import { requireStockAge, runAge, runAgeKeygen } from "../support/stock-age.ts";
import { tlsFixture } from "../support/tls-fixture.ts";

// A team's set-up on a server that others wrote: an administrator, the custodian's machine, a node and an investigator,
// each with a folder and access keys of its own, and nothing else.

const program = fileURLToPath(new URL("../../dist/src/main.js", import.meta.url));
const HOUR_MS = 3_600_000;
const nowMs = Date.now();
const today = dayOfMs(nowMs);
const LINES = 20;
const machines = ["administrator", "custodian", "node-web-17", "investigator"] as const;
type Machine = (typeof machines)[number];

let folder: string;
let test: TestBucket;
let userPrefix: string;
let keysFile: string;

const at = (machine: Machine, name = "."): string => join(folder, machine, name);

beforeAll(async () => {
  requireStockAge();
  folder = await mkdtemp(join(tmpdir(), "hostlog-sealed-"));
  test = await createTestBucket();
  userPrefix = `sealed-${test.bucket.slice(-8)}`;
  keysFile = at("administrator", "keys");
  for (const machine of machines) {
    await mkdir(at(machine));
    await writeFile(at(machine, "hostlog.yaml"), configText(machine));
  }
});

afterAll(async () => {
  await deleteUsers(userPrefix);
  await test.dispose();
  await rm(folder, { recursive: true });
});

describe("a team's store on a real server", () => {
  it("is set up by an administrator and a custodian, of whom neither needs the other's keys", async () => {
    const until = new Date(nowMs + HOUR_MS).toISOString();
    const grant = ["--day", today, "--until", until];
    const set = [
      "setup",
      "s3",
      "--apply",
      "--user-prefix",
      userPrefix,
      "--node",
      "web-17",
      "--credentials",
      "keys",
    ];
    expectDone(
      await run("administrator", [
        ...set,
        ...grant,
        "--role",
        "investigator",
        "--role",
        "custodian",
        "--role",
        "node",
      ]),
    );
    for (const machine of machines.slice(1)) await giveOwnKeys(machine);

    const identity = await runAgeKeygen();
    await writeFile(at("custodian", "person.txt"), identity, { mode: 0o600 });
    const recipient = (await runAgeKeygen(["-y"], identity)).toString().trim();
    const made = await run("custodian", [
      "init",
      "--team",
      "--recipient",
      recipient,
      "--identity",
      "person.txt",
    ]);
    expectDone(made);
    expect(await readdir(at("administrator"))).not.toContain("hostlog-keys");
  });

  it("takes a node's lines, sealed for recipients that it found published", async () => {
    const lines = Array.from({ length: LINES }, (_, number) =>
      combinedLine({ ms: nowMs - number * 1000, request: `GET /line/${number} HTTP/1.1` }),
    );
    await writeFile(at("node-web-17", "access.log"), `${lines.join("\n")}\nunreadable line\n`);
    const words = ["ingest", "--finished", "--domain", "shop.example.org", "--output", "json", "access.log"];
    const shipped = await run("node-web-17", words);
    expectDone(shipped);
    expect(JSON.parse(shipped.stdout)).toMatchObject({ stored: LINES, quarantined: { shape: 1 } });
    expect(await readdir(at("node-web-17"))).not.toContain("hostlog-keys");
    for (const root of ["raw", "quarantine"]) {
      const keys = await listKeys(await administratorsStore(root));
      expect(keys.filter((key) => key.startsWith("dt="))).not.toEqual([]);
      expect(keys.filter((key) => key.startsWith("dt=") && !key.endsWith(".parquet.age"))).toEqual([]);
    }
  });

  it("is closed to the node that wrote it, whatever it tries with all that lies on it", async () => {
    const asked = await run("node-web-17", ["query", "--from", today, "--output", "ndjson"]);
    expect([asked.status, asked.stdout]).toEqual([78, ""]);
    expect(asked.stderr).toContain("denies it");
    await rm(at("node-web-17", "access.log"));

    for (const { key, sealed } of await handedOver()) {
      expect(await openedByAnyIn(at("node-web-17"), sealed)).toEqual([]);
      // The search finds the day's key where somebody left it, in whatever form.
      const identity = await dayIdentity(key);
      for (const form of [encodeIdentity(identity), ...encodingsOf(identity)]) {
        await writeFile(at("node-web-17", "left-behind"), `something\n${form}\n`);
        expect(await openedByAnyIn(at("node-web-17"), sealed)).toEqual(["an identity"]);
      }
      await rm(at("node-web-17", "left-behind"));
    }
  });

  it("answers an investigator through the custodian, and nobody who does not reach it", async () => {
    const custodian = await startCustodian();
    const words = ["query", "--from", today, "--output", "ndjson", "--columns", "path"];
    const without = await run("investigator", words);
    expect([without.status, without.stdout]).toEqual([78, ""]);

    await writeFile(at("investigator", "hostlog.yaml"), configText("investigator", custodian.url));
    const answered = await run("investigator", words);
    expectDone(answered);
    expect(new Set(answered.stdout.trim().split("\n")).size).toBe(LINES);
    expect(custodian.said()).toMatch(/look-up [0-9a-f]{32}: query by "[^"]+", 1 object: raw /);
    expect(await custodian.end()).toBe(0);
    const gone = await run("investigator", words);
    expect([gone.status, gone.stdout]).toEqual([75, ""]);
  });
});

function configText(machine: Machine, custodianUrl?: string): string {
  const stores = ["raw", "analytics", "quarantine", "ledger", "published"].map(
    (root) => `  ${root}: s3://${test.bucket}/logs/${root}`,
  );
  const custodian =
    custodianUrl === undefined
      ? []
      : [
          "custodian:",
          `  url: ${custodianUrl}`,
          `  ca_file: ${tlsFixture("authority.pem")}`,
          `  client_certificate_file: ${tlsFixture("client.pem")}`,
          `  client_key_file: ${at("investigator", "client.key")}`,
        ];
  const own = ["node: web-17", "s3: { force_path_style: true }", `state: ${at(machine, "state")}`];
  return `${[...own, "classes: { standard: 30d }", "stores:", ...stores, ...custodian].join("\n")}\n`;
}

function run(machine: Machine, words: readonly string[]): Promise<Finished> {
  return runHostlog([...words, "--config", "hostlog.yaml"], {
    directory: at(machine),
    environment: environmentOf(machine),
  });
}

/** The administrator has the server's own keys, everybody else a file with those of one user. */
function environmentOf(machine: Machine): Record<string, string> {
  const own = { HOSTLOG_KEYS: at(machine, "hostlog-keys") };
  if (machine === "administrator") return { ...awsEnvironment(), ...own };
  const server = Object.entries(awsEnvironment()).filter(([name]) => !/_(?:ACCESS_)?KEY(?:_ID)?$/.test(name));
  const profile = {
    AWS_PROFILE: `${userPrefix}-${machine}`,
    AWS_SHARED_CREDENTIALS_FILE: at(machine, "credentials"),
  };
  return { ...Object.fromEntries(server), ...profile, ...own };
}

async function giveOwnKeys(machine: Machine): Promise<void> {
  const profile = `[${userPrefix}-${machine}]`;
  const all = await readFile(keysFile, "utf8");
  const own = all.split(/\n(?=\[)/).find((part) => part.startsWith(profile));
  if (own === undefined) throw new Error(`there are no access keys for ${machine}`);
  await writeFile(at(machine, "credentials"), own, { mode: 0o600 });
}

function expectDone({ status, stderr, stdout }: Finished): void {
  expect(status, stdout + stderr).toBe(0);
}

function administratorsStore(root: string): ReturnType<typeof openS3Store> {
  return openS3Store({ bucket: test.bucket, prefix: `logs/${root}` }, realSettings);
}

interface HandedOver {
  readonly key: DayKeyName;
  readonly sealed: Uint8Array;
}

/** An object of each sealed view, as an administrator can fetch it for whoever asks. */
async function handedOver(): Promise<readonly HandedOver[]> {
  return Promise.all(
    sealedViews.map(async (view) => {
      const store = await administratorsStore(view);
      const name = (await listKeys(store)).find((each) => each.startsWith("dt=")) ?? "";
      const key = dayKeyNameOf(view, name);
      if (key === undefined) throw new Error(`there is nothing sealed in ${view}`);
      return { key, sealed: await store.read(name) };
    }),
  );
}

/**
 * What opens it of everything in a folder's files that could be a key: whatever is written as an age identity, and
 * every word that is 32 or 16 bytes in hex or base64, as an identity and as a file key.
 */
async function openedByAnyIn(machine: string, sealed: Uint8Array): Promise<readonly string[]> {
  const identities = new Set<string>();
  const fileKeys = new Set<string>();
  for (const entry of await readdir(machine, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const text = (await readFile(join(entry.parentPath, entry.name))).toString("latin1");
    for (const [identity] of text.matchAll(/AGE-SECRET-KEY-[0-9A-Z-]+/g)) identities.add(identity);
    for (const [word] of text.matchAll(/[A-Za-z0-9+/_-]{22,}={0,2}/g)) {
      for (const bytes of [Buffer.from(word, "hex"), Buffer.from(word, "base64")]) {
        if (bytes.length === 32) identities.add(encodeIdentity(bytes));
        if (bytes.length === 16) fileKeys.add(bytes.toString("hex"));
      }
    }
  }
  const opened = [...fileKeys].filter((key) => opensWithFileKey(sealed, Buffer.from(key, "hex")));
  return [
    ...((await opensWithAge([...identities], sealed)) ? ["an identity"] : []),
    ...opened.map(() => "a file key"),
  ];
}

function encodingsOf(identity: Uint8Array): readonly string[] {
  const bytes = Buffer.from(identity);
  return [bytes.toString("hex"), bytes.toString("base64")];
}

async function opensWithAge(identities: readonly string[], sealed: Uint8Array): Promise<boolean> {
  if (identities.length === 0) return false;
  const file = join(folder, "identities.txt");
  await writeFile(file, `${identities.join("\n")}\n`, { mode: 0o600 });
  return runAge(["-d", "-i", file], sealed).then(
    () => true,
    () => false,
  );
}

function opensWithFileKey(sealed: Uint8Array, fileKey: Uint8Array): boolean {
  try {
    openBytes(sealed, fileKey);
    return true;
  } catch {
    return false;
  }
}

/** By the stock tool first, as a person would, who then has what the custodian's machine unlocks with. */
async function dayIdentity(key: DayKeyName): Promise<Uint8Array> {
  const [storeId = ""] = await readdir(at("custodian", "hostlog-keys"));
  const keyring = at("custodian", join("hostlog-keys", storeId));
  const opened = await runAge(["-d", "-i", at("custodian", "person.txt"), join(keyring, "custodian.age")]);
  const unlocked = await (await openKeyring(keyring))?.unlock({
    identities: [opened.toString()],
    passphrase: undefined,
  });
  const answer = await unlocked?.identityOf(key);
  if (answer?.kind !== "identity") throw new Error(`the custodian has no key: ${answer?.kind}`);
  return answer.identity;
}

interface RunningCustodian {
  readonly url: string;
  said(): string;
  end(): Promise<number | null>;
}

async function startCustodian(): Promise<RunningCustodian> {
  // Copies that only their owner may use, which git does not keep.
  for (const [machine, name] of [
    ["custodian", "server.key"],
    ["investigator", "client.key"],
  ] as const) {
    await copyFile(tlsFixture(name), at(machine, name));
    await chmod(at(machine, name), 0o600);
  }
  const tls = ["--certificate-file", tlsFixture("server.pem"), "--key-file", "server.key"];
  const words = ["--listen", "https://127.0.0.1:0", ...tls, "--client-ca-file", tlsFixture("authority.pem")];
  const child = spawn(
    process.execPath,
    [program, "custodian", "--config", "hostlog.yaml", ...words, "--identity", "person.txt"],
    { cwd: at("custodian"), env: programEnvironment(at("custodian"), environmentOf("custodian")) },
  );
  const closed = new Promise<number | null>((resolve) => child.on("close", resolve));
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await closed;
  });
  let said = "";
  const url = await new Promise<string>((resolve, reject) => {
    child.stderr.on("data", (chunk: Buffer) => {
      said += chunk.toString();
      const place = / at (https:\/\/\S+)/.exec(said)?.[1];
      if (place !== undefined) resolve(place);
    });
    void closed.then(() => reject(new Error(`the custodian ended: ${said}`)));
  });
  return {
    url,
    said: () => said,
    end: () => {
      child.kill("SIGTERM");
      return closed;
    },
  };
}

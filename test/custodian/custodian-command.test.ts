import { chmod, copyFile, mkdir, open, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import type { CustodianSettings } from "../../config/config.ts";
import { createOpenContext } from "../../src/commands/context.ts";
import { custodianCommand } from "../../src/commands/custodian.ts";
import { openCustodian } from "../../src/commands/open-custodian.ts";
import { connectCustodian } from "../../src/custodian/io/remote-custodian.ts";
import { dayOfMs } from "../../src/day.ts";
import { exitCode } from "../../src/exit-code.ts";
import { createKeyring } from "../../src/keyring/io/create-keyring.ts";
import type { CustodianWish, Keyring } from "../../src/keyring/keyring.ts";
import { sealHeader } from "../../src/seal/age-header.ts";
import { decodeRecipient, encodeIdentity, encodeRecipient } from "../../src/seal/age-text.ts";
import { generateIdentity } from "../../src/seal/x25519.ts";
import { openStore } from "../../src/store/open-store.ts";
import { ensureStoreIdentity } from "../../src/store-identity.ts";
import { createCommandWorld, runCommand } from "../support/command-world.ts";
import { runHostlog } from "../support/run-hostlog.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { tlsFixture } from "../support/tls-fixture.ts";
import { objectKeyOf, requestOf } from "./support/custodian-world.ts";
import { runCustodian } from "./support/run-custodian.ts";

const today = dayOfMs(Date.now());

interface Place {
  readonly folder: string;
  readonly keyring: Keyring;
  readonly args: readonly string[];
  readonly socket: string;
  readonly settings: CustodianSettings;
}

/** A sealed store and its keyring, with a key for raw of today. */
async function createPlace(custodian: CustodianWish = { kind: "small" }): Promise<Place> {
  const folder = await temporaryFolder();
  const store = join(folder, "store");
  await mkdir(store);
  const published = await openStore(`file://${store}/published`, {
    endpoint: undefined,
    region: undefined,
    forcePathStyle: false,
  });
  const at = new Date().toISOString();
  const identity = await ensureStoreIdentity(published, { at, isDrill: false, seal: "age" });
  await mkdir(join(folder, "keys"), { mode: 0o700 });
  const keyring = await createKeyring(join(folder, "keys", identity.id), {
    storeId: identity.id,
    at,
    custodian,
  });
  const raw = { view: "raw", retentionClass: "standard", firstDay: today, lastDay: today } as const;
  await keyring.ensure([raw], at);
  await mkdir(join(folder, "run"), { mode: 0o750 });
  const socket = join(folder, "run", "c.sock");
  // A term of a day: its keys are made in no time.
  const config = join(folder, "hostlog.yaml");
  await writeFile(config, `store: file://${store}\nclasses:\n  standard: 1d\nquarantine:\n  term: 1d\n`);
  const settings = { url: `unix:${socket}`, authorityFile: undefined, clientCertificate: undefined };
  return { folder, keyring, socket, settings, args: ["--config", config, "--listen", `unix:${socket}`] };
}

/** Asks for an object of today; what came of it. */
async function ask({ keyring, settings }: Place): Promise<string> {
  const custodian = await connectCustodian(settings, keyring.storeId);
  onTestFinished(() => custodian.close());
  const entry = (await keyring.entries()).find(({ view, day }) => view === "raw" && day === today);
  const recipient = decodeRecipient(entry?.recipient ?? "") ?? new Uint8Array();
  const header = sealHeader(new Uint8Array(16).fill(7), [recipient]);
  const key = objectKeyOf({ day: today, retentionClass: "standard" });
  const [answer] = await custodian.openHeaders(requestOf({ view: "raw", key, header }));
  return answer?.kind === "opened" ? Buffer.from(answer.fileKey).toString("hex") : String(answer?.kind);
}

describe("hostlog custodian", () => {
  it("unlocks a team's keyring once, serves, makes and publishes keys, and ends in good order", async () => {
    const { identity, recipient } = generateIdentity();
    const place = await createPlace({ kind: "team", recipients: [encodeRecipient(recipient)] });
    const { folder, keyring, args, socket } = place;
    const identityFile = join(folder, "person.txt");
    await writeFile(identityFile, `# a person's\n${encodeIdentity(identity)}\n`, { mode: 0o600 });
    const running = await runCustodian(folder, [...args, "--identity", identityFile]);
    expect(await ask(place)).toBe("07".repeat(16));
    await running.untilSaid(
      /T[0-9:.]+Z custodian: look-up [0-9a-f]{32}: query by a user of the socket, 1 object: raw /,
    );
    expect((await stat(socket)).mode & 0o777).toBe(0o660);
    // What it does beside goes on until its end, which waits for it.
    expect(await running.endBy("SIGTERM")).toBe(0);
    expect(await readdir(join(folder, "run"))).toEqual([]);
    expect(await readdir(join(folder, "store", "published", "recipients"))).toHaveLength(1);
    expect((await keyring.entries()).length).toBeGreaterThan(400);
    expect(running.errors()).not.toContain("AGE-SECRET-KEY");
    expect(running.errors()).not.toContain("WARNING");
  });

  it("goes on serving when keys cannot be published, and says so loudly", async () => {
    const place = await createPlace();
    await writeFile(join(place.folder, "store", "published", "recipients"), "in the way");
    const running = await runCustodian(place.folder, place.args);
    await running.untilSaid(/WARNING: keys for the days to come were not made or not published: /);
    expect(await ask(place)).toBe("07".repeat(16));
  });

  it("replaces the socket of one that was killed, and leaves that of one that lives", async () => {
    const place = await createPlace();
    const killed = await runCustodian(place.folder, place.args);
    expect(await killed.endBy("SIGKILL")).toBe("SIGKILL");
    expect(await readdir(join(place.folder, "run"))).toContain("c.sock");
    await runCustodian(place.folder, place.args);
    const second = await runHostlog(["custodian", ...place.args], {
      directory: place.folder,
      environment: { HOSTLOG_KEYS: join(place.folder, "keys") },
    });
    expect([second.status, second.stderr]).toEqual([
      exitCode.tryAgain,
      expect.stringMatching(/c\.sock\.lock is held by process \d+ \(the custodian at /),
    ]);
    expect(await ask(place)).toBe("07".repeat(16));
  });

  it("serves over mutual TLS with the files that its options name", async () => {
    const place = await createPlace();
    const own = async (name: string): Promise<string> => {
      const file = join(place.folder, name);
      await copyFile(tlsFixture(name), file);
      await chmod(file, 0o600);
      return file;
    };
    const certificates = [
      "--certificate-file",
      tlsFixture("server.pem"),
      "--key-file",
      await own("server.key"),
    ];
    const authorityFile = tlsFixture("authority.pem");
    const listen = ["--listen", "https://127.0.0.1:0", "--client-ca-file", authorityFile, ...certificates];
    const running = await runCustodian(place.folder, [...place.args.slice(0, 2), ...listen]);
    const [url = ""] = /https:\/\/127\.0\.0\.1:\d+/.exec(running.errors()) ?? [];
    const clientCertificate = { certificateFile: tlsFixture("client.pem"), keyFile: await own("client.key") };
    expect(await ask({ ...place, settings: { url, authorityFile, clientCertificate } })).toBe(
      "07".repeat(16),
    );
    await running.untilSaid(/: query by "web-17\.example\.org", 1 object: raw /);
    expect(await running.endBy("SIGTERM")).toBe(0);
  });

  it("opens nothing when its log is full", async () => {
    const place = await createPlace();
    const full = await open("/dev/full", "w");
    onTestFinished(() => full.close());
    const running = await runCustodian(place.folder, place.args, full.fd);
    const said = await untilAsked(place);
    expect(said).toMatch(/cannot write its log, and opens nothing/);
    expect(await running.endBy("SIGTERM")).toBe(0);
  });

  it("serves the only keyring here while the store cannot be read", async () => {
    const place = await createPlace();
    await writeFile(join(place.folder, "hostlog.yaml"), "store: s3://logs-example/hostlog\n");
    const running = await runCustodian(place.folder, place.args);
    expect(running.errors()).toMatch(
      /the store does not say which it is, so the only keyring here is taken: /,
    );
    expect(await ask(place)).toBe("07".repeat(16));
    await running.untilSaid(/WARNING: keys for the days to come/);
  });
});

/** What the custodian says when it is first there to be asked. */
async function untilAsked(place: Place): Promise<string> {
  for (;;) {
    const said = await ask(place).catch((error: unknown) => (error instanceof Error ? error.message : ""));
    if (!said.includes("does not answer")) return said;
    await delay(50);
  }
}

describe("the words of hostlog custodian", () => {
  it.each([
    ["a place that is none", ["--listen", "tcp:7"], exitCode.usage, /--listen tcp:7 is no place/],
    [
      "https alone",
      ["--listen", "https://127.0.0.1:0"],
      exitCode.usage,
      /give --certificate-file, --key-file/,
    ],
    ["a certificate for a socket", ["--key-file", "x"], exitCode.usage, /a unix socket has no certificates/],
    ["no store", ["--store", "nowhere"], exitCode.config, /nothing was ever put into the store/],
  ])("refuse %s", async (_, words, code, message) => {
    const world = await createCommandWorld();
    onTestFinished(world.end);
    const command = custodianCommand(createOpenContext(world.surroundings));
    await expect(runCommand(command, ...words)).rejects.toMatchObject({
      exitCode: code,
      message: expect.stringMatching(message),
    });
  });

  it("ask for the secret of a team's keyring where no terminal is", async () => {
    const { recipient } = generateIdentity();
    const { folder, args } = await createPlace({ kind: "team", recipients: [encodeRecipient(recipient)] });
    const { status, stderr } = await runHostlog(["custodian", ...args], {
      directory: folder,
      environment: { HOSTLOG_KEYS: join(folder, "keys") },
    });
    expect([status, stderr]).toEqual([
      exitCode.usage,
      expect.stringMatching(/is a team's.*--identity FILE or --passphrase-file FILE/),
    ]);
  });
});

describe("the custodian of a look-up", () => {
  async function opening({ folder }: Place, config = ""): Promise<Awaited<ReturnType<typeof openCustodian>>> {
    const path = join(folder, "hostlog.yaml");
    await writeFile(path, (await readFile(path, "utf8")) + config);
    const world = await createCommandWorld({ environment: { HOSTLOG_KEYS: join(folder, "keys") } });
    onTestFinished(world.end);
    const custodian = await openCustodian(await createOpenContext(world.surroundings)({ config: path }));
    onTestFinished(() => custodian.close());
    return custodian;
  }

  it("is the small keyring of this machine", async () => {
    const place = await createPlace();
    expect((await opening(place)).name).toBe(`the keyring in ${place.keyring.folder}`);
  });

  it("is the one that the config names, before any keyring here", async () => {
    const place = await createPlace();
    const custodian = await opening(place, `custodian:\n  url: ${place.settings.url}\n`);
    expect(custodian.name).toBe(place.settings.url);
  });

  it("is not a team's keyring, which only hostlog custodian unlocks", async () => {
    const { recipient } = generateIdentity();
    const place = await createPlace({ kind: "team", recipients: [encodeRecipient(recipient)] });
    await expect(opening(place)).rejects.toMatchObject({
      exitCode: exitCode.config,
      message: expect.stringMatching(
        /start "hostlog custodian" there, and name it in the config \(custodian\.url\)/,
      ),
    });
  });

  it("is missed with what to do, where there is neither", async () => {
    const place = await createPlace();
    await expect(opening({ ...place, folder: await withoutKeys(place) })).rejects.toMatchObject({
      exitCode: exitCode.config,
      message: expect.stringMatching(/its keyring is not in .*custodian\.url.*HOSTLOG_KEYS or keys\.folder/),
    });
  });

  /** Another machine, with the same store. */
  async function withoutKeys({ folder }: Place): Promise<string> {
    const other = await temporaryFolder();
    await writeFile(join(other, "hostlog.yaml"), await readFile(join(folder, "hostlog.yaml")));
    return other;
  }
});

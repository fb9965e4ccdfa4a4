import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { exitCode } from "../../src/exit-code.ts";
import { openKeyring } from "../../src/keyring/io/open-keyring.ts";
import { readChain } from "../../src/ledger/chain.ts";
import type { BatchRecord } from "../../src/ledger/record.ts";
import { encodeIdentity } from "../../src/seal/age-text.ts";
import { dayKeyNameOf, type SealedView } from "../../src/seal/day-key-name.ts";
import { sha256Hex } from "../../src/sha256.ts";
import { views } from "../../src/view.ts";
import { day, raw } from "../keyring/support/keyring-world.ts";
import { startS3Server } from "../support/s3-server.ts";
import { describeWithStockAge, runAge } from "../support/stock-age.ts";
import { startWarmHostlog, type WarmHostlog } from "../support/warm-hostlog.ts";
import { makeSealedWorld, now, openSealedWorld, type SealedWorld } from "./support/sealed-world.ts";

const AGE_START = "age-encryption.org/v1\n";

let hostlog: WarmHostlog;
let world: SealedWorld;
/** A folder like a world's, with its keys and a batch: making keys each time takes long. */
let used: string;

beforeAll(async () => {
  hostlog = startWarmHostlog();
  used = await mkdtemp(join(tmpdir(), "hostlog-sealed-"));
  world = await makeSealedWorld(hostlog, used);
  await ingestWell("one.log");
  return async () => {
    await hostlog.end();
    await rm(used, { recursive: true });
  };
}, 60_000);

async function openUsedWorld(): Promise<void> {
  world = await openSealedWorld(hostlog, used);
}

async function ingestWell(name: string, ...options: readonly string[]): Promise<string> {
  const { status, stdout, stderr } = await world.run("ingest", ...options, await world.writeLog(name));
  expect(status, stderr).toBe(0);
  return stdout + stderr;
}

async function batchRecords(): Promise<readonly BatchRecord[]> {
  const records: BatchRecord[] = [];
  for await (const { record } of readChain(world.root("ledger"), "web01")) {
    if (record.body.kind === "batch") records.push(record.body);
  }
  return records;
}

/** Where a machine without keys ends when it must not read: its log is there, and nothing was made of it. */
async function expectNothingTaken(at: string, status: number, ...words: readonly string[]): Promise<void> {
  const before = (await batchRecords()).length;
  const log = await world.writeLog("refused.log");
  const finished = await world.runElsewhere(at, "ingest", log);
  expect(finished.status, finished.stderr).toBe(status);
  for (const word of words) expect(finished.stderr).toContain(word);
  expect(finished.stderr).toContain("No line was taken; the logs stay where they are");
  expect(await batchRecords()).toHaveLength(before);
  const left = await readdir(join(world.folder, "elsewhere"), { recursive: true }).catch(() => []);
  expect(left.filter((name) => /^spool\/[^/]+\/web01\//.test(name))).toEqual([]);
}

describe("ingest into a new folder store", () => {
  beforeEach(async () => {
    world = await openSealedWorld(hostlog);
  });

  it("makes its keys, says in two lines where they are, and says no more about it", async () => {
    const said = await ingestWell("one.log");
    const [storeId = ""] = await readdir(world.keys);
    const notes = said.split("\n").filter((line) => line.startsWith("note: "));
    expect(notes).toEqual([
      `note: raw and quarantine are sealed from now on; the keys are in ${join(world.keys, storeId)}`,
      expect.stringContaining("without it nobody can: keep a copy elsewhere"),
    ]);
    expect(await ingestWell("two.log")).not.toMatch(/key|note/);
    expect(await batchRecords()).toHaveLength(2);
  });

  it("seals raw and quarantine, leaves analytics plain, and records what lies there", async () => {
    await ingestWell("one.log");
    const [record] = await batchRecords();
    const recorded = new Map(record?.objects.map((object) => [`${object.view}/${object.key}`, object]));
    let objects = 0;
    for (const view of views) {
      for (const [key, bytes] of await world.read(view)) {
        objects++;
        const isSealed = view !== "analytics";
        expect(key.endsWith(isSealed ? ".parquet.age" : ".parquet")).toBe(true);
        const start = bytes.subarray(0, isSealed ? AGE_START.length : 4).toString();
        expect(start).toBe(isSealed ? AGE_START : "PAR1");
        expect(recorded.get(`${view}/${key}`)).toMatchObject({
          sizeBytes: bytes.length,
          sha256: sha256Hex(bytes),
        });
      }
    }
    // Two days of raw and of analytics, and one of quarantine.
    expect([objects, recorded.size]).toEqual([5, 5]);
  });

  it("makes no keys of its own where the config says who has them", async () => {
    await world.setConfig({ custodian: "{ url: https://keys.example.org }" });
    const { status, stderr } = await world.run("ingest", await world.writeLog("one.log"));
    expect(status, stderr).toBe(exitCode.tryAgain);
    expect(stderr).toContain("hostlog init --team");
    await expect(readdir(world.keys)).rejects.toMatchObject({ code: "ENOENT" });
  });

  it("makes no keys in the place of those that were lost", async () => {
    await openUsedWorld();
    await rm(join(world.store, "published", "recipients"), { recursive: true });
    await expectNothingTaken(now, exitCode.tryAgain, "has no recipients to seal for");
  });
});

describe("how a store is kept", () => {
  beforeEach(async () => {
    world = await openSealedWorld(hostlog);
  });

  it("is said when it is made, and then neither option nor config can say otherwise", async () => {
    const said = await ingestWell("one.log", "--seal", "none");
    expect(said).not.toMatch(/seal|key/);
    for (const bytes of (await world.read("raw")).values()) {
      expect(bytes.subarray(0, 4).toString()).toBe("PAR1");
    }
    await expect(readdir(world.keys)).rejects.toMatchObject({ code: "ENOENT" });
    const log = await world.writeLog("two.log");
    const asked = await world.run("ingest", "--seal", "age", log);
    expect(asked).toMatchObject({ status: exitCode.config, stderr: expect.stringContaining("seal: none") });
    await world.setConfig({ seal: "age" });
    expect(await world.run("ingest", log)).toMatchObject({ status: exitCode.config });
    await world.setConfig({ seal: "none" });
    expect(await world.run("ingest", log)).toMatchObject({ status: 0 });
  });

  it("is not chosen by who may only have come first to a store elsewhere", async () => {
    const server = await startS3Server();
    onTestFinished(() => server.close());
    await world.setConfig({
      store: "s3://bucket/logs",
      s3: `{ endpoint: "${server.endpoint}", region: us-east-1, force_path_style: true }`,
      state: join(world.folder, "state"),
    });
    const environment = { AWS_ACCESS_KEY_ID: "AKIDEXAMPLE", AWS_SECRET_ACCESS_KEY: "secret" };
    const args = ["ingest", "--config", "here.yaml", "--now", now, await world.writeLog("one.log")];
    const refused = await hostlog.run(args, { directory: world.folder, environment });
    expect(refused.status, refused.stderr).toBe(exitCode.tryAgain);
    expect(refused.stderr).toContain('run "hostlog init --team"');
    expect([...server.objects.keys()]).toEqual([]);
    const plain = await hostlog.run([...args, "--seal", "none"], { directory: world.folder, environment });
    expect(plain.status, plain.stderr).toBe(0);
  });
});

describe("a machine without keys", () => {
  beforeEach(openUsedWorld);

  it("seals for what is published, and says once whom it trusts", async () => {
    const log = await world.writeLog("two.log");
    const first = await world.runElsewhere(now, "ingest", log);
    expect(first.status, first.stderr).toBe(0);
    expect(first.stderr).toMatch(/^note: this machine trusts the provider's key ed25519:\S+ from now on/m);
    const second = await world.runElsewhere(now, "ingest", await world.writeLog("three.log"));
    expect(second).toMatchObject({ status: 0, stderr: expect.not.stringContaining("note:") });
    for (const bytes of (await world.read("raw")).values()) {
      expect(bytes.subarray(0, AGE_START.length).toString()).toBe(AGE_START);
    }
    await expect(readdir(join(world.folder, "nobody's"))).rejects.toMatchObject({ code: "ENOENT" });
  });

  it("reads nothing when a recipient was exchanged", async () => {
    const published = world.root("published");
    const [key = ""] = await readdir(join(world.store, "published", "recipients"));
    const text = Buffer.from(await published.read(`recipients/${key}`)).toString();
    const other = text.replace(/age1[a-z0-9]{58}/, (text.match(/age1[a-z0-9]{58}/g) ?? []).at(-1) ?? "");
    expect(other).not.toBe(text);
    await published.remove([`recipients/${key}`]);
    await published.create(`recipients/${key}`, Buffer.from(other));
    await expectNothingTaken(now, exitCode.integrity, "forged or damaged");
  });

  it("reads nothing for a class that the keyring does not know, and names it", async () => {
    await world.setConfig({ classes: "{ standard: 30d, shop: 20d }" });
    await expectNothingTaken(now, exitCode.tryAgain, "the class shop of raw", "hostlog keys ensure");
  });

  it("reads nothing when a term became longer than there are keys, and names the first day", async () => {
    await world.setConfig({ classes: "{ standard: 40d }" });
    await expectNothingTaken(now, exitCode.tryAgain, "no key is published for raw/2025-12-26/standard");
  });

  it("warns from 59 days before the last key on, and reads nothing without one for the next day", async () => {
    // Published up to 400 days ahead: 11 March 2027.
    const at = async (date: string): Promise<string> =>
      (await world.runElsewhere(`${date}T12:00:00Z`, "ingest", await world.writeLog(date))).stderr;
    expect(await at("2027-01-10")).not.toContain("keys are published");
    expect(await at("2027-01-11")).toContain("warning: keys are published up to 2027-03-11, in 59 days");
    expect(await at("2027-03-10")).toContain("up to 2027-03-11, in 1 day, and");
    await expectNothingTaken("2027-03-11T12:00:00Z", exitCode.tryAgain, "raw/2027-03-12/standard");
  });
});

describe("a small keyring on this machine", () => {
  beforeEach(openUsedWorld);

  it("gets the keys of a class that is new, and publishes them", async () => {
    await world.setConfig({ classes: "{ standard: 30d, shop: 20d }", domains: "{ shop.example.org: shop }" });
    expect(await ingestWell("two.log", "--domain", "shop.example.org")).not.toContain("note:");
    const names = [...(await world.read("raw")).keys()].filter((key) => key.includes("_shop_"));
    expect(names).toHaveLength(2);
    expect(await readdir(join(world.store, "published", "recipients"))).toHaveLength(2);
  });

  it("publishes what it destroyed and nobody was told of", async () => {
    const [storeId = ""] = await readdir(world.keys);
    const keyring = await openKeyring(join(world.keys, storeId));
    await keyring?.destroy([raw("2026-02-02")], now);
    expect(await ingestWell("two.log")).toContain("days whose keys were destroyed (2)");
  });
});

describe("a day whose key was destroyed", () => {
  beforeEach(openUsedWorld);

  it("takes no line any more, on any machine: they are refused, counted and recorded", async () => {
    await world.withKeys(({ keyring }) => keyring.destroy([raw("2026-02-02")], now));
    const late = await world.runElsewhere(now, "ingest", await world.writeLog("late.log"));
    expect(late.status, late.stderr).toBe(0);
    expect(late.stdout).toContain("stored       2 lines");
    expect(late.stdout).toContain(
      "refused      2 lines past their term, or of days whose keys were destroyed (2)",
    );
    const days = [...(await world.read("raw")).keys()].map((key) => key.slice(0, 13));
    expect(days.sort()).toEqual(["dt=2026-02-02", "dt=2026-02-04", "dt=2026-02-04"]);
    const analytics = [...(await world.read("analytics")).keys()].map((key) => key.slice(0, 13));
    expect(analytics.sort()).toEqual(["dt=2026-02-02", "dt=2026-02-04", "dt=2026-02-04"]);
    expect((await batchRecords()).at(-1)?.counts).toMatchObject({
      lines: 5,
      stored: 2,
      quarantined: 1,
      refused: 2,
    });
    const again = await world.runElsewhere(now, "ingest", join(world.folder, "late.log"));
    expect(again.stdout).toContain("read         0 lines");
  });

  it("takes no line that nobody could read either, when it is quarantine's", async () => {
    await world.withKeys(({ keyring }) =>
      keyring.destroy([{ view: "quarantine", day: day("2026-02-04"), retentionClass: "standard" }], now),
    );
    const late = await world.runElsewhere(now, "ingest", await world.writeLog("late.log"));
    expect(late.stdout).toContain("stored       4 lines");
    expect(late.stdout).toContain("quarantined  0 lines");
    expect((await batchRecords()).at(-1)?.counts).toMatchObject({ stored: 4, quarantined: 0, refused: 1 });
  });

  it("drops what was spooled for it and not yet sent, and reads those lines anew", async () => {
    const place = join(world.store, "raw", "dt=2026-02-04");
    await rename(place, `${place}-aside`);
    // No object of that day can be put there.
    await writeFile(place, "in the way");
    const stuck = await world.run("ingest", await world.writeLog("stuck.log"));
    expect(stuck.status).not.toBe(0);
    await rm(place);
    await rename(`${place}-aside`, place);
    expect(await batchRecords()).toHaveLength(1);

    await world.withKeys(({ keyring }) => keyring.destroy([raw("2026-02-02")], now));
    const said = await world.run("ingest", join(world.folder, "stuck.log"));
    expect(said.status, said.stderr).toBe(0);
    expect(said.stdout).not.toContain("resumed");
    expect((await batchRecords()).at(-1)?.counts).toMatchObject({ lines: 5, stored: 2, refused: 2 });
    const raws = [...(await world.read("raw")).keys()].filter((key) => key.startsWith("dt=2026-02-02/"));
    expect(raws).toHaveLength(1);
    const verified = await world.run("verify", "--read", "--output", "json");
    expect(verified.status, verified.stderr).toBe(0);
  });
});

describeWithStockAge("the stock age tool", () => {
  beforeEach(openUsedWorld);

  it("opens each sealed object with the key of its day, and finds Parquet", async () => {
    const identities = join(world.folder, "identities");
    await mkdir(identities, { mode: 0o700 });
    await world.withKeys(async (unlocked) => {
      for (const view of ["raw", "quarantine"] satisfies SealedView[]) {
        for (const [key, bytes] of await world.read(view)) {
          const name = dayKeyNameOf(view, key);
          const found = name === undefined ? undefined : await unlocked.identityOf(name);
          if (found?.kind !== "identity") throw new Error(`no key for ${view}/${key}`);
          const file = join(identities, "identity");
          await writeFile(file, `${encodeIdentity(found.identity)}\n`, { mode: 0o600 });
          const plain = await runAge(["-d", "-i", file], bytes);
          expect([plain.subarray(0, 4).toString(), plain.subarray(-4).toString()]).toEqual(["PAR1", "PAR1"]);
        }
      }
    });
  });
});

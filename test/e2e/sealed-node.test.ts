import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import type { SealMode } from "../../src/seal/seal-mode.ts";
import { type Canaries, findCanaries, findCanariesBelow } from "../support/find-canaries.ts";
import { combinedLine } from "../support/log-lines.ts";
import { nodeMay, storesOfNodeMay } from "../support/node-may.ts";
import { type Finished, programEnvironment, runHostlog } from "../support/run-hostlog.ts";
import { type S3Server, startS3Server } from "../support/s3-server.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { openUnsealer } from "../support/unseal-objects.ts";

const program = fileURLToPath(new URL("../../dist/src/main.js", import.meta.url));
const credentials = { AWS_ACCESS_KEY_ID: "AKIDEXAMPLE", AWS_SECRET_ACCESS_KEY: "secret" };
const nowMs = Date.parse("2026-03-01T12:00:00Z");
const drill = ["--now", new Date(nowMs).toISOString()];
const BATCH_ROWS = 200;
const LINES = 3 * BATCH_ROWS;
/** Every so many lines one cannot be read. */
const BAD_EVERY = 40;

const secret = (name: string): string => `${name}${randomBytes(9).toString("hex")}zq`;

/** What only raw and quarantine may hold. */
const canaries: Canaries = {
  user: secret("user"),
  query: secret("query"),
  referrer: secret("refpath"),
  agent: secret("agent"),
  unreadable: secret("junk"),
  addressV4: "203.0.113.177",
  addressV6: "2001:db8:77:1234:5678:9abc:def0:4321",
};
/** And what analytics may hold beside them, but nothing else. */
const pathCanary: Canaries = { path: secret("page") };

function logText(): string {
  const lines = Array.from({ length: LINES }, (_, number) => {
    if (number % BAD_EVERY === 1) return `${number} ${canaries["unreadable"]} ${canaries["addressV4"]}`;
    return combinedLine({
      ms: nowMs - 3_600_000 - number * 1000,
      client: canaries[number % 2 === 0 ? "addressV4" : "addressV6"] ?? "",
      user: canaries["user"] ?? "",
      request: `GET /${pathCanary["path"]}/${number}?token=${canaries["query"]} HTTP/1.1`,
      referrer: `https://www.example.net/${canaries["referrer"]}`,
      agent: `${canaries["agent"]}/1.0`,
    });
  });
  return `${lines.join("\n")}\n`;
}

interface World {
  readonly server: S3Server;
  /** All that the node has but its log: its state, its home, its folder for temporary files, its cores. */
  readonly node: string;
  /** What whoever holds the keys has, on another machine. */
  readonly custodian: string;
  /** Everything that the program has said on the node. */
  readonly said: string[];
  /** An ingest with the node's rights that dies by the signal when it asks for so many puts, if it comes to that. */
  ship(end?: Death): Promise<Finished>;
}

async function openWorld(seal: SealMode): Promise<World> {
  const server = await startS3Server();
  onTestFinished(() => server.close());
  const folder = await temporaryFolder();
  const [node, custodian] = [join(folder, "node"), join(folder, "custodian")];
  for (const each of [node, custodian, join(node, "home"), join(node, "tmp")]) await mkdir(each);
  const settings = [
    "node: web01",
    `ingest: { batch_rows: ${BATCH_ROWS} }`,
    ...storesOfNodeMay(server.endpoint),
  ];
  for (const machine of [node, custodian]) {
    const own = [`state: ${join(machine, "state")}`, ...settings];
    await writeFile(join(machine, "hostlog.yaml"), `${own.join("\n")}\n`);
  }
  const log = join(folder, "access.log");
  await writeFile(log, logText());
  const set = await runHostlog(
    ["init", ...(seal === "none" ? ["--seal", "none"] : ["--small"]), ...drill, "--config", "hostlog.yaml"],
    { directory: custodian, environment: credentials },
  );
  expect(set.status, set.stderr).toBe(0);
  const said: string[] = [];
  return {
    server,
    node,
    custodian,
    said,
    async ship(end) {
      const words = ["ingest", "--config", "hostlog.yaml", ...drill, "--domain", "shop.example.org", log];
      // As a shell does where cores are wanted.
      const shell = ["-c", 'ulimit -c unlimited; exec "$@"', "sh", process.execPath, program, ...words];
      const own = { HOME: join(node, "home"), TMPDIR: join(node, "tmp") };
      const child = spawn("sh", shell, {
        cwd: node,
        env: programEnvironment(node, { ...credentials, ...own }),
      });
      let puts = 0;
      server.may = (operation, name, query) => {
        if (operation === "PutObject" && ++puts === end?.put) child.kill(end.signal);
        return nodeMay(operation, name, query);
      };
      const output = { stdout: "", stderr: "" };
      child.stdout.on("data", (chunk: Buffer) => {
        output.stdout += chunk.toString();
      });
      child.stderr.on("data", (chunk: Buffer) => {
        output.stderr += chunk.toString();
      });
      const [status, signal] = (await once(child, "close")) as [number | null, NodeJS.Signals | null];
      said.push(output.stdout, output.stderr);
      return { status, signal, ...output };
    },
  };
}

/** What is found on the node beside its log, and in what it said. */
async function onNode({ node, said }: World): Promise<readonly string[]> {
  const all = { ...canaries, ...pathCanary };
  const found = await findCanariesBelow(node, canaries);
  // An object of analytics waits in the spool as raw's do.
  const paths = (await findCanariesBelow(node, pathCanary)).filter((place) => !place.includes("/spool/"));
  return [...found, ...paths, ...findCanaries("what it said", Buffer.from(said.join("\n")), all)];
}

/** What is found in the store, by the root in which it lies. */
function inStore({ server }: World): readonly string[] {
  const all = { ...canaries, ...pathCanary };
  return [...server.objects].flatMap(([name, bytes]) => {
    const wanted = name.startsWith("bucket-analytics/") ? canaries : all;
    return [
      ...findCanaries(`the name ${name}`, Buffer.from(name), all),
      ...findCanaries(name, bytes, wanted),
    ];
  });
}

interface Death {
  readonly put: number;
  readonly signal: NodeJS.Signals;
}

/** Before anything is committed, between batches, and with a batch half sent. */
const deaths: readonly Death[] = [
  { put: 2, signal: "SIGKILL" },
  { put: 6, signal: "SIGABRT" },
  { put: 9, signal: "SIGKILL" },
];

/** Ships and dies so, meets a store that refuses, and ends well. Returns all that was found on the way. */
async function workADay(world: World, ends: readonly Death[]): Promise<readonly string[]> {
  const found: string[] = [];
  for (const end of ends) {
    expect(await world.ship(end)).toMatchObject({ signal: end.signal });
    found.push(...(await onNode(world)));
  }

  const refusing = world.ship();
  world.server.may = (operation, name, query) =>
    nodeMay(operation, name, query) && !(operation === "PutObject" && name.startsWith("bucket-raw/"));
  expect((await refusing).status).not.toBe(0);
  found.push(...(await onNode(world)));
  const last = await world.ship();
  expect(last.status, last.stderr).toBe(0);
  return [...found, ...(await onNode(world))];
}

describe("a node after a day of shipping", () => {
  it("holds nothing of a shipped line, and nobody but the keys' holder opens what it stored", async () => {
    const world = await openWorld("age");
    expect(await workADay(world, deaths)).toEqual([]);
    expect(inStore(world)).toEqual([]);

    const unsealer = await openUnsealer(join(world.custodian, "keys"));
    onTestFinished(() => unsealer.close());
    const opened: string[] = [];
    for (const view of ["raw", "quarantine"] as const) {
      const place = `bucket-${view}/logs/`;
      const sealed = [...world.server.objects].filter(([name]) => name.startsWith(place));
      expect(sealed.length).toBeGreaterThan(0);
      for (const [name, bytes] of sealed) {
        expect(name).toMatch(/\.parquet\.age$/);
        expect(bytes.subarray(0, 22).toString()).toBe("age-encryption.org/v1\n");
        const plain = await unsealer.open(view, name.slice(place.length), bytes);
        opened.push(...findCanaries(view, Buffer.from(plain), { ...canaries, ...pathCanary }));
      }
    }
    expect(new Set(opened)).toEqual(
      new Set([
        ...["user", "query", "referrer", "agent", "addressV4", "addressV6", "path"].map(
          (name) => `raw: ${name}`,
        ),
        ...["unreadable", "addressV4"].map((name) => `quarantine: ${name}`),
      ]),
    );
    const asked = [
      "query",
      "--config",
      "hostlog.yaml",
      ...drill,
      "--from",
      "2026-03-01",
      "--columns",
      "path",
    ];
    world.server.may = () => true;
    const answer = await runHostlog(asked, { directory: world.custodian, environment: credentials });
    expect(answer.status, answer.stderr).toBe(0);
    const paths = answer.stdout.trim().split("\n");
    expect([paths.length, new Set(paths).size]).toEqual([
      LINES - LINES / BAD_EVERY,
      LINES - LINES / BAD_EVERY,
    ]);
  }, 60_000);

  it("would be caught holding lines: of a store that is not sealed they are found in spool and store", async () => {
    const world = await openWorld("none");
    const found = await workADay(world, []);
    for (const name of Object.keys(canaries)) {
      expect(
        found.filter((place) => place.includes("spool/") && place.endsWith(`: ${name}`)).length,
      ).not.toBe(0);
    }
    const stored = new Set(inStore(world).map((place) => place.replace(/\/.*: /, " ")));
    for (const name of Object.keys({ ...canaries, ...pathCanary })) {
      const view = name === "unreadable" ? "quarantine" : "raw";
      expect(stored).toContain(`bucket-${view} ${name}`);
    }
  }, 60_000);
});

import { mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Writable } from "node:stream";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { parseConfig } from "../../config/parse-config.ts";
import type { Context } from "../../src/commands/context.ts";
import { queryCommand } from "../../src/commands/query.ts";
import { exitCode } from "../../src/exit-code.ts";
import type { ObjectStore } from "../../src/store/object-store.ts";
import { createTestStore, putRaw } from "./support/query-world.ts";

const nowMs = Date.parse("2026-11-22T12:00:00Z");
const timeMs = nowMs - 3_600_000;

interface Terminal {
  readonly isTTY: boolean;
  readonly columns: number;
}

function createOutput(terminal?: Terminal, onWrite: () => Error | undefined = () => undefined) {
  const written: string[] = [];
  const stream = new Writable({
    decodeStrings: false,
    write(text: string, _encoding, done) {
      const error = onWrite();
      if (error === undefined) written.push(text);
      done(error);
    },
  });
  return { stream: Object.assign(stream, terminal), text: () => written.join("") };
}

function defaultConfig(): Context["config"] {
  const parsed = parseConfig("", { node: "web1", store: "file:///nonexistent" });
  if (parsed.kind !== "config") throw new Error("the defaults are no config");
  return parsed.config;
}

async function runCommand(
  store: ObjectStore,
  args: readonly string[],
  stdout = createOutput(),
  signal = new AbortController().signal,
) {
  const stderr = createOutput();
  const context: Context = {
    config: defaultConfig(),
    nowMs,
    nowIsArgument: false,
    openRoot: async () => store,
    stateDirectory,
    keysDirectory: stateDirectory,
    memoryDirectories: [],
    hostName: "web-1",
    stdout: stdout.stream,
    stderr: stderr.stream,
    signal,
  };
  const command = queryCommand(async () => context).exitOverride();
  const error: unknown = await command.parseAsync([...args], { from: "user" }).then(
    () => undefined,
    (caught: unknown) => caught,
  );
  return { error, stdout: stdout.text(), stderr: stderr.text() };
}

const terminal: Terminal = { isTTY: true, columns: 120 };

let temporary = "";
let stateDirectory = "";
beforeEach(async () => {
  temporary = await mkdtemp(join(tmpdir(), "hostlog-test-"));
  stateDirectory = await mkdtemp(join(tmpdir(), "hostlog-test-state-"));
  vi.stubEnv("TMPDIR", temporary);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  const leftOver = [
    ...(await readdir(temporary)),
    ...(await readdir(join(stateDirectory, "scratch")).catch(() => [])),
  ];
  await rm(temporary, { recursive: true, force: true });
  await rm(stateDirectory, { recursive: true, force: true });
  expect(leftOver).toEqual([]);
});

async function filledStore(count = 2): Promise<ReturnType<typeof createTestStore>> {
  const store = createTestStore();
  const rows = Array.from({ length: count }, (_, i) => ({
    time: timeMs + i,
    client_ip: "192.0.2.1",
    method: "GET",
    path: `/${i}`,
    query: "a=1",
    status: 200,
    bytes_sent: 12,
    user_agent: "curl/8 \u202e",
    source_offset: i,
  }));
  await putRaw(store, rows);
  return store;
}

describe("hostlog query", () => {
  it("shows a table on a terminal, and the range and the cost on stderr", async () => {
    const run = await runCommand(
      await filledStore(),
      ["--timezone", "europe/amsterdam"],
      createOutput(terminal),
    );
    expect(run.error).toBeUndefined();
    expect(run.stdout).toBe(
      [
        "time (Europe/Amsterdam)        domain       client     method  target  status  bytes_sent  user_agent",
        "2026-11-22 12:00:00+01:00      example.org  192.0.2.1  GET     /0?a=1     200          12  curl/8 \\u{202e}",
        "2026-11-22 12:00:00.001+01:00  example.org  192.0.2.1  GET     /1?a=1     200          12  curl/8 \\u{202e}",
        "",
      ].join("\n"),
    );
    expect(run.stderr.replace(/\d+\.\d KiB/, "N KiB").replace(/\d+\.\d s/, "N s")).toBe(
      [
        "looking in raw at 2026-11-21 12:00:00 up to 2026-11-22 12:00:00 (UTC) = 2026-11-21 13:00:00+01:00 up to 2026-11-22 13:00:00+01:00 (Europe/Amsterdam)",
        "no --since or --from: this looks at the last 24 hours",
        "2 days, 1 of 1 object opened, N KiB, 2 rows, N s",
        "",
      ].join("\n"),
    );
  });

  it("writes NDJSON with every column of the schema where stdout is no terminal", async () => {
    const { stdout } = await runCommand(await filledStore(1), ["--since", "2h"]);
    const row: unknown = JSON.parse(stdout);
    expect(row).toMatchObject({
      time: "2026-11-22T11:00:00.000Z",
      path: "/0",
      query: "a=1",
      remote_user: null,
      source_offset: 0,
    });
    expect(row).not.toHaveProperty("client_ip_key");
  });

  it("writes CSV with the columns that were asked for", async () => {
    const { stdout } = await runCommand(await filledStore(), [
      "--since",
      "2h",
      "--output",
      "csv",
      "--columns",
      "time,target",
    ]);
    expect(stdout).toBe("time,target\n2026-11-22T11:00:00.000Z,/0?a=1\n2026-11-22T11:00:00.001Z,/1?a=1\n");
  });

  it("cuts a table at a thousand rows and says how many more there are", async () => {
    const store = await filledStore(1234);
    const { stdout, stderr } = await runCommand(store, ["--since", "2h"], createOutput(terminal));
    expect(stdout.split("\n")).toHaveLength(1003);
    expect(stdout).toMatch(/… and 234 more rows: --limit 1234 shows all, --output ndjson exports them\n$/);
    expect(stderr).toContain("1000 of 1234 rows");
    expect((await runCommand(store, ["--since", "2h"])).stdout.trim().split("\n")).toHaveLength(1234);
    expect(
      (await runCommand(store, ["--since", "2h", "--limit", "3"])).stdout.trim().split("\n"),
    ).toHaveLength(3);
  });

  it("says that no rows match", async () => {
    const { stdout, error } = await runCommand(
      await filledStore(),
      ["--status", "404"],
      createOutput(terminal),
    );
    expect(stdout).toBe("no rows match\n");
    expect(error).toBeUndefined();
  });

  it("ends quietly when its reader has closed the pipe", async () => {
    const closed = createOutput(undefined, () => Object.assign(new Error("write EPIPE"), { code: "EPIPE" }));
    const { error, stderr } = await runCommand(await filledStore(3000), ["--since", "2h"], closed);
    expect(error).toBeUndefined();
    expect(stderr).not.toContain("EPIPE");
  });

  it("says that the answer is not whole when it is stopped", async () => {
    const stop = new AbortController();
    const stopping = createOutput(undefined, () => {
      stop.abort();
      return undefined;
    });
    const { error } = await runCommand(await filledStore(6000), ["--since", "2h"], stopping, stop.signal);
    expect(error).toMatchObject({
      exitCode: exitCode.partial,
      message: expect.stringMatching(/^stopped before the end: the \d+ rows found so far are NOT the whole/),
    });
  });

  it("gives the rest of the answer and then fails as partial when an object has vanished", async () => {
    const store = await filledStore();
    const [gone = ""] = await putRaw(store, [{ time: timeMs, path: "/gone" }]);
    const purged: ObjectStore = {
      ...store,
      async *list(prefix) {
        yield* store.list(prefix);
        await store.remove([gone]);
      },
    };
    const { error, stdout, stderr } = await runCommand(purged, ["--from", "today"]);
    expect(stdout.trim().split("\n")).toHaveLength(2);
    expect(stderr).toContain(`gone between listing and reading, so their rows are missing above: ${gone}`);
    expect(error).toMatchObject({ name: "UserError", exitCode: exitCode.partial });
  });

  it("keeps copies of objects in a folder that only its user can enter", async () => {
    const store = await filledStore();
    const modes: number[] = [];
    const folders: string[] = [];
    const watched: ObjectStore = {
      ...store,
      async asFile(key, directory) {
        modes.push((await stat(join(directory, ".."))).mode & 0o777, (await stat(directory)).mode & 0o777);
        folders.push(directory);
        return store.asFile(key, directory);
      },
    };
    await runCommand(watched, []);
    expect(modes).toEqual([0o700, 0o700]);
    expect(folders[0]?.startsWith(join(stateDirectory, "scratch", `${process.pid}-`))).toBe(true);
  });

  it("says what to do when the state directory cannot be written", async () => {
    await writeFile(join(stateDirectory, "file"), "");
    stateDirectory = join(stateDirectory, "file");
    const { error } = await runCommand(await filledStore(), []);
    stateDirectory = dirname(stateDirectory);
    expect(error).toMatchObject({
      exitCode: exitCode.config,
      message: expect.stringMatching(/cannot be written \(ENOTDIR\).*as "state" in the config/),
    });
  });

  it.each([
    [["--timezone", "Europe/Atlantis"], '--timezone: "Europe/Atlantis" is no time zone'],
    [["--limit", "0"], '--limit: "0" is no number of rows'],
    [["--limit", "many"], "is no number of rows"],
    [["--columns", "nope"], "raw has no column nope"],
    [["--from", "soon"], '--from: "soon" is no time that is understood'],
  ])("refuses %j as usage", async (args, message) => {
    const { error, stdout } = await runCommand(createTestStore(), args);
    expect(error).toMatchObject({ exitCode: exitCode.usage, message: expect.stringContaining(message) });
    expect(stdout).toBe("");
  });
});

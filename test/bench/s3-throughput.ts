import { randomBytes, randomUUID } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DayObject } from "../../query/batches.ts";
import { fetchObjects } from "../../query/io/fetch-objects.ts";
import { inParallel } from "../../src/in-parallel.ts";
import type { ObjectStore } from "../../src/store/object-store.ts";
import { openStore } from "../../src/store/open-store.ts";
import { listKeys } from "../support/list-keys.ts";
import { dayOf } from "../support/purge-objects.ts";
import { realPlace, realSettings } from "../support/real-s3.ts";
import { median } from "./harness.ts";
import { awsTool, hostlogTool, isInstalled, s3cmdTool, type TransferTool } from "./s3-tools.ts";
import { type Watched, watchProgram } from "./watch-program.ts";

/**
 * `npm run bench:s3 [-- --quick]`: uploads and downloads through our store, beside other tools where they are
 * installed, on the server that HOSTLOG_TEST_S3_URL and the AWS_ variables name. Each run is a process of its
 * own, whose start counts.
 */
const MEBIBYTE = 1_048_576;

/** As many as `sendBatch` creates at once. */
const CREATIONS_AT_ONCE = 8;

/** As many as `hostlog verify --read` reads at once. */
const READS_AT_ONCE = 4;

interface FileSet {
  readonly name: string;
  readonly files: number;
  readonly sizeBytes: number;
}

const fileSet = (files: number, sizeBytes: number): FileSet => {
  const size = sizeBytes < MEBIBYTE ? `${sizeBytes / 1024} KiB` : `${sizeBytes / MEBIBYTE} MiB`;
  return { name: `${files} x ${size}`, files, sizeBytes };
};

interface Row {
  readonly task: string;
  readonly tool: string;
  readonly runs: Watched[];
  readonly totalBytes: number;
}

const [kind, ...given] = process.argv.slice(2);
if (kind?.startsWith("--job=") === true) await runJob(kind.slice("--job=".length), ...given);
else await compareTools(kind === "--quick");

async function compareTools(isQuick: boolean): Promise<void> {
  const sets = isQuick
    ? [fileSet(8, 4 * MEBIBYTE), fileSet(1, 64 * MEBIBYTE), fileSet(200, 20 * 1024)]
    : [fileSet(64, 4 * MEBIBYTE), fileSet(4, 64 * MEBIBYTE), fileSet(2000, 20 * 1024)];
  const rounds = isQuick ? 1 : 5;
  const folder = await mkdtemp(join(tmpdir(), "hostlog-bench-"));
  const others = [
    { program: "aws", tool: awsTool },
    { program: "s3cmd", tool: await s3cmdTool(folder) },
  ];
  const found = others.filter(({ program }) => isInstalled(program)).map(({ tool }) => tool);
  const tools = [hostlogTool(import.meta.filename), ...found];
  const rows = new Map<string, Row>();
  try {
    for (const set of sets) {
      const files = join(folder, "files");
      await writeFiles(files, set);
      for (let round = 0; round < rounds; round++) {
        for (const tool of tools) await runTool(tool, set, files, join(folder, "fetched"), rows);
        process.stderr.write(`round ${round + 1} of ${rounds}: ${set.name}\n`);
      }
      await rm(files, { recursive: true });
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  process.stdout.write(`${tableOf([...rows.values()])}\n`);
  for (const { program } of others) {
    if (!isInstalled(program)) process.stdout.write(`not found: ${program}\n`);
  }
}

/** Uploads to a prefix of its own, fetches it in every way, and removes it. */
async function runTool(
  tool: TransferTool,
  set: FileSet,
  files: string,
  fetched: string,
  rows: Map<string, Row>,
): Promise<void> {
  const { bucket, prefix } = realPlace();
  const url = `s3://${bucket}/${prefix}/bench-${randomUUID()}`;
  const note = (task: string, name: string, run: Watched): void => {
    const key = `${task} ${name}`;
    const totalBytes = set.files * set.sizeBytes;
    const row = rows.get(key) ?? { task, tool: name, runs: [], totalBytes };
    rows.set(key, row);
    row.runs.push(run);
  };
  const store = await openStore(url, realSettings);
  try {
    const [upload, ...uploadArguments] = tool.upload(files, url);
    note(`up ${set.name}`, tool.name, await watchProgram(upload, uploadArguments));
    for (const [name, download] of Object.entries(tool.downloads)) {
      await mkdir(fetched);
      const [command, ...args] = download(url, fetched);
      note(`down ${set.name}`, name, await watchProgram(command, args));
      if (name !== "hostlog read") await checkFetched(fetched, set);
      await rm(fetched, { recursive: true });
    }
  } finally {
    await store.remove(await listKeys(store));
  }
}

/** Random, so that nothing on the way can make them smaller. */
async function writeFiles(folder: string, { files, sizeBytes }: FileSet): Promise<void> {
  await mkdir(folder);
  for (let i = 0; i < files; i++) {
    await writeFile(join(folder, `${String(i).padStart(5, "0")}.parquet`), randomBytes(sizeBytes));
  }
}

async function checkFetched(folder: string, { name, files, sizeBytes }: FileSet): Promise<void> {
  const names = await readdir(folder);
  const sizes = await Promise.all(names.map(async (file) => (await stat(join(folder, file))).size));
  if (names.length === files && sizes.every((size) => size === sizeBytes)) return;
  throw new Error(`of ${name} not everything was fetched: ${names.length} files`);
}

/** What is measured of ours, in a process of its own. */
async function runJob(job: string, url = "", folder = ""): Promise<void> {
  const store = await openStore(url, realSettings);
  const jobs: Readonly<Record<string, () => Promise<void>>> = {
    create: () => createAll(store, folder),
    asFile: () => fetchAll(store, folder),
    read: () => readAll(store),
  };
  const work = jobs[job];
  if (work === undefined) throw new Error(`no job ${job}`);
  await work();
}

async function createAll(store: ObjectStore, folder: string): Promise<void> {
  await inParallel((await readdir(folder)).sort(), CREATIONS_AT_ONCE, async (name) => {
    const outcome = await store.create(name, await readFile(join(folder, name)));
    if (outcome !== "created") throw new Error(`${name}: ${outcome}`);
  });
}

/** As `hostlog query` fetches what it is to look through. */
async function fetchAll(store: ObjectStore, folder: string): Promise<void> {
  const objects: DayObject[] = [];
  for await (const { key, sizeBytes } of store.list("")) {
    objects.push({ key, sizeBytes, day: dayOf("2026-01-01") });
  }
  await fetchObjects(store, objects, folder, new AbortController().signal);
}

async function readAll(store: ObjectStore): Promise<void> {
  await inParallel(await listKeys(store), READS_AT_ONCE, async (key) => {
    await store.read(key);
  });
}

function tableOf(rows: readonly Row[]): string {
  const tasks = [...new Set(rows.map(({ task }) => task))];
  const sorted = tasks.flatMap((task) => rows.filter((row) => row.task === task));
  const cells = sorted.map((row) => {
    const first = sorted.find(({ task }) => task === row.task) ?? row;
    const ratios = row.runs.map(
      (run, round) => (first.runs[round]?.wallSeconds ?? Number.NaN) / run.wallSeconds,
    );
    const megabytes = row.totalBytes / 1e6;
    return [
      row.task,
      row.tool,
      median(row.runs.map((run) => megabytes / run.wallSeconds)).toFixed(1),
      median(ratios).toFixed(2),
      `${Math.round(median(row.runs.map((run) => run.peakRssBytes)) / MEBIBYTE)} MiB`,
    ];
  });
  const header = ["task", "tool", "MB/s", "ratio", "peak RSS"];
  return [header, header.map(() => "---"), ...cells].map((line) => `| ${line.join(" | ")} |`).join("\n");
}

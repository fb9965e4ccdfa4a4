import { execFile } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { type RecordedBytes, readStore } from "../../src/audit/read-store.ts";
import { md5Hex } from "../../src/md5.ts";
import { sha256Hex } from "../../src/sha256.ts";
import { createFileDigester } from "../../src/store/folder/file-digester.ts";
import { publishFile } from "../../src/store/folder/publish-file.ts";
import { createFolderStore } from "../../src/store/folder-store.ts";
import { median } from "./harness.ts";

/**
 * Reading a folder as `hostlog verify --read` does, and `sha256sum` and `openssl dgst -sha256` over the same files:
 * `npm run bench:read`. Each run is a process of its own, and all take turns, so that a machine which others use too slows
 * all alike. The files were just written, and lie in the page cache: from a disk all are as fast as the disk.
 */
interface Run {
  readonly wallSeconds: number;
  /** Of all threads. */
  readonly cpuSeconds: number;
  readonly peakRssBytes: number;
}

interface FileSet {
  readonly name: string;
  readonly files: number;
  readonly sizeBytes: number;
}

const isQuick = process.argv.includes("--quick");
const rounds = isQuick ? 1 : 7;
const setBytes = isQuick ? 40_000_000 : 400_000_000;
const sets: readonly FileSet[] = [
  ["200 kB", 200_000],
  ["1 MB", 1_000_000],
  ["20 MB", 20_000_000],
].map(([name, sizeBytes]) => ({
  name: String(name),
  sizeBytes: Number(sizeBytes),
  files: Math.ceil(setBytes / Number(sizeBytes)),
}));

const runAlone = promisify(execFile);
const EXPECTED_FILE = "expected.json";
const JOB_FLAG = "--job=";

const tools: Readonly<Record<string, (folder: string) => Promise<Run>>> = {
  sha256sum: (folder) => runTool(["sha256sum"], folder),
  "openssl dgst -sha256": (folder) => runTool(["openssl", "dgst", "-sha256"], folder),
  "hostlog verify --read": (folder) => runJob("threads", folder),
  "hostlog, in one thread": (folder) => runJob("alone", folder),
};

async function runTool(words: readonly string[], folder: string): Promise<Run> {
  // The shell's own `time` is there wherever bash is; %R is the clock, %U and %S are the CPU's.
  const script = `TIMEFORMAT="%R %U %S"; time find "$1" -name "*.parquet" -print0 | xargs -0 ${words.join(" ")} > "$1/sums"`;
  const { stderr } = await runAlone("bash", ["-c", script, "bash", folder]);
  const [wall = 0, user = 0, system = 0] = stderr.trim().split(" ").map(Number);
  return { wallSeconds: wall, cpuSeconds: user + system, peakRssBytes: Number.NaN };
}

async function runJob(job: string, folder: string): Promise<Run> {
  const { stdout } = await runAlone(process.execPath, [import.meta.filename, JOB_FLAG + job, folder]);
  return JSON.parse(stdout) as Run;
}

async function doJob(job: string, folder: string): Promise<Run> {
  const url = pathToFileURL(folder).href;
  const store =
    job === "alone"
      ? createFolderStore(folder, url, publishFile, createFileDigester(0))
      : createFolderStore(folder, url);
  const expected = JSON.parse(await readFile(join(folder, EXPECTED_FILE), "utf8")) as RecordedBytes[];
  const cpuBefore = process.cpuUsage();
  const wallBefore = performance.now();
  const { objects, findings } = await readStore({
    stores: { raw: store, analytics: store, quarantine: store },
    expected,
  });
  const { user, system } = process.cpuUsage(cpuBefore);
  const wallSeconds = (performance.now() - wallBefore) / 1000;
  if (objects !== expected.length || findings.length > 0)
    throw new Error("not all files were read as they are");
  const peakRssBytes = process.resourceUsage().maxRSS * 1024;
  return { wallSeconds, cpuSeconds: (user + system) / 1e6, peakRssBytes };
}

async function writeSet(folder: string, { files, sizeBytes }: FileSet): Promise<void> {
  const expected: RecordedBytes[] = [];
  const bytes = randomBytes(sizeBytes);
  for (let index = 0; index < files; index++) {
    bytes.writeUInt32BE(index);
    const day = `dt=2026-11-${10 + Math.floor((index * 9) / files)}`;
    const key = `${day}/web-1_standard_${String(index).padStart(8, "0")}.parquet`;
    await mkdir(join(folder, day), { recursive: true, mode: 0o700 });
    await writeFile(join(folder, key), bytes);
    expected.push({ view: "raw", key, sizeBytes, sha256: createHash("sha256").update(bytes).digest("hex") });
  }
  await writeFile(join(folder, EXPECTED_FILE), JSON.stringify(expected));
}

async function compare(folder: string, set: FileSet): Promise<void> {
  await writeSet(folder, set);
  const runs = new Map<string, Run[]>(Object.keys(tools).map((tool) => [tool, []]));
  // The first round brings the files into the page cache, and is not counted.
  for (let round = 0; round <= rounds; round++) {
    for (const [tool, run] of Object.entries(tools)) {
      const taken = await run(folder);
      if (round > 0) runs.get(tool)?.push(taken);
    }
  }
  const first = runs.get("sha256sum") ?? [];
  const megabytes = (set.files * set.sizeBytes) / 1e6;
  for (const [tool, of] of runs) {
    const ratio = (pick: (run: Run) => number): string =>
      median(of.map((run, round) => pick(first[round] ?? run) / pick(run))).toFixed(2);
    const peak = median(of.map(({ peakRssBytes }) => peakRssBytes));
    const cells = [
      `${set.files} x ${set.name}`,
      tool,
      Math.round(median(of.map(({ wallSeconds }) => megabytes / wallSeconds))),
      ratio(({ wallSeconds }) => wallSeconds),
      Math.round(median(of.map(({ cpuSeconds }) => megabytes / cpuSeconds))),
      ratio(({ cpuSeconds }) => cpuSeconds),
      Number.isNaN(peak) ? "" : `${Math.round(peak / 2 ** 20)} MiB`,
    ];
    process.stdout.write(`| ${cells.join(" | ")} |\n`);
  }
}

async function compareAll(): Promise<void> {
  process.stdout.write("| files | tool | MB/s | ratio | MB/CPU s | ratio | peak RSS |\n");
  process.stdout.write("| --- | --- | --- | --- | --- | --- | --- |\n");
  for (const set of sets) {
    const folder = await mkdtemp(join(tmpdir(), "hostlog-bench-read-"));
    try {
      await compare(folder, set);
    } finally {
      await rm(folder, { recursive: true });
    }
  }
}

/** What the MD5 beside the SHA-256 costs where an object is encoded: both over bytes that lie in memory. */
function compareHashes(): void {
  process.stdout.write("\n| in memory | SHA-256: ms/MB of CPU | MD5: ms/MB of CPU |\n| --- | --- | --- |\n");
  for (const { name, sizeBytes } of sets) {
    const bytes = randomBytes(sizeBytes);
    const times = Math.ceil(setBytes / 4 / sizeBytes);
    const costOf = (hash: (body: Uint8Array) => unknown): number => {
      const before = process.cpuUsage();
      for (let time = 0; time < times; time++) hash(bytes);
      const { user, system } = process.cpuUsage(before);
      return (user + system) / 1000 / ((times * sizeBytes) / 1e6);
    };
    const costs = Array.from({ length: rounds }, () => [costOf(sha256Hex), costOf(md5Hex)] as const);
    const cells = [median(costs.map(([sha256]) => sha256)), median(costs.map(([, md5]) => md5))];
    process.stdout.write(`| ${name} | ${cells.map((cost) => cost.toFixed(2)).join(" | ")} |\n`);
  }
}

const job = process.argv.find((argument) => argument.startsWith(JOB_FLAG))?.slice(JOB_FLAG.length);
if (job === undefined) {
  await compareAll();
  compareHashes();
} else process.stdout.write(JSON.stringify(await doJob(job, process.argv.at(-1) ?? "")));

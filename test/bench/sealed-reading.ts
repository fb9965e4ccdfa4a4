import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { type QueryPlace, runQuery } from "../../query/io/run-query.ts";
import type { Question } from "../../query/question.ts";
import { readColumns, readQuestion } from "../../query/read-question.ts";
import { exportColumns } from "../../query/result-column.ts";
import { dayOfMs } from "../../src/day.ts";
import { encodeParquet } from "../../src/parquet/encode-parquet.ts";
import { formatKey } from "../../src/partition.ts";
import { rawSchema } from "../../src/schema/raw-schema.ts";
import { openHeader } from "../../src/seal/age-header.ts";
import { sealBytes } from "../../src/seal/seal-bytes.ts";
import { generateIdentity, type X25519Pair } from "../../src/seal/x25519.ts";
import { createFolderStore } from "../../src/store/folder-store.ts";
import type { ObjectStore } from "../../src/store/object-store.ts";
import { openStore } from "../../src/store/open-store.ts";
import { startS3Server } from "../support/s3-server.ts";
import { median } from "./harness.ts";
import { readRawBatches } from "./raw-batches.ts";
import { logEndMs, writeLog } from "./write-log.ts";

/**
 * `npm run bench:sealed [-- --quick]`: look-ups in sealed objects, whole and in part, from a folder, from an S3
 * server on this machine, and from the folder behind lines of a given speed. Everything runs in one process, the
 * server too, so times of the server are those of both.
 */
// The server on this machine takes any.
process.env["AWS_ACCESS_KEY_ID"] ??= "AKIDEXAMPLE";
process.env["AWS_SECRET_ACCESS_KEY"] ??= "secret";

const isQuick = process.argv.includes("--quick");
const rounds = isQuick ? 1 : 3;

interface Shape {
  readonly name: string;
  readonly objects: number;
  readonly rows: number;
}

const shapes: readonly Shape[] = [
  { name: "200 kB", objects: 40, rows: 11_000 },
  { name: "2 MB", objects: 12, rows: 120_000 },
  { name: "3.5 MB", objects: 8, rows: 200_000 },
  { name: "20 MB", objects: 3, rows: 1_200_000 },
];

const day = dayOfMs(logEndMs - 1);
const pair = generateIdentity();

const questions: Readonly<Record<string, Question>> = {
  "a site's path, few columns": questionOf("time,client,status", "site-7.example.org", "/wp-login.php*"),
  "a path of all sites, few columns": questionOf("time,client,status", undefined, "/wp-login.php*"),
  "a site, every column": questionOf(undefined, "site-7.example.org", undefined),
  "every column of a path": questionOf(undefined, undefined, "/wp-login.php*"),
};

function questionOf(
  columns: string | undefined,
  domain: string | undefined,
  path: string | undefined,
): Question {
  const asked = {
    view: "raw",
    domain: domain === undefined ? [] : [domain],
    address: [],
    path: path === undefined ? [] : [path],
    status: [],
    method: [],
    since: "4d",
  } as const;
  return readQuestion(asked, {
    nowMs: logEndMs,
    zone: "UTC",
    limit: 1000,
    columns: columns === undefined ? exportColumns("raw") : readColumns(columns, "raw"),
  }).question;
}

const folder = await mkdtemp(join(tmpdir(), "hostlog-bench-"));
const server = await startS3Server();
try {
  process.stdout.write("| object | store | question | how | requests | MiB read | ms | CPU ms |\n");
  process.stdout.write("| --- | --- | --- | --- | --- | --- | --- | --- |\n");
  for (const shape of isQuick ? shapes.slice(0, 3) : shapes) await measureShape(shape);
} finally {
  await server.close();
  await rm(folder, { recursive: true, force: true });
}

async function measureShape(shape: Shape): Promise<void> {
  const root = join(folder, shape.name.replaceAll(" ", "-"));
  const files = createFolderStore(root, `file://${root}`);
  const bucket = await openStore(`s3://bucket/${shape.rows}`, {
    endpoint: server.endpoint,
    region: "us-east-1",
    forcePathStyle: true,
  });
  await fill([files, bucket], shape);
  const stores: Readonly<Record<string, ObjectStore>> = {
    folder: files,
    "S3, this machine": bucket,
    "1 Gbit/s, 5 ms": behindLine(files, { latencyMs: 5, bytesPerMs: 125_000 }),
    "100 Mbit/s, 30 ms": behindLine(files, { latencyMs: 30, bytesPerMs: 12_500 }),
  };
  for (const [place, store] of Object.entries(stores)) {
    for (const [asked, question] of Object.entries(questions)) {
      for (const how of ["whole", "parts"] as const) {
        const runs: Cost[] = [];
        for (let round = 0; round < rounds; round++) runs.push(await costOf(store, question, how));
        const [{ requests, bytes } = { requests: 0, bytes: 0 }] = runs;
        const ms = median(runs.map((run) => run.wallMs)).toFixed(0);
        const cpu = median(runs.map((run) => run.cpuMs)).toFixed(0);
        process.stdout.write(
          `| ${shape.objects} x ${shape.name} | ${place} | ${asked} | ${how} | ${requests} | ${(bytes / 1_048_576).toFixed(1)} | ${ms} | ${cpu} |\n`,
        );
      }
    }
  }
}

async function fill(stores: readonly ObjectStore[], { objects, rows }: Shape): Promise<void> {
  const log = join(folder, "log");
  await writeLog(log, objects * rows);
  let count = 0;
  for await (const batch of readRawBatches(log, rows)) {
    const plain = encodeParquet({ schema: rawSchema, ...batch, metadata: {} });
    const key = keyOf(++count);
    const sealed = sealBytes(plain, [pair.recipient]);
    for (const store of stores) await store.create(key, sealed);
  }
}

function keyOf(number: number): string {
  const batch = number.toString(16).padStart(32, "0");
  return formatKey({ day, node: "web-1", retentionClass: "standard", batch, isSealed: true });
}

interface Cost {
  readonly requests: number;
  readonly bytes: number;
  readonly wallMs: number;
  readonly cpuMs: number;
}

async function costOf(store: ObjectStore, question: Question, how: "whole" | "parts"): Promise<Cost> {
  const scratch = await mkdtemp("/dev/shm/hostlog-bench-");
  let requests = 0;
  let bytes = 0;
  const counted: ObjectStore = {
    ...store,
    async read(key, range) {
      requests++;
      const read = await store.read(key, range);
      bytes += read.length;
      return read;
    },
  };
  const place: QueryPlace = {
    store: counted,
    scratchDirectory: scratch,
    custodian: async () => custodianOf(pair),
    openedFolder: async () => ({ path: scratch, roomBytes: Infinity, close: async () => undefined }),
    signal: new AbortController().signal,
    days: [day],
    ...(how === "whole" ? { partsAboveBytes: Infinity } : { partsAboveBytes: 0 }),
  };
  const startedMs = performance.now();
  const usage = process.cpuUsage();
  let rows = 0;
  for await (const block of runQuery(question, place).blocks) rows += block.length;
  if (rows === 0) throw new Error("the question has no answer");
  const { user, system } = process.cpuUsage(usage);
  const wallMs = performance.now() - startedMs;
  await rm(scratch, { recursive: true, force: true });
  return { requests, bytes, wallMs, cpuMs: (user + system) / 1000 };
}

function custodianOf({ identity }: X25519Pair): Awaited<ReturnType<QueryPlace["custodian"]>> {
  return {
    name: "the key of this benchmark",
    async openHeaders({ headers }) {
      return headers.map(({ header }) => {
        const fileKey = openHeader(header, identity);
        return fileKey === undefined ? { kind: "no-key" } : { kind: "opened", fileKey };
      });
    },
    close: async () => undefined,
  };
}

/** Reads take their time on the way: each its latency, and all together the line. */
function behindLine(
  store: ObjectStore,
  { latencyMs, bytesPerMs }: { readonly latencyMs: number; readonly bytesPerMs: number },
): ObjectStore {
  let freeAtMs = 0;
  return {
    ...store,
    async read(key, range) {
      const startedMs = performance.now();
      const bytes = await store.read(key, range);
      freeAtMs = Math.max(freeAtMs, startedMs + latencyMs) + bytes.length / bytesPerMs;
      await delay(Math.max(0, freeAtMs - performance.now()));
      return bytes;
    },
  };
}

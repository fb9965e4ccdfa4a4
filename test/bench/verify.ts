import { createHash, generateKeyPairSync } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { addDays, type Day, parseDay } from "../../src/day.ts";
import { batchId, type Manifest, manifestKey, objectsHash } from "../../src/ledger/manifest.ts";
import type { RecordBody, RecordedObject } from "../../src/ledger/record.ts";
import { encodeRecord } from "../../src/ledger/record-object.ts";
import { createRecordSigner } from "../../src/ledger/record-signer.ts";
import { formatKey } from "../../src/partition.ts";
import { sha256Hex } from "../../src/sha256.ts";
import { watchProgram } from "./watch-program.ts";

/**
 * How long `hostlog verify` takes on a folder of a million objects, and then when a day of 60,000 more has come: seconds,
 * and the memory it held at most. Usage: [OBJECTS] [OBJECTS MORE]. Objects are small: without --read only names and sizes count.
 */

const NODES = 20;
const OBJECTS_OF_BATCH = 3;
const STORE_ID = "00000000-0000-4000-8000-000000000000";

const [objects = 1_000_000, more = 60_000] = process.argv.slice(2).map(Number);
const program = join(import.meta.dirname, "../../../../../dist/src/main.js");

const folder = await mkdtemp(join(tmpdir(), "hostlog-bench-verify-"));
try {
  const writer = createWriter(folder);
  writer.write(objects, "2026-01-01", 300);
  await measure(`${objects} objects, nothing known`, folder);
  await measure("again", folder);
  writer.write(more, "2026-11-21", 1);
  await measure(`${more} objects more`, folder);
} finally {
  await rm(folder, { recursive: true, force: true });
}

interface StoreWriter {
  write(count: number, firstDay: string, days: number): void;
}

function createWriter(root: string): StoreWriter {
  const { privateKey } = generateKeyPairSync("ed25519");
  const pem = Buffer.from(privateKey.export({ format: "pem", type: "pkcs8" }));
  const signer = createRecordSigner(STORE_ID, pem);
  const heads = new Map<string, { sequence: number; sha256: string }>();
  const made = new Set<string>();
  const put = (path: string, bytes: Uint8Array | string): void => {
    const parent = path.slice(0, path.lastIndexOf("/"));
    if (!made.has(parent)) mkdirSync(join(root, parent), { recursive: true, mode: 0o700 });
    made.add(parent);
    writeFileSync(join(root, path), bytes, { mode: 0o600 });
  };
  const append = (chain: string, body: RecordBody): void => {
    const { sequence, sha256 } = heads.get(chain) ?? { sequence: 0, sha256: "0".repeat(64) };
    const record = {
      version: 2,
      store: STORE_ID,
      chain,
      sequence: sequence + 1,
      previous: sha256,
      body,
    } as const;
    const bytes = encodeRecord(record, signer);
    put(`ledger/chains/${chain}/${String(record.sequence).padStart(12, "0")}.json`, bytes);
    heads.set(chain, { sequence: record.sequence, sha256: sha256Hex(bytes) });
  };
  put(
    "published/store.json",
    `${JSON.stringify({ version: 1, id: STORE_ID, created_at: "2026-01-01T00:00:00.000Z", drill: false, seal: "none" })}\n`,
  );
  append("control", {
    kind: "writer-accepted",
    at: "2026-01-01T00:00:00.000Z",
    clock: "system",
    chain: "control",
    key: signer.key,
    name: "bench",
    how: "first",
  });
  return {
    write(count, firstDay, days) {
      for (let batch = 0; batch * OBJECTS_OF_BATCH < count; batch++) {
        const node = `web-${batch % NODES}`;
        const day = addDays(parseDay(firstDay) as Day, batch % days);
        const body = batchOf(node, day, batch, put);
        append(node, body);
      }
    },
  };
}

function batchOf(
  node: string,
  day: Day,
  number: number,
  put: (path: string, bytes: Uint8Array | string) => void,
): RecordBody {
  const stream = createHash("sha256").update(`${day} ${number}`).digest("hex").slice(0, 32);
  const batch = batchId(1, node, [{ stream, from: 0, to: 1000 }]);
  const bytes = Buffer.from(`${batch}\n`.repeat(4));
  const recorded = (view: RecordedObject["view"], rows: number, name: string): RecordedObject => {
    const key = formatKey({ day, node, retentionClass: "standard", batch: name, isSealed: false });
    put(`${view}/${key}`, bytes);
    return { view, key, rows, sizeBytes: bytes.length, sha256: sha256Hex(bytes) };
  };
  const alias = createHash("md5").update(batch).digest("hex");
  const stored: readonly RecordedObject[] = [
    recorded("raw", 9, batch),
    recorded("analytics", 9, alias),
    recorded("quarantine", 1, batch),
  ];
  const manifest: Manifest = {
    version: 1,
    node,
    batch,
    objects: objectsHash(stored),
    sources: [
      {
        stream,
        head: stream,
        name: "access.log",
        format: "combined",
        from: 0,
        to: 1000,
        pieces: [[1000, "0".repeat(64)]],
        lines: 10,
        stored: 9,
        quarantined: [[0, 10, "shape", 1]],
        refused: [],
        endsUnterminated: false,
      },
    ],
  };
  const manifestBytes = gzipSync(JSON.stringify(manifest));
  const key = manifestKey(node, batch);
  put(`ledger/${key}`, manifestBytes);
  return {
    kind: "batch",
    node,
    batch,
    at: `${day}T12:00:00.000Z`,
    clock: "system",
    program: "bench",
    counts: { lines: 10, bytes: 1000, stored: 9, quarantined: 1, refused: 0 },
    objects: stored,
    manifest: { key, sizeBytes: manifestBytes.length, sha256: sha256Hex(manifestBytes) },
  };
}

async function measure(what: string, store: string): Promise<void> {
  const { wallSeconds, peakRssBytes } = await watchProgram(process.execPath, [
    program,
    "verify",
    "--store",
    store,
  ]);
  const mebibytes = Math.round(peakRssBytes / 1024 / 1024);
  process.stdout.write(`${what}: ${wallSeconds.toFixed(1)} s, at most ${mebibytes} MiB\n`);
}

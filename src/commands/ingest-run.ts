import { join } from "node:path";
import { type BatchBuilder, createBatchBuilder, type FilledBatch, takeBatch } from "../../ingest/batch/batch-builder.ts";
import { type ClassPolicy, eventBounds } from "../../ingest/batch/event-bounds.ts";
import type { IntakePolicy } from "../../ingest/batch/line-intake.ts";
import type { FileAccount, IngestAccount } from "../../ingest/ingest-account.ts";
import { createBatchPipeline } from "../../ingest/io/batch-pipeline.ts";
import { type ChooseFormat, ingestLog } from "../../ingest/io/ingest-log.ts";
import { openNodeLedger } from "../../ingest/io/node-ledger.ts";
import { CHUNK_BYTES, type OpenLog } from "../../ingest/io/open-log.ts";
import { ensureSecret } from "../../ingest/io/secret-file.ts";
import { type BatchDestination, sendBatch } from "../../ingest/io/send-batch.ts";
import type { Spool } from "../../ingest/io/spool.ts";
import { addManifest } from "../../ingest/source/stream-index.ts";
import { classOfDomain } from "../class-of-domain.ts";
import { batchId, decodeManifest, encodeManifest, type Manifest, manifestKey } from "../ledger/manifest.ts";
import type { BatchRecord } from "../ledger/record.ts";
import { rawSchema } from "../schema/raw-schema.ts";
import { sha256Hex } from "../sha256.ts";
import { ensureStoreIdentity } from "../store-identity.ts";
import { version } from "../version.ts";
import { createBatchEncoder } from "./batch-encoder.ts";
import type { Context } from "./context.ts";
import type { EncodedObject } from "./encode-batch.ts";

/** A log to read, named before it is opened: thousands are read one after the other, one open at a time. */
export interface LogInput {
  readonly name: string;
  readonly domain: string | undefined;
  open(): Promise<OpenLog>;
}

export interface IngestRequest {
  readonly context: Context;
  readonly node: string;
  readonly inputs: readonly LogInput[];
  readonly chooseFormat: ChooseFormat;
  /** True when a last line without a newline counts, whatever the file looks like. */
  readonly isFinished: boolean;
  /** ms since 1970, for each batch's `received_at`. */
  readonly clock: () => number;
  readonly openSpool: (directory: string) => Spool;
  readonly onProgress?: (progress: IngestProgress) => void;
}

export interface IngestProgress {
  /** Bytes of the files as they lie on the disk, those of earlier files included. */
  readonly fileBytes: number;
  readonly lines: number;
}

interface EncodedBatch {
  readonly record: BatchRecord;
  readonly objects: readonly Uint8Array[];
  readonly manifest: Uint8Array;
}

/**
 * Reads the logs and commits what is new in them, and gives account. The caller holds the node's lock. An
 * entry that an earlier run spooled is sent first. Throws when the store or the spool fails; what is committed
 * by then stays, and the next run goes on from there.
 */
export async function runIngest(request: IngestRequest): Promise<IngestAccount> {
  const { context, node } = request;
  const { config } = context;
  const startedAt = performance.now();
  const roots = {
    raw: await context.openRoot("raw"),
    analytics: await context.openRoot("analytics"),
    quarantine: await context.openRoot("quarantine"),
    ledger: await context.openRoot("ledger"),
  };
  const at = new Date(context.nowMs).toISOString();
  await ensureStoreIdentity(await context.openRoot("published"), { at, isDrill: context.nowIsArgument });
  const spool = request.openSpool(join(context.stateDirectory, "spool", node));
  const destination = { roots, spool, ledger: await openNodeLedger(roots.ledger, node) };
  const resumedBatches = await resumeSpool(destination);

  const classNames = Object.keys(config.classes);
  const classes: ClassPolicy[] = Object.entries(config.classes).map(([name, terms]) => ({ name, ...terms }));
  const bounds = eventBounds(context.nowMs, classes);
  const classIndexOf = (domain: string): number =>
    Math.max(0, classNames.indexOf(classOfDomain(config.classOfDomain, domain)));
  const policy: IntakePolicy = {
    bounds,
    quarantineTerm: config.quarantineTerm,
    rawTerms: classes.map(({ raw }) => raw),
    classOf: classIndexOf,
  };
  const encoder = createBatchEncoder({
    settings: {
      classNames,
      oldestRawDay: bounds.oldestRawDay,
      oldestAnalyticsDay: bounds.oldestAnalyticsDay,
      nameSecret: await ensureSecret(join(context.stateDirectory, "analytics-names.secret")),
    },
    analytics: config.analytics,
  });
  const totals = createTotals();
  const builder = createBatchBuilder(
    { rows: config.ingest.batchRows, bytes: config.ingest.batchBytes },
    CHUNK_BYTES,
    classIndexOf,
  );

  const encode = async (filled: FilledBatch): Promise<EncodedBatch> => {
    const batch = batchId(rawSchema.version, node, filled.manifestSources);
    const receivedAtMs = request.clock();
    const { packed, domains, classes: domainClasses, sources } = filled;
    const origin = { node, receivedAtMs, sources, domains };
    const objects = await encoder.encode({ batch, packed, origin, classes: domainClasses });
    const manifest = await encodeManifest({ version: 1, node, batch, sources: filled.manifestSources });
    const record = batchRecord(filled, batch, objects, manifest, {
      node,
      at: new Date(receivedAtMs).toISOString(),
      clock: context.nowIsArgument ? "argument" : "system",
    });
    return { record, manifest, objects: objects.map(({ bytes }) => bytes) };
  };
  const send = async (encoded: EncodedBatch): Promise<void> => {
    await spool.add(encoded);
    await sendBatch(encoded.record, destination);
    addToTotals(totals, encoded.record);
  };
  const pipeline = createBatchPipeline(encode, send);
  const flush = async (): Promise<void> => {
    const lines = countReasons(builder, totals);
    const filled = takeBatch(builder);
    totals.readLines += lines;
    if (filled !== undefined) await pipeline.submit(filled);
  };

  try {
    const files = await readInputs(request, { destination, builder, policy, flush, totals });
    await flush();
    await pipeline.finish();
    return {
      node,
      files,
      ...totals.account,
      quarantined: Object.fromEntries([...totals.quarantined].sort(([, a], [, b]) => b - a)),
      objects: Object.fromEntries(totals.objects),
      resumedBatches,
      seconds: (performance.now() - startedAt) / 1000,
      isInterrupted: context.signal.aborted,
    };
  } finally {
    await encoder.close();
  }
}

/** Sends what an earlier run left in the spool. */
async function resumeSpool(destination: BatchDestination): Promise<number> {
  const { spool, ledger } = destination;
  const records = await spool.records();
  let resumed = 0;
  for (const record of records) {
    const isNew = !ledger.isCommitted(record.batch);
    const manifest: Manifest | undefined = isNew
      ? await decodeManifest(await spool.readManifest(record.batch))
      : undefined;
    await sendBatch(record, destination);
    if (manifest === undefined) continue;
    addManifest(ledger.streams, manifest);
    resumed++;
  }
  return resumed;
}

interface Reading {
  readonly destination: BatchDestination;
  readonly builder: BatchBuilder;
  readonly policy: IntakePolicy;
  readonly flush: () => Promise<void>;
  readonly totals: Totals;
}

async function readInputs(request: IngestRequest, reading: Reading): Promise<readonly FileAccount[]> {
  const { context, inputs } = request;
  const files: FileAccount[] = [];
  let doneBytes = 0;
  for (const input of inputs) {
    if (context.signal.aborted) break;
    let log: OpenLog;
    try {
      log = await input.open();
    } catch (error) {
      files.push({ name: input.name, outcome: { kind: "unreadable", message: explainOpen(error) } });
      continue;
    }
    try {
      const onProgress = (fileBytes: number): void =>
        request.onProgress?.({ fileBytes: doneBytes + fileBytes, lines: linesSoFar(reading) });
      const outcome = await ingestLog(
        {
          log,
          domain: input.domain,
          chooseFormat: request.chooseFormat,
          lineBytesMax: context.config.ingest.lineBytesMax,
          isFinished: request.isFinished || looksFinished(log, request.clock()),
          onProgress,
          signal: context.signal,
        },
        reading.destination.ledger.streams,
        reading.builder,
        reading.policy,
        reading.flush,
      );
      files.push({ name: input.name, outcome });
    } finally {
      await log.close();
    }
    doneBytes += log.sizeBytes ?? 0;
  }
  return files;
}

/** A server that holds back half a line for longer than this is not writing it any more. */
const QUIET_MS = 10 * 60 * 1000;

/** True when nobody writes to the file any more, so that a last line without a newline is all there will be. */
function looksFinished(log: OpenLog, nowMs: number): boolean {
  return log.name === "-" || log.compression !== "none" || nowMs - log.modifiedMs > QUIET_MS;
}

function explainOpen(error: unknown): string {
  if (!(error instanceof Error)) throw error;
  const code = "code" in error ? error.code : undefined;
  if (code === "ENOENT") return "there is no such file";
  if (code === "EACCES" || code === "EPERM") return "this user may not read it";
  if (code === "ELOOP") return "its symbolic links go in a circle";
  return error.message;
}

interface Totals {
  readonly account: { batches: number; lines: number; stored: number; refused: number; bytes: number };
  readonly quarantined: Map<string, number>;
  readonly objects: Map<string, { objects: number; bytes: number }>;
  /** Lines of batches that are cut, committed or not. */
  readLines: number;
}

function createTotals(): Totals {
  return {
    account: { batches: 0, lines: 0, stored: 0, refused: 0, bytes: 0 },
    quarantined: new Map(),
    objects: new Map(),
    readLines: 0,
  };
}

function addToTotals({ account, objects }: Totals, record: BatchRecord): void {
  account.batches++;
  account.lines += record.counts.lines;
  account.stored += record.counts.stored;
  account.refused += record.counts.refused;
  account.bytes += record.counts.bytes;
  for (const { view, sizeBytes } of record.objects) {
    const sum = objects.get(view) ?? { objects: 0, bytes: 0 };
    objects.set(view, { objects: sum.objects + 1, bytes: sum.bytes + sizeBytes });
  }
}

/** Adds the reasons of the batch at hand to the totals, and returns its number of lines. */
function countReasons({ ranges }: BatchBuilder, { quarantined }: Totals): number {
  let lines = 0;
  for (const range of ranges) {
    lines += range.lines;
    for (const [, , reason, count] of range.quarantined) quarantined.set(reason, (quarantined.get(reason) ?? 0) + count);
  }
  return lines;
}

function linesSoFar({ builder: { batch }, totals }: Reading): number {
  return totals.readLines + batch.rows + batch.quarantine.rows;
}

function batchRecord(
  { manifestSources }: FilledBatch,
  batch: string,
  objects: readonly EncodedObject[],
  manifest: Uint8Array,
  origin: Pick<BatchRecord, "node" | "at" | "clock">,
): BatchRecord {
  const sum = (pick: (source: (typeof manifestSources)[number]) => number): number =>
    manifestSources.reduce((total, source) => total + pick(source), 0);
  return {
    kind: "batch",
    node: origin.node,
    batch,
    at: origin.at,
    clock: origin.clock,
    program: version,
    counts: {
      lines: sum(({ lines }) => lines),
      bytes: sum(({ from, to }) => to - from),
      stored: sum(({ stored }) => stored),
      quarantined: sum(({ quarantined }) => quarantined.reduce((total, [, , , lines]) => total + lines, 0)),
      refused: sum(({ refused }) => refused.reduce((total, [, , lines]) => total + lines, 0)),
    },
    objects: objects.map(({ view, key, rows, sha256, bytes }) => ({ view, key, rows, sizeBytes: bytes.length, sha256 })),
    manifest: { key: manifestKey(origin.node, batch), sizeBytes: manifest.length, sha256: sha256Hex(manifest) },
  };
}

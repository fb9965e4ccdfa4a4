import { join } from "node:path";
import type { Config } from "../../config/config.ts";
import { createBatchBuilder, type FilledBatch, takeBatch } from "../../ingest/batch/batch-builder.ts";
import { batchRecord } from "../../ingest/batch/batch-record.ts";
import { type ClassPolicy, type EventBounds, eventBounds } from "../../ingest/batch/event-bounds.ts";
import type { IngestAccount } from "../../ingest/ingest-account.ts";
import { addCommitted, addCut, createIngestTotals, sumOf } from "../../ingest/ingest-totals.ts";
import { createBatchPipeline } from "../../ingest/io/batch-pipeline.ts";
import type { ChooseFormat } from "../../ingest/io/ingest-log.ts";
import { openNodeLedger } from "../../ingest/io/node-ledger.ts";
import { CHUNK_BYTES } from "../../ingest/io/open-log.ts";
import { ensureSecret } from "../../ingest/io/secret-file.ts";
import { type BatchDestination, sendBatch } from "../../ingest/io/send-batch.ts";
import type { Spool, SpoolEntry } from "../../ingest/io/spool.ts";
import { checkSeal } from "../check-seal.ts";
import { classOfDomain } from "../class-of-domain.ts";
import { UserError } from "../errors.ts";
import { exitCode } from "../exit-code.ts";
import { batchId, encodeManifest, type Manifest, objectsHash } from "../ledger/manifest.ts";
import { rawSchema } from "../schema/raw-schema.ts";
import type { SealMode } from "../seal/seal-mode.ts";
import type { ObjectStore } from "../store/object-store.ts";
import { probeCreationDaily, probedPlaceOf, probeKeyOf } from "../store/probe-creation.ts";
import { ensureStoreIdentity, type NewStore, type StoreIdentity } from "../store-identity.ts";
import { type BatchEncoder, createBatchEncoder } from "./batch-encoder.ts";
import type { Context } from "./context.ts";
import { refuseUnmade } from "./ensure-recipients.ts";
import { ledgerWriterOf } from "./ledger-writer.ts";
import { openNetworkTables } from "./open-network-tables.ts";
import { openSealing, type Sealing } from "./open-sealing.ts";
import { type LogInput, readInputs } from "./read-inputs.ts";
import { refuseClosed } from "./refuse-closed.ts";
import { mayNotBeSent, resumeSpool } from "./resume-spool.ts";

export interface IngestRequest {
  readonly context: Context;
  readonly node: string;
  /** How a store that is yet to be made is kept; before what the config says. */
  readonly seal?: SealMode | undefined;
  readonly inputs: readonly LogInput[];
  readonly chooseFormat: ChooseFormat;
  /** True when a last line without a newline counts, whatever the file looks like. */
  readonly isFinished: boolean;
  /** True when the logs are others than any that are stored, however they begin. */
  readonly isNew: boolean;
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

/**
 * Reads the logs and commits what is new in them, and gives account. The caller holds the node's lock. What an
 * earlier run spooled is sent first. Throws when the store or the spool fails; what is committed by then
 * stays, and the next run goes on from there.
 */
export async function runIngest(request: IngestRequest): Promise<IngestAccount> {
  const { context, node, clock } = request;
  const startedAt = performance.now();
  const classes = classPolicies(context.config);
  const { destination, sealing } = await openDestination(request, classes);
  const bounds = eventBounds(context.nowMs, classes, sealing);
  const resumedBatches = await resumeSpool(destination, mayNotBeSent(context, bounds, classes, sealing));
  const encoder = await openEncoder(request, classes, bounds, sealing);
  const totals = createIngestTotals();
  const { batchRows, batchBytes, lineBytesMax } = context.config.ingest;
  const classOf = classIndexOf(context.config, classes);
  const builder = createBatchBuilder({ rows: batchRows, bytes: batchBytes }, CHUNK_BYTES, classOf);
  const pipeline = createBatchPipeline(
    (filled) => encodeEntry(filled, request, encoder),
    async (entry) => {
      await refuseClosed(entry.record, context, sealing);
      await destination.spool.add(entry);
      await sendBatch(entry.record, destination);
      addCommitted(totals, entry.record);
    },
  );
  const flush = async (): Promise<void> => {
    addCut(totals, builder.ranges);
    const filled = takeBatch(builder);
    if (filled !== undefined) await pipeline.submit(filled);
  };
  const onProgress = (fileBytes: number): void => {
    const { batch } = builder;
    request.onProgress?.({ fileBytes, lines: totals.cutLines + batch.rows + batch.quarantine.rows });
  };
  const policy = {
    bounds,
    quarantineTerm: context.config.quarantineTerm,
    rawTerms: classes.map(({ raw }) => raw),
    classOf,
  };
  const { streams } = destination.ledger;
  const { chooseFormat, isFinished, isNew } = request;
  const { signal } = context;
  try {
    const reading = {
      streams,
      builder,
      policy,
      flush,
      chooseFormat,
      lineBytesMax,
      isFinished,
      isNew,
      clock,
      onProgress,
      signal,
    };
    const files = await readInputs(request.inputs, reading);
    await flush();
    await pipeline.finish();
    const seconds = (performance.now() - startedAt) / 1000;
    return { node, files, ...sumOf(totals), resumedBatches, seconds, isInterrupted: signal.aborted };
  } finally {
    await pipeline.settle();
    await encoder.close();
  }
}

async function openDestination(
  { context, node, openSpool, seal }: IngestRequest,
  classes: readonly ClassPolicy[],
): Promise<{ readonly destination: BatchDestination; readonly sealing: Sealing | undefined }> {
  const roots = {
    raw: await context.openRoot("raw"),
    analytics: await context.openRoot("analytics"),
    quarantine: await context.openRoot("quarantine"),
    ledger: await context.openRoot("ledger"),
  };
  const at = new Date(context.nowMs).toISOString();
  const published = await context.openRoot("published");
  const wanted = seal ?? context.config.seal;
  const made: NewStore = { at, isDrill: context.nowIsArgument, seal: wanted ?? "age" };
  await refuseUnmade(context, published, made.seal);
  const identity = await ensureStoreIdentity(published, made);
  checkSeal(wanted, identity);
  checkDrill(context, identity);
  await probeLedger(context, roots.ledger, node, identity);
  const sealing = await openSealing(context, identity, classes);
  // A batch that was cut for one store must never be sent to another.
  const spool = openSpool(join(context.stateDirectory, "spool", identity.id, node));
  const ledger = await openNodeLedger(await ledgerWriterOf(context, identity), node);
  return { destination: { roots, spool, ledger }, sealing };
}

/**
 * What the ledger promises rests on one server's way with conditional puts, which differs. A folder's rests on
 * link(2), which is the same everywhere.
 */
async function probeLedger(
  { config, stateDirectory, nowMs }: Context,
  ledger: ObjectStore,
  node: string,
  { id }: StoreIdentity,
): Promise<void> {
  if (!ledger.url.startsWith("s3://")) return;
  const notePath = join(stateDirectory, `creation-probe-${id}.json`);
  // As the SDK does, which takes the endpoint from there where the config names none.
  const place = probedPlaceOf(ledger.url, config.s3.endpoint, process.env);
  await probeCreationDaily(ledger, probeKeyOf(node, "ingest", nowMs), notePath, { place, nowMs });
}

/** Under a made-up clock lines of a real store would be refused, or kept, by mistake and for good. */
function checkDrill({ nowIsArgument, stderr }: Context, { isDrill }: StoreIdentity): void {
  if (nowIsArgument && !isDrill) {
    throw new UserError(
      "this store holds real visits: with --now, lines would be refused or kept by a made-up clock; leave --now out, or use a store of its own for drills",
      exitCode.usage,
    );
  }
  if (isDrill && !nowIsArgument) {
    stderr.write(
      "warning: this store was made for drills: what is in it may be destroyed under a made-up clock\n",
    );
  }
}

function classPolicies({ classes }: Config): readonly ClassPolicy[] {
  return Object.entries(classes).map(([name, terms]) => ({ name, ...terms }));
}

function classIndexOf(config: Config, classes: readonly ClassPolicy[]): (domain: string) => number {
  const indexes = new Map(classes.map(({ name }, index) => [name, index]));
  return (domain) => {
    const index = indexes.get(classOfDomain(config.classOfDomain, domain));
    if (index === undefined) throw new Error("the config names a class that it does not have");
    return index;
  };
}

async function openEncoder(
  { context: { config, stateDirectory }, node }: IngestRequest,
  classes: readonly ClassPolicy[],
  { oldestRawDay, oldestAnalyticsDay }: EventBounds,
  sealing: Sealing | undefined,
): Promise<BatchEncoder> {
  // A table that cannot be read is reported here, before a line is read; the encoder opens it for itself.
  await openNetworkTables(config.analytics);
  return createBatchEncoder({
    settings: {
      classNames: classes.map(({ name }) => name),
      oldestRawDay,
      oldestAnalyticsDay,
      nameSecret: await ensureSecret(join(stateDirectory, `analytics-names-${node}.secret`)),
    },
    analytics: config.analytics,
    recipients: sealing?.snapshot,
  });
}

async function encodeEntry(
  { packed, domains, classes, sources, manifestSources }: FilledBatch,
  { node, clock, context }: IngestRequest,
  encoder: BatchEncoder,
): Promise<SpoolEntry> {
  const batch = batchId(rawSchema.version, node, manifestSources);
  const receivedAtMs = clock();
  const encoded = await encoder.encode({
    batch,
    packed,
    origin: { node, receivedAtMs, sources, domains },
    classes,
  });
  const objects = encoded.map(({ view, key, rows, sha256, md5, bytes }) => ({
    view,
    key,
    rows,
    sizeBytes: bytes.length,
    sha256,
    ...(md5 === undefined ? {} : { md5 }),
  }));
  const manifest: Manifest = {
    version: 1,
    node,
    batch,
    objects: objectsHash(objects),
    sources: manifestSources,
  };
  const manifestBytes = await encodeManifest(manifest);
  const record = batchRecord(manifest, manifestBytes, objects, {
    at: new Date(receivedAtMs).toISOString(),
    clock: context.nowIsArgument ? "argument" : "system",
  });
  return { record, objects: encoded.map(({ bytes }) => bytes), manifest: manifestBytes };
}

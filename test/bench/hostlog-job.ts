import { join } from "node:path";
import { createBatchBuilder, isFull, openRange, takeBatch } from "../../ingest/batch/batch-builder.ts";
import { eventBounds } from "../../ingest/batch/event-bounds.ts";
import { createLineIntake } from "../../ingest/batch/line-intake.ts";
import { createParsedLine } from "../../ingest/format/line-format.ts";
import { presets } from "../../ingest/format/presets.ts";
import { CHUNK_BYTES, openLog } from "../../ingest/io/open-log.ts";
import { createSpool } from "../../ingest/io/spool.ts";
import { createLineSplitter, feedLines } from "../../ingest/line/split-lines.ts";
import { createOpenContext } from "../../src/commands/context.ts";
import { runIngest } from "../../src/commands/ingest-run.ts";
import type { SealMode } from "../../src/seal/seal-mode.ts";
import type { Term } from "../../src/term.ts";
import { type Measurement, measure } from "./harness.ts";
import { logEndMs } from "./write-log.ts";

const LINE_BYTES_MAX = 1024 * 1024;
const format = presets.vhost_combined;

/** Finds the fields of every line, and keeps nothing. */
export async function parseAlone(path: string): Promise<Measurement> {
  const log = await openLog(path);
  const parser = format.open();
  const line = createParsedLine();
  let count = 0;
  const sink = {
    line: (bytes: Uint8Array, start: number, end: number): void => {
      if (parser.parse(bytes, start, end, line) === 0) count++;
    },
    overlong: (): void => undefined,
    hole: (): void => undefined,
  };
  const measured = await measure(async () => {
    const splitter = createLineSplitter(0, LINE_BYTES_MAX);
    for await (const chunk of log.read(0)) feedLines(splitter, chunk, sink);
    return { count, outputBytes: 0 };
  });
  await log.close();
  return measured;
}

/** Puts every line into the columns of batches, interned, and lets the batches go. */
export async function parseToColumns(path: string): Promise<Measurement> {
  const log = await openLog(path);
  const term: Term = { count: 2, unit: "y" };
  const builder = createBatchBuilder({ rows: 200_000, bytes: 64 * 1024 * 1024 }, CHUNK_BYTES, () => 0);
  const policy = {
    bounds: eventBounds(logEndMs, [{ name: "standard", raw: term, analytics: term }]),
    quarantineTerm: { count: 90, unit: "d" } as const,
    rawTerms: [term],
    classOf: () => 0,
  };
  const stream = { id: "0".repeat(32), head: "", pieces: [] };
  const names = { name: path, format: format.name };
  const source = { format, domain: undefined, isDomainGiven: false, modifiedMs: logEndMs };
  const measured = await measure(async () => {
    let count = 0;
    const splitter = createLineSplitter(0, LINE_BYTES_MAX);
    const intake = createLineIntake(builder, openRange(builder, stream, names, 0), source, policy);
    for await (const chunk of log.read(0)) {
      feedLines(splitter, chunk, intake);
      if (!isFull(builder)) continue;
      count += intake.range.stored;
      takeBatch(builder);
      intake.range = openRange(builder, stream, names, splitter.lineStart);
    }
    return { count: count + intake.range.stored, outputBytes: 0 };
  });
  await log.close();
  return measured;
}

/** The whole `hostlog ingest` into a folder whose keys are made: both views, sealing, spool, ledger, every fsync. */
export async function ingestToFolder(path: string, folder: string, seal: SealMode): Promise<Measurement> {
  const openContext = createOpenContext({
    environment: { HOSTLOG_KEYS: join(folder, "keys") },
    workingDirectory: folder,
    homeDirectory: folder,
    hostName: "web01",
    isSuperuser: false,
    clock: () => logEndMs,
    stdout: process.stdout,
    stderr: process.stderr,
    signal: new AbortController().signal,
  });
  const context = await openContext({ store: join(folder, `store-${process.pid}`) });
  const input = { name: path, domain: undefined, isDomainGiven: false, open: () => openLog(path) };
  const request = {
    context,
    node: "web01",
    seal,
    chooseFormat: () => ({ format, sampledLines: 0 }),
    isFinished: true,
    isNew: false,
    clock: () => logEndMs,
    openSpool: createSpool,
  };
  await runIngest({ ...request, inputs: [] });
  return measure(async () => {
    const account = await runIngest({ ...request, inputs: [input] });
    const outputBytes = Object.values(account.objects).reduce((sum, { bytes }) => sum + bytes, 0);
    return { count: account.stored, outputBytes };
  });
}

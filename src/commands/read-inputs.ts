import type { BatchBuilder } from "../../ingest/batch/batch-builder.ts";
import type { IntakePolicy } from "../../ingest/batch/line-intake.ts";
import type { FileAccount } from "../../ingest/ingest-account.ts";
import { type ChooseFormat, ingestLog } from "../../ingest/io/ingest-log.ts";
import type { OpenLog } from "../../ingest/io/open-log.ts";
import type { StreamIndex } from "../../ingest/source/stream-index.ts";

/** A log to read, named before it is opened: thousands are read one after the other, one open at a time. */
export interface LogInput {
  readonly name: string;
  /** The site, where the file's name or the operator gives it. */
  readonly domain: string | undefined;
  /** True when the operator gave it for all lines, whatever they name. */
  readonly isDomainGiven: boolean;
  open(): Promise<OpenLog>;
}

export interface Reading {
  readonly streams: StreamIndex;
  readonly builder: BatchBuilder;
  readonly policy: IntakePolicy;
  readonly flush: () => Promise<void>;
  readonly chooseFormat: ChooseFormat;
  readonly lineBytesMax: number;
  /** True when a last line without a newline counts, whatever the file looks like. */
  readonly isFinished: boolean;
  /** True when the logs are others than any that are stored, however they begin. */
  readonly isNew: boolean;
  readonly clock: () => number;
  /** Told how many bytes of all files, as they lie on the disk, have been read. */
  readonly onProgress: (fileBytes: number) => void;
  readonly signal: AbortSignal;
}

/** Reads the logs one after the other. One that cannot be read does not stop the others. */
export async function readInputs(
  inputs: readonly LogInput[],
  reading: Reading,
): Promise<readonly FileAccount[]> {
  const files: FileAccount[] = [];
  let doneBytes = 0;
  for (const input of inputs) {
    if (reading.signal.aborted) break;
    const log = await openInput(input);
    if (typeof log === "string") {
      files.push({ name: input.name, outcome: { kind: "unreadable", message: log } });
      continue;
    }
    try {
      files.push({ name: input.name, outcome: await readLog(input, log, doneBytes, reading) });
    } finally {
      await log.close();
    }
    doneBytes += log.sizeBytes ?? 0;
  }
  return files;
}

async function readLog(
  { domain, isDomainGiven }: LogInput,
  log: OpenLog,
  doneBytes: number,
  reading: Reading,
): Promise<FileAccount["outcome"]> {
  const { chooseFormat, lineBytesMax, signal } = reading;
  const job = {
    log,
    domain,
    isDomainGiven,
    isNew: reading.isNew,
    chooseFormat,
    lineBytesMax,
    isFinished: reading.isFinished || looksFinished(log, reading.clock()),
    onProgress: (fileBytes: number): void => reading.onProgress(doneBytes + fileBytes),
    signal,
  };
  return ingestLog(job, reading.streams, reading.builder, reading.policy, reading.flush);
}

/** A server that holds back half a line for longer than this is not writing it any more. */
const QUIET_MS = 10 * 60 * 1000;

/** True when nobody writes to the file any more, so that a last line without a newline is all there will be. */
function looksFinished(log: OpenLog, nowMs: number): boolean {
  return log.name === "-" || log.compression !== "none" || nowMs - log.modifiedMs > QUIET_MS;
}

/** The log, or why it cannot be opened. */
async function openInput(input: LogInput): Promise<OpenLog | string> {
  try {
    return await input.open();
  } catch (error) {
    // The signal came while standard input was being taken in: nothing of it is stored.
    if (!(error instanceof Error) || error.name === "AbortError") throw error;
    const code = "code" in error ? error.code : undefined;
    if (code === "ENOENT") return "there is no such file";
    if (code === "EACCES" || code === "EPERM") return "this user may not read it";
    if (code === "ELOOP") return "its symbolic links go in a circle";
    return error.message;
  }
}

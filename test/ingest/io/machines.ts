import { openNodeLedger } from "../../../ingest/io/node-ledger.ts";
import { type BatchDestination, sendBatch } from "../../../ingest/io/send-batch.ts";
import { createSpool, type Spool } from "../../../ingest/io/spool.ts";
import { coverSources } from "../../../src/audit/cover-sources.ts";
import type { Finding } from "../../../src/audit/finding.ts";
import type { ReadFinding } from "../../../src/audit/read-store.ts";
import { UserError } from "../../../src/errors.ts";
import { exitCode } from "../../../src/exit-code.ts";
import type { ManifestSource } from "../../../src/ledger/manifest.ts";
import { AccessDeniedError, type ObjectStore } from "../../../src/store/object-store.ts";
import { readingFindings } from "../../support/audit.ts";
import { writerTo } from "../../support/ledger-writer.ts";
import { batchOf, type Roots, type TestBatch, type TestBatchOptions } from "../../support/recorded-batch.ts";

const node = "web01";

/** A machine that ships for the node: a spool of its own, and what it has read of the ledger. */
export interface Machine {
  readonly destination: BatchDestination;
  readonly spool: Spool;
  send(sources: readonly ManifestSource[], options?: TestBatchOptions): Promise<TestBatch>;
}

export async function startMachine(roots: Roots, spoolDirectory: string): Promise<Machine> {
  const spool = createSpool(spoolDirectory);
  const destination = { roots, spool, ledger: await openNodeLedger(writerTo(roots.ledger), node) };
  return {
    destination,
    spool,
    async send(sources, options) {
      const batch = await batchOf(sources, options);
      await spool.add(batch);
      await sendBatch(batch.record, destination);
      return batch;
    },
  };
}

/** What a new run does first. */
export async function resume({ spool, destination }: Machine): Promise<void> {
  for (const record of await spool.records()) await sendBatch(record, destination);
}

/** Runs again until there is nothing left to send, as an operator does who reads the messages. */
export async function runAgain(roots: Roots, spoolDirectory: string): Promise<void> {
  for (let attempt = 0; attempt < 5; attempt++) {
    const machine = await startMachine(roots, spoolDirectory);
    try {
      await resume(machine);
      return;
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
    }
  }
  throw new Error("it does not come to an end");
}

/** What is not as recorded; every object is read. */
export async function findings(roots: Roots): Promise<readonly (Finding | ReadFinding)[]> {
  return readingFindings(roots);
}

export async function committedRanges(roots: Roots): Promise<readonly number[]> {
  const ranges: number[] = [];
  for await (const { streams } of coverSources(roots.ledger)) {
    ranges.push(...streams.map(({ coveredBytes }) => coveredBytes));
  }
  return ranges;
}

/** The views as a node has them that may only put: what else it tries is denied. */
export function writeOnly(roots: Roots): Roots {
  const denied = (): AccessDeniedError => new AccessDeniedError("denied", exitCode.config);
  const limit = (store: ObjectStore): ObjectStore => ({
    ...store,
    read: () => Promise.reject(denied()),
    asFile: () => Promise.reject(denied()),
    // oxlint-disable-next-line require-yield -- it is refused at the first page
    async *list() {
      throw denied();
    },
    remove: async (keys) => keys.map((key) => ({ key, message: "AccessDenied" })),
  });
  return {
    ...roots,
    raw: limit(roots.raw),
    analytics: limit(roots.analytics),
    quarantine: limit(roots.quarantine),
  };
}

export class Crash extends Error {}

/** Lets so many steps happen, and ends everything before or after the next: after it, nobody hears of it. */
export function crashingAt(
  step: number,
  isAfter: boolean,
): { wrap(store: ObjectStore): ObjectStore; wrapSpool(spool: Spool): Spool } {
  let steps = 0;
  const act = async <T>(work: () => Promise<T>): Promise<T> => {
    if (steps > step || (steps === step && !isAfter)) {
      steps++;
      throw new Crash();
    }
    const isLast = steps++ === step;
    const result = await work();
    if (isLast) throw new Crash();
    return result;
  };
  return {
    wrap: (store) => ({
      ...store,
      create: (key, body) => act(() => store.create(key, body)),
      remove: (keys) => act(() => store.remove(keys)),
    }),
    wrapSpool: (spool) => ({ ...spool, remove: (batch) => act(() => spool.remove(batch)) }),
  };
}

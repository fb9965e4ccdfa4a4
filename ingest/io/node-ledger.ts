import { UserError } from "../../src/errors.ts";
import { exitCode } from "../../src/exit-code.ts";
import {
  appendRecord,
  type ChainHead,
  emptyChain,
  headOf,
  type LedgerWriter,
  readChain,
} from "../../src/ledger/chain.ts";
import { decodeManifest, type Manifest } from "../../src/ledger/manifest.ts";
import type { BatchRecord } from "../../src/ledger/record.ts";
import type { StoredRecord } from "../../src/ledger/record-object.ts";
import { sha256Hex } from "../../src/sha256.ts";
import type { ObjectStore } from "../../src/store/object-store.ts";
import { addCommitted, type CommittedRanges, overlapsCommitted } from "../source/committed-ranges.ts";
import { addManifest, createStreamIndex, type StreamIndex } from "../source/stream-index.ts";
import { ensureNodeSecret } from "./node-secret.ts";

/** What is committed of a node's lines, and the way to commit more. */
export interface NodeLedger {
  readonly streams: StreamIndex;
  isCommitted(batch: string): boolean;
  /** The record that committed the batch; undefined when none did. Another import may have cut the same batch. */
  recordOf(batch: string): Promise<BatchRecord | undefined>;
  /** Takes note of what others have recorded for the node by now. */
  catchUp(): Promise<void>;
  /** True when some of the manifest's bytes are committed, as far as this knows of others. */
  overlaps(manifest: Manifest): boolean;
  /**
   * Writes the batch's record, behind whatever other writers have recorded for the node by now. Throws an
   * {@link OverlapError} when some of its bytes are committed already.
   */
  commit(record: BatchRecord, manifest: Manifest): Promise<void>;
}

/** Another import stored the same lines since these were cut. */
export class OverlapError extends Error {
  override readonly name = "OverlapError";
}

/** How many manifests are fetched at once. */
const FETCHES = 16;

/**
 * Reads a node's chain and manifests. Throws a {@link UserError} when one cannot be read: without them nobody
 * knows which lines are stored already.
 */
export async function openNodeLedger(writer: LedgerWriter, node: string): Promise<NodeLedger> {
  const { ledger } = writer;
  const streams = createStreamIndex(node, await ensureNodeSecret(ledger, node));
  const ranges: CommittedRanges = new Map();
  /** By batch, what stands before its record. */
  const committed = new Map<string, ChainHead>();
  let head: ChainHead = emptyChain;

  const take = (stored: StoredRecord): Promise<Manifest> | undefined => {
    const { record } = stored;
    const before = head;
    head = headOf(stored);
    if (record.body.kind !== "batch") return undefined;
    committed.set(record.body.batch, before);
    return readManifest(ledger, record.body);
  };
  const add = (manifest: Manifest): void => {
    addManifest(streams, manifest);
    addCommitted(ranges, manifest);
  };
  const overlaps = (manifest: Manifest): boolean => overlapsCommitted(ranges, manifest);
  const refuseOverlap = (manifest: Manifest): void => {
    if (!overlaps(manifest)) return;
    throw new OverlapError("another import has stored the same lines at the same time");
  };

  const fetching: Promise<Manifest>[] = [];
  for await (const stored of readChain(ledger, node)) {
    const manifest = take(stored);
    if (manifest === undefined) continue;
    manifest.catch(() => undefined);
    fetching.push(manifest);
    const oldest = fetching.length > FETCHES ? fetching.shift() : undefined;
    if (oldest !== undefined) add(await oldest);
  }
  for (const manifest of fetching) add(await manifest);

  return {
    streams,
    isCommitted: (batch) => committed.has(batch),
    async recordOf(batch) {
      const before = committed.get(batch);
      if (before === undefined) return undefined;
      for await (const { record } of readChain(ledger, node, before)) {
        return record.body.kind === "batch" ? record.body : undefined;
      }
      return undefined;
    },
    async catchUp() {
      for await (const foreign of readChain(ledger, node, head)) {
        const manifest = await take(foreign);
        if (manifest !== undefined) add(manifest);
      }
    },
    overlaps,
    async commit(record, manifest) {
      // What an earlier run left in the spool may have been stored by another import since.
      refuseOverlap(manifest);
      const onForeign = async (foreign: StoredRecord): Promise<void> => {
        const other = await take(foreign);
        if (other === undefined) return;
        add(other);
        refuseOverlap(manifest);
      };
      const next = await appendRecord(writer, node, record, { head, onForeign });
      committed.set(record.batch, head);
      addCommitted(ranges, manifest);
      head = next;
    },
  };
}

async function readManifest(ledger: ObjectStore, { manifest, batch }: BatchRecord): Promise<Manifest> {
  try {
    const bytes = await ledger.read(manifest.key);
    if (sha256Hex(bytes) !== manifest.sha256) throw new Error("its hash is not the recorded one");
    return await decodeManifest(bytes);
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(
      `the manifest of batch ${batch} (${ledger.url}/${manifest.key}) cannot be read, so nobody knows which lines are stored already; nothing was read. Restore it from a copy of the ledger.`,
      exitCode.integrity,
      { cause: error },
    );
  }
}

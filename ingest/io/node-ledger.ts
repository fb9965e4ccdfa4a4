import { UserError } from "../../src/errors.ts";
import { exitCode } from "../../src/exit-code.ts";
import { appendRecord, emptyChain, readChain, type StoredRecord } from "../../src/ledger/chain.ts";
import { decodeManifest, type Manifest } from "../../src/ledger/manifest.ts";
import type { BatchRecord } from "../../src/ledger/record.ts";
import { sha256Hex } from "../../src/sha256.ts";
import type { ObjectStore } from "../../src/store/object-store.ts";
import { addManifest, createStreamIndex, type StreamIndex } from "../source/stream-index.ts";

/** What is committed of a node's lines, and the way to commit more. */
export interface NodeLedger {
  readonly streams: StreamIndex;
  isCommitted(batch: string): boolean;
  /**
   * Writes the batch's record, behind whatever other writers have recorded for the node by now. Throws an
   * {@link OverlapError} when one of them has stored some of the same bytes.
   */
  commit(record: BatchRecord, manifest: Manifest): Promise<void>;
}

/** Another import stored the same lines between our reading the ledger and our committing. */
export class OverlapError extends Error {
  override readonly name = "OverlapError";
}

/** How many manifests are fetched at once. */
const FETCHES = 16;

/**
 * Reads a node's chain and manifests. Throws a {@link UserError} when one cannot be read: without them nobody
 * knows which lines are stored already.
 */
export async function openNodeLedger(ledger: ObjectStore, node: string): Promise<NodeLedger> {
  const streams = createStreamIndex(node);
  const committed = new Set<string>();
  let head = emptyChain;

  const take = ({ record, sha256 }: StoredRecord): Promise<Manifest> | undefined => {
    head = { sequence: record.sequence, sha256 };
    if (record.body.kind !== "batch") return undefined;
    committed.add(record.body.batch);
    return readManifest(ledger, record.body);
  };

  const fetching: Promise<Manifest>[] = [];
  for await (const stored of readChain(ledger, node)) {
    const manifest = take(stored);
    if (manifest === undefined) continue;
    manifest.catch(() => undefined);
    fetching.push(manifest);
    const oldest = fetching.length > FETCHES ? fetching.shift() : undefined;
    if (oldest !== undefined) addManifest(streams, await oldest);
  }
  for (const manifest of fetching) addManifest(streams, await manifest);

  return {
    streams,
    isCommitted: (batch) => committed.has(batch),
    async commit(record, manifest) {
      head = await appendRecord(ledger, node, record, head, async (foreign) => {
        const other = await take(foreign);
        if (other === undefined) return;
        if (overlaps(other, manifest)) {
          throw new OverlapError("another import has stored the same lines at the same time");
        }
      });
      committed.add(record.batch);
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

/** True when two manifests took some of the same bytes of a stream. */
function overlaps(a: Manifest, b: Manifest): boolean {
  const ofStream = new Map<string, { from: number; to: number }[]>();
  for (const { stream, from, to } of a.sources) {
    ofStream.set(stream, [...(ofStream.get(stream) ?? []), { from, to }]);
  }
  return b.sources.some(({ stream, from, to }) =>
    (ofStream.get(stream) ?? []).some((range) => range.from < to && from < range.to),
  );
}

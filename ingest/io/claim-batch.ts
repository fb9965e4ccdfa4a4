import { UserError } from "../../src/errors.ts";
import { exitCode } from "../../src/exit-code.ts";
import type { Manifest } from "../../src/ledger/manifest.ts";
import type { BatchRecord } from "../../src/ledger/record.ts";
import { sha256Hex } from "../../src/sha256.ts";
import { ObjectNotFoundError, type ObjectStore } from "../../src/store/object-store.ts";

/**
 * What the manifest in the store says of the objects that lie under the batch's names.
 * - "new": this very call has stored it, so nothing of the batch was stored before.
 * - "earlier": it was there and is this entry's, so an earlier run may have stored any of them.
 * - "unnamed": it names no objects, as those of earlier releases, so nothing can be told.
 */
export type Claim = "new" | "earlier" | "unnamed";

/** The manifest under the batch's name is another import's, which cut the same lines. Nothing was stored. */
export class ForeignManifestError extends UserError {}

/** Stores the manifest, or finds it. Throws a {@link ForeignManifestError}. */
export async function claimBatch(
  ledger: ObjectStore,
  record: BatchRecord,
  manifestBytes: Uint8Array,
  { objects }: Manifest,
): Promise<Claim> {
  const creation = await ledger.create(record.manifest.key, manifestBytes);
  // The answer that got lost may be that of a run before.
  if (creation !== "created" && !(await isClaimed(ledger, record))) throw foreignManifest(ledger, record);
  if (objects === undefined) return "unnamed";
  return creation === "created" ? "new" : "earlier";
}

/** True when the entry's own manifest is in the store. */
export async function isClaimed(ledger: ObjectStore, { manifest }: BatchRecord): Promise<boolean> {
  try {
    return sha256Hex(await ledger.read(manifest.key)) === manifest.sha256;
  } catch (error) {
    if (error instanceof ObjectNotFoundError) return false;
    throw error;
  }
}

function foreignManifest({ url }: ObjectStore, { manifest }: BatchRecord): ForeignManifestError {
  return new ForeignManifestError(
    `${url}/${manifest.key} says that another import for the same node is storing the same lines; nothing of this one was stored. Run again when the other has ended. If this comes again and no import for the node is running anywhere, one that came to no end left the manifest, and perhaps objects that "hostlog verify" calls unrecorded: remove first those and then the manifest, with credentials that may, and run again.`,
    exitCode.tryAgain,
  );
}

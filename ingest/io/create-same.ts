import { UserError } from "../../src/errors.ts";
import { exitCode } from "../../src/exit-code.ts";
import { AccessDeniedError, type ObjectStore } from "../../src/store/object-store.ts";
import type { Claim } from "./claim-batch.ts";

/** Under the name of an object there is something else. */
export class OtherBytesError extends UserError {}

/**
 * Stores an object, or makes sure that the one that is there is the same: by its bytes or, where these
 * credentials may not read, by the batch's manifest. An object that was there before the manifest is not ours;
 * one that came after it is, as nobody else puts objects under the names of a batch that is claimed.
 *
 * "unknown": it cannot be read, and nothing says that it is ours. Throws {@link OtherBytesError}.
 */
export async function createSame(
  store: ObjectStore,
  key: string,
  bytes: Uint8Array,
  claim: Claim,
): Promise<"created" | "same" | "unknown"> {
  const creation = await store.create(key, bytes);
  if (creation === "created") return "created";
  const stored = await readIfAllowed(store, key);
  if (stored !== undefined) {
    if (Buffer.compare(stored, bytes) === 0) return "same";
    throw otherBytes(store, key);
  }
  const isOurs = claim === "earlier" || (claim === "new" && creation === "uncertain");
  return isOurs ? "same" : "unknown";
}

/** Undefined when these credentials may not read it. */
async function readIfAllowed(store: ObjectStore, key: string): Promise<Uint8Array | undefined> {
  try {
    return await store.read(key);
  } catch (error) {
    if (error instanceof AccessDeniedError) return undefined;
    throw error;
  }
}

function otherBytes({ url }: ObjectStore, key: string): OtherBytesError {
  return new OtherBytesError(
    `${url}/${key} exists and holds something else than the batch that was to be stored there; nothing was replaced. If another import for the same node is running, run again when it has ended. If none is, and "hostlog verify" says that no record names the object, an import that came to no end left it there: remove it and run again.`,
    exitCode.integrity,
  );
}

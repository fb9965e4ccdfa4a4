import { UserError } from "../../src/errors.ts";
import { exitCode } from "../../src/exit-code.ts";
import { AccessDeniedError, type ObjectStore } from "../../src/store/object-store.ts";
import type { SpoolStage } from "./spool.ts";

/** Under the name of an object there is something else, or what may well be. */
export class OtherBytesError extends UserError {}

/** The object that is there cannot be read, and is not ours as far as anybody can tell. */
export class DisputedError extends OtherBytesError {}

/**
 * Stores an object, or makes sure that the one that is there is the same: by its bytes or, where these
 * credentials may not read, by what is known of who wrote it. Nobody but this node may give it that name. So
 * it is ours when an earlier run began to send this very entry, or when the answer to this very call got lost;
 * an object that was there before the first of these is another import's.
 *
 * Throws {@link OtherBytesError}, or {@link DisputedError} when that cannot be seen but must be assumed.
 */
export async function createSame(
  store: ObjectStore,
  key: string,
  bytes: Uint8Array,
  stage: SpoolStage,
): Promise<"created" | "same"> {
  const creation = await store.create(key, bytes);
  if (creation === "created") return "created";
  const stored = await readIfAllowed(store, key);
  if (stored !== undefined) {
    if (Buffer.compare(stored, bytes) === 0) return "same";
    throw otherBytes(store, key);
  }
  const isOurs = stage === "begun" || (stage === "new" && creation === "uncertain");
  if (isOurs) return "same";
  throw disputed(store, key);
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

function disputed({ url }: ObjectStore, key: string): DisputedError {
  return new DisputedError(
    `${url}/${key} exists, these credentials may not read it, and this import has not stored it; nothing was replaced. Another import for the same node seems to be storing the same lines: run again when it has ended. If none is running, and "hostlog verify" says that no record names the object, an import that came to no end left it there: remove it, with credentials that may, and run again.`,
    exitCode.tryAgain,
  );
}

import { randomUUID } from "node:crypto";
import { UserError } from "./errors.ts";
import { exitCode } from "./exit-code.ts";
import { type SealMode, sealModes } from "./seal/seal-mode.ts";
import { AccessDeniedError, ObjectNotFoundError, type ObjectStore } from "./store/object-store.ts";

/** What a store says of itself, in `published/store.json`. Written once, when the store is made. */
export interface StoreIdentity {
  readonly id: string;
  readonly createdAt: string;
  /** Made under a clock given by `--now`: a store for drills and tests, in which a purge may be tried. */
  readonly isDrill: boolean;
  /** How raw and quarantine are kept, for as long as the store lives. Stores of earlier releases say nothing: `none`. */
  readonly seal: SealMode;
}

/** What is said of a store when it is made. */
export interface NewStore extends Pick<StoreIdentity, "isDrill" | "seal"> {
  /** ISO 8601. */
  readonly at: string;
}

const key = "store.json";

/** Undefined for a store that nothing was put into yet. */
export async function readStoreIdentity(published: ObjectStore): Promise<StoreIdentity | undefined> {
  try {
    return parseIdentity(await published.read(key), published.url);
  } catch (error) {
    if (error instanceof ObjectNotFoundError) return undefined;
    throw error;
  }
}

/**
 * Reads the identity, or makes it. Of several processes at once one makes it, and all return the same. Throws
 * UserError when it is missing and these credentials, a node's, may not make it.
 */
export async function ensureStoreIdentity(published: ObjectStore, made: NewStore): Promise<StoreIdentity> {
  const known = await readStoreIdentity(published);
  if (known !== undefined) return known;
  const { at, isDrill, seal } = made;
  const text = JSON.stringify({ version: 1, id: randomUUID(), created_at: at, drill: isDrill, seal });
  await makeIdentity(published, Buffer.from(`${text}\n`));
  return parseIdentity(await published.read(key), published.url);
}

async function makeIdentity(published: ObjectStore, bytes: Uint8Array): Promise<void> {
  try {
    await published.create(key, bytes);
  } catch (error) {
    if (!(error instanceof AccessDeniedError)) throw error;
    throw new UserError(
      `${published.url} has not been set up: ${key} is missing, and these credentials may not make it. Run "hostlog init", or "hostlog setup s3 --apply", with credentials that may write there; then run this again.`,
      exitCode.config,
      { cause: error },
    );
  }
}

function parseIdentity(bytes: Uint8Array, url: string): StoreIdentity {
  const fields = readJson(bytes);
  const { id, created_at: createdAt, drill: isDrill } = fields;
  const seal = sealModes.find((mode) => mode === (fields["seal"] ?? "none"));
  if (
    fields["version"] !== 1 ||
    typeof id !== "string" ||
    // It becomes part of paths.
    !/^[A-Za-z0-9-]{1,64}$/.test(id) ||
    typeof createdAt !== "string" ||
    typeof isDrill !== "boolean" ||
    seal === undefined
  ) {
    throw new UserError(
      `${url}/${key} does not describe a store of this version of hostlog; is the URL right?`,
      exitCode.integrity,
    );
  }
  return { id, createdAt, isDrill, seal };
}

function readJson(
  bytes: Uint8Array,
): Partial<Record<"version" | "id" | "created_at" | "drill" | "seal", unknown>> {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return typeof value === "object" && value !== null ? value : {};
  } catch {
    return {};
  }
}

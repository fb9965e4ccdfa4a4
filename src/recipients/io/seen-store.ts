import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { writeDurably } from "../../durable-file.ts";
import { UserError } from "../../errors.ts";
import { exitCode } from "../../exit-code.ts";

/** What a machine has seen of a store's recipients. */
export interface SeenStore {
  /** Where they are published: the store's id is not signed, and who writes there could exchange it. */
  readonly publishedUrl: string;
  /** All that the provider has had, the oldest first. */
  readonly providerKeys: readonly string[];
  readonly generation: number;
}

const namePattern = /^recipients-([A-Za-z0-9-]{1,64})\.json$/;

function seenPath(stateDirectory: string, storeId: string): string {
  return join(stateDirectory, `recipients-${storeId}.json`);
}

export async function readSeen(stateDirectory: string, storeId: string): Promise<SeenStore | undefined> {
  const path = seenPath(stateDirectory, storeId);
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    if (isMissing(error)) return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  const seen = parseSeen(text);
  if (seen !== undefined) return seen;
  throw new UserError(
    `${path} is damaged: it says which provider this machine trusts. Compare the provider's key with "hostlog keys list" on the custodian's machine, write it into the config (keys.provider), and remove the file.`,
    exitCode.integrity,
  );
}

export async function writeSeen(stateDirectory: string, storeId: string, seen: SeenStore): Promise<void> {
  await mkdir(stateDirectory, { recursive: true, mode: 0o700 });
  const { publishedUrl, providerKeys, generation } = seen;
  const text = JSON.stringify({
    version: 1,
    published: publishedUrl,
    provider_keys: providerKeys,
    generation,
  });
  await writeDurably(seenPath(stateDirectory, storeId), Buffer.from(`${text}\n`), { mode: 0o600 });
}

/**
 * Throws UserError when this machine has seen recipients of a store at this URL, and what says now that it is that
 * store has another id, or is not sealed: who can write `published/` must not talk a node out of sealing, nor into
 * sealing for somebody else.
 */
export async function refuseExchanged(
  stateDirectory: string,
  publishedUrl: string,
  sealedId: string | undefined,
): Promise<void> {
  const names = await readdir(stateDirectory).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw error;
  });
  for (const name of names) {
    const id = namePattern.exec(name)?.[1];
    if (id === undefined || id === sealedId) continue;
    const seen = await readSeen(stateDirectory, id);
    if (seen?.publishedUrl === publishedUrl)
      throw exchanged(publishedUrl, seenPath(stateDirectory, id), sealedId);
  }
}

function exchanged(url: string, path: string, sealedId: string | undefined): UserError {
  const found = sealedId === undefined ? "a store that is not sealed" : "another store";
  return new UserError(
    `${url} says that it is ${found}, and this machine has seen a sealed one there (${path}): somebody exchanged ${url}/store.json. No line was taken; the logs stay where they are. Find out who did it and put it back; only if the store was made anew on purpose, remove that file.`,
    exitCode.integrity,
  );
}

function parseSeen(text: string): SeenStore | undefined {
  try {
    const value = JSON.parse(text) as Partial<
      Record<"version" | "published" | "provider_keys" | "generation", unknown>
    > | null;
    const { version, published: publishedUrl, provider_keys: keys, generation } = value ?? {};
    if (version !== 1 || typeof generation !== "number" || !Number.isSafeInteger(generation))
      return undefined;
    if (!Array.isArray(keys) || keys.length === 0 || typeof publishedUrl !== "string") return undefined;
    const providerKeys = keys.filter((key: unknown) => typeof key === "string");
    return providerKeys.length === keys.length ? { publishedUrl, providerKeys, generation } : undefined;
  } catch {
    return undefined;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}

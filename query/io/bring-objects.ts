import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { dayKeyNameOf } from "../../src/seal/day-key-name.ts";
import type { ObjectStore } from "../../src/store/object-store.ts";
import type { DayObject } from "../batches.ts";
import { fetchObjects } from "./fetch-objects.ts";
import { type BroughtObject, openSealed } from "./open-sealed.ts";
import type { SealedSource } from "./sealed-source.ts";

export interface BringPlace {
  readonly store: Pick<ObjectStore, "asFile">;
  /** For copies of plain objects. */
  readonly scratchDirectory: string;
  /** Undefined where no object is sealed. */
  readonly sealed: (SealedSource & { readonly directory: string }) | undefined;
  readonly signal: AbortSignal;
}

/** Objects as local files, in the order given, and how to be rid of the copies among them. */
export interface BroughtObjects {
  readonly objects: readonly BroughtObject[];
  remove(): Promise<void>;
}

export function isSealed({ key }: DayObject): boolean {
  return dayKeyNameOf("raw", key) !== undefined;
}

/**
 * Brings plain objects as they are, and sealed ones opened. `name` is that of a folder for them, which is not
 * there yet. When it throws, nothing is left.
 */
export async function bringObjects(
  { store, scratchDirectory, sealed, signal }: BringPlace,
  objects: readonly DayObject[],
  name: string,
): Promise<BroughtObjects> {
  const plainDirectory = join(scratchDirectory, name);
  const openedDirectory = sealed === undefined ? undefined : join(sealed.directory, `${name}-opened`);
  const directories = [plainDirectory, ...(openedDirectory === undefined ? [] : [openedDirectory])];
  const remove = async (): Promise<void> => {
    for (const directory of directories) await rm(directory, { recursive: true, force: true });
  };
  try {
    for (const directory of directories) await mkdir(directory, { mode: 0o700 });
    const plain = await fetchObjects(
      store,
      objects.filter((object) => !isSealed(object)),
      plainDirectory,
      signal,
    );
    const opened =
      sealed === undefined || openedDirectory === undefined
        ? []
        : await openSealed(sealed, objects.filter(isSealed), openedDirectory);
    const brought = new Map([...plain.map(broughtPlain), ...opened].map((one) => [one.object.key, one]));
    return { objects: objects.flatMap(({ key }) => brought.get(key) ?? []), remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

function broughtPlain({ object, path }: Awaited<ReturnType<typeof fetchObjects>>[number]): BroughtObject {
  if (path === undefined) return { object, kind: "vanished" };
  return { object, kind: "file", path, bytesRead: object.sizeBytes };
}

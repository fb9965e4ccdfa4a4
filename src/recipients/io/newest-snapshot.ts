import type { ObjectStore } from "../../store/object-store.ts";
import { generationOf, SNAPSHOT_PREFIX, snapshotKey } from "../snapshot-key.ts";

export interface NewestSnapshot {
  readonly generation: number;
  readonly bytes: Uint8Array;
}

/** The snapshot of the highest generation; undefined when none is published. */
export async function newestSnapshot(published: ObjectStore): Promise<NewestSnapshot | undefined> {
  let newest = 0;
  for await (const { key } of published.list(SNAPSHOT_PREFIX))
    newest = Math.max(newest, generationOf(key) ?? 0);
  if (newest === 0) return undefined;
  return { generation: newest, bytes: await published.read(snapshotKey(newest)) };
}

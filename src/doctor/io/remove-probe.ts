import type { ObjectStore } from "../../store/object-store.ts";
import type { Answer } from "../answer.ts";
import { isAbandoned, PROBE_FOLDER } from "../run-name.ts";
import type { RemovalSighting } from "../s3-observations.ts";
import { askStore } from "./ask.ts";

/**
 * Removes the probe's own objects, with whatever lies in the folders of earlier runs that died, and looks
 * whether anything is left behind. Who may not list leaves the earlier ones alone.
 */
export async function removeProbe(
  store: ObjectStore,
  run: string,
  keys: readonly string[],
  nowMs: number,
): Promise<Answer<RemovalSighting>> {
  const abandoned = await abandonedKeys(store, nowMs);
  return askStore(async () => {
    const failures = await store.remove([...keys, ...abandoned]);
    return {
      left: failures.map(({ key, message }) => `${store.url}/${key} (${message})`),
      hidden: await askStore(() => countHidden(store, `${run}/`)),
    };
  });
}

async function abandonedKeys(store: ObjectStore, nowMs: number): Promise<readonly string[]> {
  const keys: string[] = [];
  const answer = await askStore(async () => {
    for await (const { key } of store.list(PROBE_FOLDER)) if (isAbandoned(key, nowMs)) keys.push(key);
  });
  return answer.kind === "given" ? keys : [];
}

async function countHidden(store: ObjectStore, prefix: string): Promise<number> {
  let count = 0;
  for await (const _ of store.listHidden(prefix)) count++;
  return count;
}

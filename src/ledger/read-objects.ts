import { inParallel } from "../in-parallel.ts";
import { sha256Hex } from "../sha256.ts";
import { ObjectNotFoundError, type ObjectStore } from "../store/object-store.ts";
import type { View } from "../view.ts";
import type { ExpectedObject, ObjectFinding } from "./compare-objects.ts";
import { compareSealWithName } from "./compare-seals.ts";

/** How many objects are read at once. */
const READERS = 4;

/** Reads each object that should be there; compares its hash with the recorded one, and its form with its name. */
export async function readObjects(
  view: View,
  store: ObjectStore,
  expected: ReadonlyMap<string, ExpectedObject>,
): Promise<readonly ObjectFinding[]> {
  const findings: ObjectFinding[] = [];
  const present = [...expected].filter(([, { isDestroyed }]) => !isDestroyed);
  await inParallel(present, READERS, async ([key, { sha256 }]) => {
    try {
      const bytes = await store.read(key);
      if (sha256Hex(bytes) !== sha256) findings.push({ kind: "altered", view, key });
      const misnamed = compareSealWithName(view, key, bytes);
      if (misnamed !== undefined) findings.push(misnamed);
    } catch (error) {
      // One that is missing is found by its listing.
      if (!(error instanceof ObjectNotFoundError)) throw error;
    }
  });
  return findings;
}

import { setTimeout as delay } from "node:timers/promises";
import { UserError } from "../../errors.ts";
import type { RemoveFailure } from "../object-store.ts";
import type { Patience } from "./s3-place.ts";

/** As for single operations: longer waits make nothing better. */
const DELAY_MAX_MS = 20_000;

/** Things in the store that belong to keys: versions, or uploads. */
export interface Removal<Thing extends { readonly key: string }> {
  /** Those that belong to the keys. Throws UserError. */
  readonly find: (keys: readonly string[]) => Promise<readonly Thing[]>;
  readonly remove: (things: readonly Thing[]) => Promise<readonly RemoveFailure[]>;
  /** What to say of a thing that was removed, as the server says, and is found all the same. */
  readonly remains: string;
}

/**
 * Removes what was `found`, and looks again until nothing of it is left: with growing waits, since a listing may
 * lag behind what was done, and for as long as one operation is tried. A key of which something could not be
 * removed is a failure at once.
 */
export async function removeUntilGone<Thing extends { readonly key: string }>(
  { firstDelayMs, budgetMs }: Patience,
  found: readonly Thing[],
  { find, remove, remains }: Removal<Thing>,
): Promise<readonly RemoveFailure[]> {
  const failures: RemoveFailure[] = [];
  const lastStartMs = performance.now() + budgetMs;
  let left = found;
  for (let delayMs = firstDelayMs; left.length > 0; delayMs = Math.min(delayMs * 2, DELAY_MAX_MS)) {
    const failed = onePerKey(await remove(left));
    failures.push(...failed);
    const keys = unfailed(left, failed);
    if (keys.length === 0) return failures;
    try {
      left = await find(keys);
      if (left.length === 0) return failures;
      if (performance.now() + delayMs > lastStartMs) return [...failures, ...failAll(left, remains)];
      await delay(delayMs);
      left = await find(keys);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      return [...failures, ...failAll(left, error.message)];
    }
  }
  return failures;
}

function unfailed(
  things: readonly { readonly key: string }[],
  failures: readonly RemoveFailure[],
): readonly string[] {
  const failed = new Set(failures.map(({ key }) => key));
  return [...new Set(things.map(({ key }) => key))].filter((key) => !failed.has(key));
}

function failAll(things: readonly { readonly key: string }[], message: string): readonly RemoveFailure[] {
  return onePerKey(things.map(({ key }) => ({ key, message })));
}

function onePerKey(failures: readonly RemoveFailure[]): readonly RemoveFailure[] {
  return [...new Map(failures.map((failure) => [failure.key, failure])).values()];
}

import { UserError } from "../src/errors.ts";
import { exitCode } from "../src/exit-code.ts";
import type { DayObject } from "./batches.ts";
import { completeness } from "./completeness.ts";

/** Where an object was looked for, and what the look-up had given by then. */
export interface BrokenPlace {
  readonly store: { readonly url: string };
  readonly rowsGiven: number;
}

/** Says which object cannot be believed. `what` follows its name. */
export function brokenObject({ store, rowsGiven }: BrokenPlace, { key }: DayObject, what: string): UserError {
  return new UserError(
    `the object ${key} of ${store.url} ${what}; restore it from a copy. ${completeness(rowsGiven)}`,
    exitCode.integrity,
  );
}

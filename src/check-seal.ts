import { UserError } from "./errors.ts";
import { exitCode } from "./exit-code.ts";
import type { SealMode } from "./seal/seal-mode.ts";
import type { StoreIdentity } from "./store-identity.ts";

/** Throws UserError when the config wants a store to be kept otherwise than it was made: both in one store is a mistake. */
export function checkSeal(wanted: SealMode | undefined, { seal }: Pick<StoreIdentity, "seal">): void {
  if (wanted === undefined || wanted === seal) return;
  throw new UserError(
    `this store was made with "seal: ${seal}", and "seal: ${wanted}" is asked for: one store keeps all its objects in one way. Write "seal: ${seal}", or name another store, which will be made so`,
    exitCode.config,
  );
}

import { join } from "node:path";
import { UserError } from "../errors.ts";
import { exitCode } from "../exit-code.ts";
import { withLock } from "../lock-file.ts";
import { readStoreIdentity, type StoreIdentity } from "../store-identity.ts";
import type { Context } from "./context.ts";
import type { HoldPlace } from "./copy-hold.ts";
import type { SecretOptions } from "./custodian-secrets.ts";
import { openHoldControl } from "./hold-control.ts";
import { openHoldKeys } from "./hold-keys.ts";
import { refuseMadeUpClock } from "./keys-place.ts";

/** Throws UserError for a store that was never made, and where a made-up clock would end holds of real visits. */
export async function openHeldStore(context: Context): Promise<StoreIdentity> {
  const published = await context.openRoot("published");
  const identity = await readStoreIdentity(published);
  if (identity === undefined) {
    throw new UserError(
      `nothing was ever put into the store of ${published.url}; is the URL right?`,
      exitCode.config,
    );
  }
  refuseMadeUpClock(context, identity);
  return identity;
}

/** Runs what copies rows for holds, alone on this machine. Throws UserError where something that it needs is missing. */
export async function withHolds<Result>(
  context: Context,
  secrets: SecretOptions,
  act: (place: HoldPlace) => Promise<Result>,
): Promise<Result> {
  const identity = await openHeldStore(context);
  return withLock(join(context.stateDirectory, "holds.lock"), "copying rows for holds", async () => {
    const control = await openHoldControl(context);
    const keys = await openHoldKeys(context, identity, secrets);
    try {
      return await act({ context, control, keys, raw: await context.openRoot("raw") });
    } finally {
      await keys?.close();
    }
  });
}

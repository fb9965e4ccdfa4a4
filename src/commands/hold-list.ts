import { dayOfMs } from "../day.ts";
import { UserError } from "../errors.ts";
import { exitCode } from "../exit-code.ts";
import type { HoldScope } from "../holds/hold-scope.ts";
import { foldHolds, type Hold, isLive } from "../holds/hold-state.ts";
import { type ListedHold, renderHoldsJson, renderHoldsTable } from "../holds/render-holds.ts";
import { readControl } from "../ledger/read-control.ts";
import { terminalLines, terminalText } from "../terminal-text.ts";
import type { CommonOptions, Context } from "./context.ts";
import type { SecretOptions } from "./custodian-secrets.ts";
import { openHoldKeys } from "./hold-keys.ts";
import { openHeldStore } from "./hold-run.ts";
import { openScope, type ScopePlace } from "./hold-scope.ts";

export interface ListOptions extends CommonOptions, SecretOptions {
  readonly output?: "table" | "json";
  readonly all?: boolean;
}

/** `hold list`. It writes nothing; what a hold is for is shown where it can be opened, and the opening is on record there. */
export async function listHolds(context: Context, options: ListOptions): Promise<void> {
  const identity = await openHeldStore(context);
  const ledger = await context.openRoot("ledger");
  const { records, writers } = await readControl(ledger, context.config.ledger.keys, {
    storeId: identity.id,
  });
  const today = dayOfMs(context.nowMs);
  const holds = foldHolds(records, writers).filter((hold) => options.all === true || isLive(hold, today));
  const listed = await withScopes(context, holds, async () => ({
    context,
    ledger,
    keys: await openHoldKeys(context, identity, options),
  }));
  const isTable =
    options.output === undefined
      ? "isTTY" in context.stdout && context.stdout.isTTY === true
      : options.output === "table";
  context.stdout.write(
    isTable ? terminalLines(renderHoldsTable(listed, today)) : renderHoldsJson(listed, today),
  );
}

/** Why a scope cannot be seen is said once. */
async function withScopes(
  context: Context,
  holds: readonly Hold[],
  open: () => Promise<ScopePlace>,
): Promise<readonly ListedHold[]> {
  const today = dayOfMs(context.nowMs);
  const scopes = new Map<string, HoldScope>();
  const live = holds.filter((hold) => isLive(hold, today));
  let place: ScopePlace | undefined;
  try {
    if (live.length > 0) place = await open();
    if (place?.keys?.opensUnasked === false) {
      throw new UserError(
        "the keyring is a team's: give --identity FILE or --passphrase-file FILE",
        exitCode.usage,
      );
    }
    for (const hold of live) if (place !== undefined) scopes.set(hold.id, await openScope(place, hold));
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    context.stderr.write(`note: what the holds are for is not shown: ${terminalText(error.message)}\n`);
  } finally {
    await place?.keys?.close();
  }
  return holds.map((hold) => ({ hold, scope: scopes.get(hold.id) }));
}

import { renderPlanJson } from "../../retention/render-plan-json.ts";
import { renderPlanTable } from "../../retention/render-plan-table.ts";
import { readControl } from "../ledger/read-control.ts";
import { readStoreIdentity } from "../store-identity.ts";
import type { Context } from "./context.ts";
import { runningStamp } from "./ledger-lease.ts";
import { isTable, type OutputOptions } from "./retention-options.ts";
import {
  decideRetention,
  lookForRetention,
  type RetentionDecision,
  type RetentionSight,
} from "./retention-sight.ts";

/** `retention plan`, and `retention run --dry-run`: what would be done now. Changes nothing. */
export async function showPlan(context: Context, options: OutputOptions): Promise<void> {
  await noteEmptyStore(context);
  const identity = await readStoreIdentity(await context.openRoot("published"));
  const ledger = await context.openRoot("ledger");
  const of = identity === undefined ? {} : { storeId: identity.id };
  const control = await readControl(ledger, context.config.ledger.keys, of);
  const stamp = runningStamp(context);
  const sight = await lookForRetention(context, control.writers, () => Date.parse(stamp().at));
  noteUnlisted(context, sight);
  writePlan(context, options, decideRetention(context, sight, control));
}

export function writePlan(
  context: Context,
  options: OutputOptions,
  { purge, keys }: RetentionDecision,
): void {
  context.stdout.write(
    isTable(context, options) ? renderPlanTable(purge, keys) : renderPlanJson(purge, keys),
  );
}

/** A mistyped URL looks like a store in which nothing is due. */
export async function noteEmptyStore(context: Context): Promise<void> {
  const published = await context.openRoot("published");
  if ((await readStoreIdentity(published)) !== undefined) return;
  context.stderr.write(`note: nothing was ever put into the store of ${published.url}; is the URL right?\n`);
}

export function noteUnlisted(context: Context, { stores, listed }: RetentionSight): void {
  for (const { view, error } of listed.unlisted) {
    const message = error instanceof Error ? error.message : String(error);
    context.stderr.write(`${view} cannot be listed and is left alone (${stores[view].url}): ${message}\n`);
  }
}

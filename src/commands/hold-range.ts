import { addDays } from "../day.ts";
import { foldHolds } from "../holds/hold-state.ts";
import { readControl } from "../ledger/read-control.ts";
import type { Context } from "./context.ts";
import { holdNamed } from "./hold-control.ts";

interface AskedHold {
  readonly hold?: string;
  readonly since?: string;
  readonly from?: string;
  readonly until?: string;
}

/**
 * Who asks a hold's copies without saying when means all of its days: they are mostly longer ago than other questions
 * look. Throws UserError for a hold that was never placed.
 */
export async function withDaysOfHold<Asked extends AskedHold>(
  context: Context,
  asked: Asked,
): Promise<Asked & { readonly from?: string; readonly until?: string }> {
  const { hold: id, since, from, until } = asked;
  if (id === undefined || since !== undefined || from !== undefined || until !== undefined) return asked;
  const ledger = await context.openRoot("ledger");
  const { records, writers } = await readControl(ledger, context.config.ledger.keys);
  const hold = holdNamed(foldHolds(records, writers), id);
  return { ...asked, from: `${hold.firstDay}T00:00:00Z`, until: `${addDays(hold.lastDay, 1)}T00:00:00Z` };
}

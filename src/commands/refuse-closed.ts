import { UserError } from "../errors.ts";
import { exitCode } from "../exit-code.ts";
import type { BatchRecord } from "../ledger/record.ts";
import { newestSnapshot } from "../recipients/io/newest-snapshot.ts";
import { readRecipients } from "../recipients/io/read-recipients.ts";
import { createRecipientBook } from "../recipients/recipient-book.ts";
import { dayKeyNameOf, formatDayKey } from "../seal/day-key-name.ts";
import type { Context } from "./context.ts";
import type { Sealing } from "./open-sealing.ts";

/**
 * Throws UserError when a key for which the batch is sealed was destroyed since the run began, which may be days ago: the
 * batch is not kept, and its lines are read anew by the next run, which refuses and counts those of that day.
 */
export async function refuseClosed(
  { objects }: BatchRecord,
  context: Context,
  sealing: Sealing | undefined,
): Promise<void> {
  if (sealing === undefined) return;
  const published = await context.openRoot("published");
  const newest = await newestSnapshot(published);
  const { generation, store: storeId } = sealing.snapshot;
  if (newest?.generation === generation) return;
  const recipients = await readRecipients(published, {
    storeId,
    pinned: context.config.keys.providerKey,
    stateDirectory: context.stateDirectory,
  });
  const book = recipients === undefined ? undefined : createRecipientBook(recipients.snapshot);
  const names = objects.flatMap(({ view, key }) => {
    const name = view === "analytics" ? undefined : dayKeyNameOf(view, key);
    return name === undefined ? [] : [name];
  });
  const closed = names.find((name) => book?.recipientOf(name).kind !== "open");
  if (closed === undefined) return;
  throw new UserError(
    `the key of ${formatDayKey(closed)} (view/day/class) was destroyed while lines of that day were read; the batch they are in was not stored. Run it again: they are refused then, and counted`,
    exitCode.tryAgain,
  );
}

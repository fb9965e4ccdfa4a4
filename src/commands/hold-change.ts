import { addDays, dayOfMs } from "../day.ts";
import { UserError } from "../errors.ts";
import { exitCode } from "../exit-code.ts";
import { type Hold, isLive } from "../holds/hold-state.ts";
import { sweepMemoryFolders } from "../memory-folder.ts";
import type { CommonOptions, Context } from "./context.ts";
import type { SecretOptions } from "./custodian-secrets.ts";
import { holdNamed, openHoldControl } from "./hold-control.ts";
import { copyLate } from "./hold-copy.ts";
import { readEnd, readWords } from "./hold-place.ts";
import { refuseMissing, say } from "./hold-report.ts";
import { openHeldStore, withHolds } from "./hold-run.ts";
import { forgetScope } from "./hold-scope.ts";
import { stampOf } from "./keys-place.ts";

export interface ReasonOptions extends CommonOptions {
  readonly reason: string;
}

export interface RenewOptions extends ReasonOptions, SecretOptions {
  readonly until: string;
}

/** `hold renew`. It is recorded first: copying what came since may fail, and can be done again. */
export async function renewHold(context: Context, id: string, options: RenewOptions): Promise<void> {
  const today = dayOfMs(context.nowMs);
  const end = readEnd(options.until, today);
  const reason = readWords("--reason", options.reason);
  await sweepMemoryFolders(context.memoryDirectories);
  await withHolds(context, options, async (place) => {
    const { control } = place;
    const hold = liveHold(control.holds(), id, context);
    if (end < hold.end) {
      throw new UserError(
        `hold ${id} lasts until ${hold.end} already; to end it sooner, run "hostlog hold lift ${id}"`,
        exitCode.usage,
      );
    }
    await control.append({ kind: "hold-renewed", ...stampOf(context), hold: id, end, reason });
    say(context, [`hold ${id} lasts until ${end}`]);
    refuseMissing(hold, await copyLate(place, hold), []);
  });
}

/** `hold lift`. It needs no key. */
export async function liftHold(context: Context, id: string, { reason }: ReasonOptions): Promise<void> {
  const words = readWords("--reason", reason);
  await openHeldStore(context);
  const control = await openHoldControl(context);
  const hold = liveHold(control.holds(), id, context);
  await control.append({ kind: "hold-lifted", ...stampOf(context), hold: id, reason: words });
  await forgetScope(context, hold);
  say(context, [
    `hold ${id} is lifted: retention destroys its copies; "hostlog retention plan" says when. Rows of days within their term stay where they are`,
  ]);
}

function liveHold(holds: readonly Hold[], id: string, { nowMs }: Context): Hold {
  const hold = holdNamed(holds, id);
  if (isLive(hold, dayOfMs(nowMs))) return hold;
  const since = hold.liftedAt === undefined ? addDays(hold.end, 1) : dayOfMs(Date.parse(hold.liftedAt));
  throw new UserError(
    `hold ${id} has ended on ${since}: its copies are being destroyed; for rows that are still within their term, place a new one`,
    exitCode.usage,
  );
}

import { UserError } from "../errors.ts";
import { exitCode } from "../exit-code.ts";
import { foldHolds, type Hold } from "../holds/hold-state.ts";
import { appendStored, headOf } from "../ledger/chain.ts";
import type { HoldRecord } from "../ledger/hold-record.ts";
import type { StoredRecord } from "../ledger/record-object.ts";
import type { TrustedWriters } from "../ledger/trusted-writers.ts";
import { CONTROL_CHAIN } from "../partition.ts";
import type { ObjectStore } from "../store/object-store.ts";
import type { Context } from "./context.ts";
import { openControl } from "./ledger-writer.ts";

/** The control chain, as who places holds and copies for them sees it. */
export interface HoldControl {
  readonly ledger: ObjectStore;
  readonly writers: TrustedWriters;
  /** What is known of it by now. */
  readonly records: readonly StoredRecord[];
  /** Every hold that was ever placed. */
  holds(): readonly Hold[];
  /** Throws UserError, to try again after, when another has recorded something of the same hold meanwhile. */
  append(body: HoldRecord): Promise<void>;
}

/** Throws UserError where this machine may not write it. */
export async function openHoldControl(context: Context): Promise<HoldControl> {
  const control = await openControl(context);
  const records = [...control.records];
  let { head } = control;
  const take = (stored: StoredRecord): void => {
    control.writers.take(stored);
    records.push(stored);
    head = headOf(stored);
  };
  return {
    ledger: control.ledger,
    writers: control.writers,
    records,
    holds: () => foldHolds(records, control.writers),
    async append(body) {
      const onForeign = (foreign: StoredRecord): void => {
        take(foreign);
        const other = foreign.record.body;
        if ("hold" in other && other.hold === body.hold) throw isOvertaken(body.hold);
      };
      take(await appendStored(control, CONTROL_CHAIN, body, { head, onForeign }));
    },
  };
}

/** The hold that somebody named. Throws UserError for one that was never placed. */
export function holdNamed(holds: readonly Hold[], id: string): Hold {
  const hold = holds.find((one) => one.id === id);
  if (hold !== undefined) return hold;
  throw new UserError(`there is no hold ${id}; "hostlog hold list" shows which there are`, exitCode.usage);
}

function isOvertaken(id: string): UserError {
  return new UserError(
    `another process works on hold ${id} at the same time; what was done so far is recorded, run this again`,
    exitCode.tryAgain,
  );
}

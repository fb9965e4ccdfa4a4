import { UserError } from "../errors.ts";
import { exitCode } from "../exit-code.ts";
import { CONTROL_CHAIN } from "../partition.ts";
import { appendStored, headOf, LeaseLostError, type OnForeignRecord } from "./chain.ts";
import type { ControlWriter } from "./control-writer.ts";
import { foldLease, type HeldLease, isLeaseTaken, LEASE_MS } from "./lease-state.ts";
import type { RecordBody } from "./record.ts";
import type { StoredRecord } from "./record-object.ts";

/** When, and by which clock: what records begin with. */
export interface RecordStamp {
  /** ISO 8601. */
  readonly at: string;
  readonly clock: "system" | "argument";
}

export interface LeaseWish {
  /** For people: machine and process. Another process of the same key has another. */
  readonly holder: string;
  readonly stamp: () => RecordStamp;
  /** Calls `act` each `periodMs`, until what it returned is called. */
  readonly every: (periodMs: number, act: () => void) => () => void;
}

/** Leave to destroy: no other writer has it at the same time. */
export interface Lease {
  /** What every record under it carries. */
  readonly fence: number;
  /** Aborted once another holds it, or nobody can know whether that is so; its reason is a UserError. */
  readonly signal: AbortSignal;
  /** The control chain as far as it is known: what there was, what was appended here, and what others appended. */
  readonly records: readonly StoredRecord[];
  /** Returns the record's sequence. Throws UserError, to try again after, when the lease is lost: nothing is written. */
  append(body: RecordBody): Promise<number>;
  /** Lets others have it. One that is lost needs no end. */
  end(): Promise<void>;
}

/** A lease is renewed when nothing was written under it for so long. */
const RENEWAL_MS = 5 * 60_000;

const LOOK_PERIOD_MS = 30_000;

/**
 * Takes the lease, unless another key's is not over yet: then it throws a UserError to try again after, which names the
 * holder. One of this machine's own key is taken over at once: whoever calls this has the lock of that machine, so that
 * who held it is dead. Of two that take it at the same time, the second meets the record of the first and is refused.
 */
export async function takeLease(control: ControlWriter, wish: LeaseWish): Promise<Lease> {
  const known = knownControl(control);
  refuseHeld(control, known.held(), wish.stamp());
  const body = leaseBody(wish);
  const taken = await appendStored(control, CONTROL_CHAIN, body, {
    head: known.head(),
    onForeign: (foreign) => {
      known.take(foreign);
      refuseHeld(control, known.held(), wish.stamp());
    },
  });
  known.take(taken);
  const held = createHeld(control, wish, known, taken.record.sequence);
  const stop = wish.every(LOOK_PERIOD_MS, held.look);
  return {
    fence: taken.record.sequence,
    signal: held.signal,
    get records() {
      return known.records;
    },
    append: held.append,
    end: async () => {
      stop();
      await held.end();
    },
  };
}

interface KnownControl {
  readonly records: readonly StoredRecord[];
  head(): ReturnType<typeof headOf>;
  held(): HeldLease | undefined;
  take(stored: StoredRecord): void;
}

/** What a key that nobody has accepted wrote is known, and gives no lease. */
function knownControl({ records: before, head, writers }: ControlWriter): KnownControl {
  const records = [...before];
  const fold = (held: HeldLease | undefined, stored: StoredRecord): HeldLease | undefined =>
    writers.trusts(stored) ? foldLease(held, stored) : held;
  let held = before.reduce(fold, undefined);
  let last = head;
  return {
    records,
    head: () => last,
    held: () => held,
    take: (stored) => {
      writers.take(stored);
      records.push(stored);
      held = fold(held, stored);
      last = headOf(stored);
    },
  };
}

interface Held {
  readonly signal: AbortSignal;
  readonly append: (body: RecordBody) => Promise<number>;
  readonly end: () => Promise<void>;
  /** Renews it when it is time to. */
  readonly look: () => void;
}

function createHeld(control: ControlWriter, wish: LeaseWish, known: KnownControl, fence: number): Held {
  const controller = new AbortController();
  const inOrder = createQueue();
  let isOver = false;
  const onForeign: OnForeignRecord = (foreign) => {
    known.take(foreign);
    // What a key that nobody has accepted writes takes nothing away.
    if (isLeaseTaken(foreign) && control.writers.trusts(foreign))
      controller.abort(new LeaseLostError(control.ledger.url, foreign));
  };
  const write = async (body: RecordBody): Promise<number> => {
    const options = { head: known.head(), fence, onForeign, trusts: control.writers.trusts };
    const stored = await appendStored(control, CONTROL_CHAIN, body, options);
    known.take(stored);
    return stored.record.sequence;
  };
  const append = (body: RecordBody): Promise<number> =>
    inOrder(async () => {
      controller.signal.throwIfAborted();
      if (isOver) throw new Error("a lease that was given back is not written under");
      return write(body);
    });
  const look = (): void => {
    const restMs = (known.held()?.untilMs ?? 0) - Date.parse(wish.stamp().at);
    if (isOver || controller.signal.aborted || restMs > LEASE_MS - RENEWAL_MS) return;
    append(leaseBody(wish)).catch((error: unknown) => {
      if (restMs <= 0) controller.abort(notRenewed(control.ledger.url, error));
    });
  };
  const end = (): Promise<void> =>
    inOrder(async () => {
      if (isOver || controller.signal.aborted) return;
      isOver = true;
      try {
        await write({ kind: "lease-ended", ...wish.stamp(), name: "retention" });
      } catch (error) {
        if (!(error instanceof LeaseLostError)) throw error;
      }
    });
  return { signal: controller.signal, append, end, look };
}

function leaseBody({ holder, stamp }: LeaseWish): RecordBody {
  const now = stamp();
  const until = new Date(Date.parse(now.at) + LEASE_MS).toISOString();
  return { kind: "lease", ...now, name: "retention", holder, until };
}

function refuseHeld(
  { ledger, signer }: ControlWriter,
  held: HeldLease | undefined,
  { at }: RecordStamp,
): void {
  if (held === undefined || held.key === signer.key || held.untilMs <= Date.parse(at)) return;
  // By a clock that is ahead: nobody's lease lasts longer from its last record on.
  if (held.untilMs > Date.parse(at) + 2 * LEASE_MS) return;
  throw new UserError(
    `${held.holder} is at it already, and holds the lease in ${ledger.url} until ${new Date(held.untilMs).toISOString()} unless it renews it; nothing was done, try again then`,
    exitCode.tryAgain,
  );
}

function notRenewed(url: string, cause: unknown): UserError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new UserError(
    `the lease in ${url} could not be renewed, so that another may hold it by now: ${why}; try again`,
    exitCode.tryAgain,
    { cause },
  );
}

/** One append at a time: each names the one before it. */
function createQueue(): <Result>(act: () => Promise<Result>) => Promise<Result> {
  let last: Promise<unknown> = Promise.resolve();
  return (act) => {
    const next = last.then(act, act);
    last = next.catch(() => undefined);
    return next;
  };
}

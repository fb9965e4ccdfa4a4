import type { ControlWriter } from "../ledger/control-writer.ts";
import { type Lease, type RecordStamp, takeLease } from "../ledger/lease.ts";
import type { Context } from "./context.ts";
import { stampOf } from "./keys-place.ts";

/**
 * Takes the lease for this process, which holds the lock beside this machine's ledger key. Throws UserError to try again
 * after when another machine holds it. `stamp`: see {@link runningStamp}.
 */
export function leaseOf(context: Context, control: ControlWriter, stamp: () => RecordStamp): Promise<Lease> {
  return takeLease(control, {
    holder: `${context.hostName}, process ${process.pid}`,
    stamp,
    every: everyPeriod,
  });
}

/** The command's clock, which goes on from this call; a made-up one stands still. A command calls it once, at its start. */
export function runningStamp(context: Context): () => RecordStamp {
  if (context.nowIsArgument) return () => stampOf(context);
  const beganMs = performance.now();
  return () => ({
    at: new Date(context.nowMs + performance.now() - beganMs).toISOString(),
    clock: "system",
  });
}

/** It keeps no process alive. */
function everyPeriod(periodMs: number, act: () => void): () => void {
  const timer = setInterval(act, periodMs);
  timer.unref();
  return () => clearInterval(timer);
}

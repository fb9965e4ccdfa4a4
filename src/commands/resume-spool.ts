import type { ClassPolicy, EventBounds } from "../../ingest/batch/event-bounds.ts";
import { type BatchDestination, sendBatch } from "../../ingest/io/send-batch.ts";
import { withdraw } from "../../ingest/io/take-back.ts";
import { addManifest } from "../../ingest/source/stream-index.ts";
import { dayOfMs, epochDay } from "../day.ts";
import { decodeManifest } from "../ledger/manifest.ts";
import type { RecordedObject } from "../ledger/record.ts";
import { parseKey } from "../partition.ts";
import { oldestKeptDay } from "../term.ts";
import type { Context } from "./context.ts";
import type { Sealing } from "./open-sealing.ts";

/**
 * Sends what an earlier run left in the spool, and returns how many batches were new to the ledger. An entry of
 * which something has passed its term meanwhile, or lost its key, is dropped: its lines are read from their files anew.
 */
export async function resumeSpool(destination: BatchDestination, isTooLate: IsTooLate): Promise<number> {
  const { spool, ledger } = destination;
  let resumed = 0;
  for (const record of await spool.records()) {
    if (!ledger.isCommitted(record.batch) && record.objects.some(isTooLate)) {
      await withdraw(record, destination);
      continue;
    }
    const isNew = !ledger.isCommitted(record.batch);
    const manifestBytes = isNew ? await spool.readManifest(record.batch) : undefined;
    await sendBatch(record, destination);
    if (manifestBytes === undefined) continue;
    addManifest(ledger.streams, await decodeManifest(manifestBytes));
    resumed++;
  }
  return resumed;
}

export type IsTooLate = (object: RecordedObject) => boolean;

/** What may not be put into the store any more: its day is past the term, or its key was destroyed. */
export function mayNotBeSent(
  { config, nowMs }: Pick<Context, "config" | "nowMs">,
  bounds: EventBounds,
  classes: readonly ClassPolicy[],
  sealing: Sealing | undefined,
): IsTooLate {
  const oldestQuarantine = oldestKeptDay(dayOfMs(nowMs), config.quarantineTerm);
  return ({ view, key }) => {
    const name = parseKey(key);
    if (name === undefined) return false;
    const day = epochDay(name.day);
    if (view === "quarantine") {
      return name.day < oldestQuarantine || sealing?.closedQuarantineDays.has(day) === true;
    }
    const index = classes.findIndex((policy) => policy.name === name.retentionClass);
    if (view === "raw" && sealing?.closedRawDays[index]?.has(day) === true) return true;
    const oldest = view === "raw" ? bounds.oldestRawDay : bounds.oldestAnalyticsDay;
    return day < (oldest[index] ?? Number.NEGATIVE_INFINITY);
  };
}

import type { Day } from "../src/day.ts";

export interface DayObject {
  readonly key: string;
  readonly day: Day;
  readonly sizeBytes: number;
}

export interface BatchLimits {
  readonly objects: number;
  readonly bytes: number;
}

/**
 * Cuts objects, ascending by day, into batches of whole days, so that the answers of batches follow each
 * other in time. A batch is closed once it reaches a limit; one day can be over it.
 */
export function batchesOf(
  objects: readonly DayObject[],
  limits: BatchLimits,
): readonly (readonly DayObject[])[] {
  const batches: DayObject[][] = [];
  let batch: DayObject[] = [];
  let bytes = 0;
  for (const object of objects) {
    const isNewDay = batch.at(-1)?.day !== object.day;
    if (isNewDay && (batch.length >= limits.objects || bytes >= limits.bytes)) {
      batches.push(batch);
      batch = [];
      bytes = 0;
    }
    batch.push(object);
    bytes += object.sizeBytes;
  }
  return batch.length === 0 ? batches : [...batches, batch];
}

/** The bytes of the day that has most of them. */
export function dayBytesMax(objects: readonly DayObject[]): number {
  const bytesOfDay = new Map<Day, number>();
  for (const { day, sizeBytes } of objects) bytesOfDay.set(day, (bytesOfDay.get(day) ?? 0) + sizeBytes);
  return Math.max(0, ...bytesOfDay.values());
}

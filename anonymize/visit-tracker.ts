import { MS_PER_DAY } from "../src/day.ts";

/** A visit ends when nothing came for so long: what web statistics have agreed on. */
export const VISIT_GAP_MS = 30 * 60_000;

/** Bits of what {@link VisitTracker.note} returns. */
export const visitFlag = { start: 1, firstOfDay: 2 } as const;

/**
 * Tells visits apart. Its memory is bounded and is never written anywhere: it forgets with the process.
 */
export interface VisitTracker {
  /**
   * Notes a request at `timeMs` of the visitor whose keyed hash is (`high`, `low`), and says with
   * {@link visitFlag} bits whether it begins a visit and whether it is the visitor's first of its UTC day.
   */
  note(high: number, low: number, timeMs: number): number;
}

/**
 * Requests may come late and out of order. For each visitor and UTC day the tracker knows the earliest and the
 * latest request: one within {@link VISIT_GAP_MS} of this stretch, or inside it, continues; only one that is
 * further off begins a visit. So no late line is counted twice; of visits that all come late and lie between two
 * known ones, none is counted.
 *
 * It remembers at most `visitorsMax` pairs of visitor and day, in two halves: when the newer half is full the
 * older one is forgotten, with all that was not seen again since. Who comes back then counts as a new visit and
 * a new visitor of the day, so both numbers grow too high, never too low. A pair takes 32 to 64 bytes.
 */
export function createVisitTracker(visitorsMax: number): VisitTracker {
  const entriesMax = Math.max(1, Math.floor(visitorsMax / 2));
  let newer = createTable(entriesMax);
  let older = createTable(entriesMax);

  const insert = (high: number, low: number, first: number, last: number): void => {
    if (newer.size === entriesMax) {
      [newer, older] = [older, newer];
      newer.lasts.fill(0);
      newer.size = 0;
    }
    const slot = slotOf(newer, high, low);
    newer.highs[slot] = high;
    newer.lows[slot] = low;
    newer.firsts[slot] = first;
    newer.lasts[slot] = last;
    newer.size++;
  };

  /** The slot in `newer` where the entry is, moved there if it was in `older`; -1 if there is none. */
  const recall = (high: number, low: number): number => {
    const slot = slotOf(newer, high, low);
    if (newer.lasts[slot] !== 0) return slot;
    const olderSlot = slotOf(older, high, low);
    if (older.lasts[olderSlot] === 0) return -1;
    insert(high, low, older.firsts[olderSlot] as number, older.lasts[olderSlot] as number);
    return slotOf(newer, high, low);
  };

  /** True when the visitor's stretch on another day, `offsetMs` away, is near enough to continue. */
  const continues = (high: number, low: number, atMs: number, offsetMs: number): boolean => {
    const slot = recall(high, low);
    if (slot === -1) return false;
    const first = (newer.firsts[slot] as number) + offsetMs;
    const last = (newer.lasts[slot] as number) + offsetMs;
    return atMs - last < VISIT_GAP_MS && first - atMs < VISIT_GAP_MS;
  };

  return {
    note(high, low, timeMs) {
      const day = Math.floor(timeMs / MS_PER_DAY);
      const atMs = timeMs - day * MS_PER_DAY + 1;
      const dayHigh = onDay(high, day);
      const slot = recall(dayHigh, low);
      if (slot !== -1) {
        const first = newer.firsts[slot] as number;
        const last = newer.lasts[slot] as number;
        if (atMs > last) newer.lasts[slot] = atMs;
        else if (atMs < first) newer.firsts[slot] = atMs;
        return atMs - last >= VISIT_GAP_MS || first - atMs >= VISIT_GAP_MS ? visitFlag.start : 0;
      }
      const isContinued =
        continues(onDay(high, day - 1), low, atMs, -MS_PER_DAY) ||
        continues(onDay(high, day + 1), low, atMs, MS_PER_DAY);
      insert(dayHigh, low, atMs, atMs);
      return isContinued ? visitFlag.firstOfDay : visitFlag.firstOfDay | visitFlag.start;
    },
  };
}

/** Open addressing, at most half full. Times are ms of the day plus 1, so that a `lasts` of 0 is a free slot. */
interface VisitTable {
  readonly highs: Uint32Array;
  readonly lows: Uint32Array;
  readonly firsts: Uint32Array;
  readonly lasts: Uint32Array;
  size: number;
}

function createTable(entriesMax: number): VisitTable {
  const slots = 2 ** Math.ceil(Math.log2(entriesMax * 2));
  return {
    highs: new Uint32Array(slots),
    lows: new Uint32Array(slots),
    firsts: new Uint32Array(slots),
    lasts: new Uint32Array(slots),
    size: 0,
  };
}

/** The slot that holds (`high`, `low`), or the free one where it belongs. The hash is keyed: nobody can aim at a slot. */
function slotOf({ highs, lows, lasts }: VisitTable, high: number, low: number): number {
  const mask = lasts.length - 1;
  let slot = low & mask;
  while (lasts[slot] !== 0 && (highs[slot] !== high || lows[slot] !== low)) slot = (slot + 1) & mask;
  return slot;
}

/** Makes the hash of a visitor that of the visitor on one day; different days never give the same. */
function onDay(high: number, day: number): number {
  return (high ^ Math.imul(day, 0x9e37_79b1)) >>> 0;
}

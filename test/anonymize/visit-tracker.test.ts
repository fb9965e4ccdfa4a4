import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createVisitTracker, VISIT_GAP_MS, visitFlag } from "../../anonymize/visit-tracker.ts";
import { MS_PER_DAY } from "../../src/day.ts";

const noon = 20_000 * MS_PER_DAY + MS_PER_DAY / 2;
const midnight = 20_001 * MS_PER_DAY;
const { start, firstOfDay } = visitFlag;

/** What a tracker says of one visitor's requests at these times. */
function noted(times: readonly number[], visitorsMax = 1000): readonly number[] {
  const tracker = createVisitTracker(visitorsMax);
  return times.map((time) => tracker.note(1, 2, time));
}

describe("createVisitTracker", () => {
  it("begins a visit with the first request, and none until 30 minutes have passed", () => {
    const almost = noon + VISIT_GAP_MS - 1;
    expect(noted([noon, noon, almost, almost + VISIT_GAP_MS])).toEqual([start | firstOfDay, 0, 0, start]);
  });

  it("tells visitors apart", () => {
    const tracker = createVisitTracker(1000);
    const flags = [
      tracker.note(1, 2, noon),
      tracker.note(1, 3, noon),
      tracker.note(2, 2, noon),
      tracker.note(1, 2, noon),
    ];
    expect(flags).toEqual([start | firstOfDay, start | firstOfDay, start | firstOfDay, 0]);
  });

  it("goes on with a visit past midnight, on a new day", () => {
    expect(noted([midnight - 1, midnight, midnight + 1])).toEqual([start | firstOfDay, firstOfDay, 0]);
    expect(noted([midnight - VISIT_GAP_MS, midnight])).toEqual([start | firstOfDay, start | firstOfDay]);
  });

  it("counts no late request twice", () => {
    expect(noted([noon, noon - 1000, noon + 1000, noon - 2000])).toEqual([start | firstOfDay, 0, 0, 0]);
    expect(noted([midnight + 1000, midnight - 1000])).toEqual([start | firstOfDay, firstOfDay]);
    expect(noted([noon, noon + 2 * VISIT_GAP_MS, noon + 10])).toEqual([start | firstOfDay, start, 0]);
  });

  it("counts a visit that comes late as a whole and lies before all others", () => {
    const early = noon - 3 * VISIT_GAP_MS;
    expect(noted([noon, early, early + 1000, early - 1000])).toEqual([start | firstOfDay, start, 0, 0]);
  });

  it("knows the first request of each day when files of several days come in any order", () => {
    const days = [3, 1, 2, 1, 3, 2].map((day) => noon + day * MS_PER_DAY);
    expect(noted(days)).toEqual([start | firstOfDay, start | firstOfDay, start | firstOfDay, 0, 0, 0]);
  });

  it("agrees, for requests in order and memory enough, with a list of everything", () => {
    const request = fc.record({ visitor: fc.nat(3), afterMs: fc.nat(VISIT_GAP_MS) });
    fc.assert(
      fc.property(fc.array(request, { maxLength: 200 }), (requests) => {
        const tracker = createVisitTracker(10_000);
        const lastOf = new Map<number, number>();
        let time = noon;
        for (const { visitor, afterMs } of requests) {
          time += afterMs;
          const last = lastOf.get(visitor) ?? Number.NEGATIVE_INFINITY;
          const isNewDay = Math.floor(last / MS_PER_DAY) !== Math.floor(time / MS_PER_DAY);
          const expected = (time - last >= VISIT_GAP_MS ? start : 0) | (isNewDay ? firstOfDay : 0);
          expect(tracker.note(visitor, visitor * 7, time)).toBe(expected);
          lastOf.set(visitor, time);
        }
      }),
    );
  });

  it("forgets the oldest when it is full, and then counts too many and never too few", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20 }),
        fc.array(fc.nat(30), { maxLength: 300 }),
        (visitorsMax, visitors) => {
          const small = createVisitTracker(visitorsMax);
          const large = createVisitTracker(10_000);
          for (const [index, visitor] of visitors.entries()) {
            const flags = large.note(visitor, visitor, noon + index);
            expect(small.note(visitor, visitor, noon + index) & flags).toBe(flags);
          }
        },
      ),
    );
  });

  it("remembers who keeps coming, however many others come", () => {
    const tracker = createVisitTracker(100);
    let starts = 0;
    for (let i = 0; i < 10_000; i++) {
      tracker.note(i + 1, i, noon + i);
      if (i % 10 === 0 && tracker.note(0xffff_ffff, 0xffff_ffff, noon + i) !== 0) starts++;
    }
    expect(starts).toBe(1);
  });
});

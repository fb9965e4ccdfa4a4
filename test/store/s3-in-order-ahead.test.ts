import { setTimeout as delay } from "node:timers/promises";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { inOrderAhead } from "../../src/store/s3/in-order-ahead.ts";

/** Fetches that take so many turns each, and what was under way with them. */
function fetches(turns: readonly number[], failing = -1) {
  const seen = { underWay: 0, underWayMax: 0 };
  const fetch = async (index: number): Promise<number> => {
    seen.underWayMax = Math.max(seen.underWayMax, ++seen.underWay);
    for (let turn = 0; turn < (turns[index] ?? 0); turn++) await Promise.resolve();
    seen.underWay--;
    if (index === failing) throw new Error(`no ${index}`);
    return index;
  };
  return { seen, fetch };
}

const anyTurns = fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 20 });
const anyWidth = fc.integer({ min: 1, max: 5 });

describe("inOrderAhead", () => {
  it("yields all in order, with so many under way at most, whichever comes first", async () => {
    await fc.assert(
      fc.asyncProperty(anyTurns, anyWidth, async (turns, width) => {
        const { seen, fetch } = fetches(turns);
        const yielded: number[] = [];
        for await (const index of inOrderAhead(turns.length, width, fetch)) yielded.push(index);
        expect(yielded).toEqual(turns.map((_, index) => index));
        expect(seen.underWayMax).toBeLessThanOrEqual(width);
      }),
    );
  });

  it("has as many under way as it may while the first is awaited", async () => {
    const { seen, fetch } = fetches([9, 9, 9, 9, 9]);
    for await (const _ of inOrderAhead(5, 3, fetch)) expect(seen.underWayMax).toBe(3);
  });

  it("has nothing under way once it has thrown or was left", async () => {
    await fc.assert(
      fc.asyncProperty(anyTurns, anyWidth, fc.nat(19), fc.boolean(), async (turns, width, at, isThrown) => {
        const { seen, fetch } = fetches(turns, isThrown ? at : -1);
        const reading = (async () => {
          for await (const index of inOrderAhead(turns.length, width, fetch)) if (index === at) break;
        })();
        const error: unknown = await reading.catch((thrown: unknown) => thrown);
        expect(seen.underWay).toBe(0);
        if (isThrown && at < turns.length) expect(error).toEqual(new Error(`no ${at}`));
      }),
    );
  });

  it("leaves no failure unheard that comes while an earlier one is awaited", async () => {
    const fetch = async (index: number): Promise<number> => {
      if (index > 0) throw new Error(`no ${index}`);
      await delay(20);
      return index;
    };
    const reading = inOrderAhead(3, 3, fetch);
    expect(await reading.next()).toEqual({ done: false, value: 0 });
    await expect(reading.next()).rejects.toThrow("no 1");
  });
});

import { setImmediate as turn } from "node:timers/promises";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { inParallel } from "../../src/in-parallel.ts";

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await turn();
}

describe("inParallel", () => {
  it("does each item once, by its index, and never more than allowed at a time", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(4), { maxLength: 30 }),
        fc.integer({ min: 1, max: 10 }),
        async (items, width) => {
          const done: number[] = [];
          let running = 0;
          let most = 0;
          await inParallel(items, width, async (item, index) => {
            most = Math.max(most, ++running);
            await turns(item);
            running--;
            expect(items[index]).toBe(item);
            done.push(index);
          });
          expect(running).toBe(0);
          expect(most).toBe(Math.min(width, items.length));
          expect(done.sort((a, b) => a - b)).toEqual(items.map((_, index) => index));
        },
      ),
      { numRuns: 50 },
    );
  });

  it("starts nothing new after a failure, and throws once what was started has ended", async () => {
    const started: number[] = [];
    const ended: number[] = [];
    const work = inParallel([9, 1, 9, 9, 9], 3, async (item, index) => {
      started.push(index);
      await turns(item);
      if (index === 1) throw new Error("the second");
      ended.push(index);
    });
    await expect(work).rejects.toThrow("the second");
    expect([started, ended]).toEqual([
      [0, 1, 2],
      [0, 2],
    ]);
  });

  it("throws the failure that came first, whichever item it was of", async () => {
    const work = inParallel([5, 1], 2, async (item) => {
      await turns(item);
      throw new Error(`after ${item}`);
    });
    await expect(work).rejects.toThrow("after 1");
  });

  it("takes what is thrown at once for a failure like any other", async () => {
    const work = inParallel([1, 2], 1, (item) => {
      throw new Error(`item ${item}`);
    });
    await expect(work).rejects.toThrow("item 1");
  });

  it("throws what was thrown, even if it is nothing", async () => {
    await expect(inParallel([1], 1, () => Promise.reject())).rejects.toBeUndefined();
  });
});

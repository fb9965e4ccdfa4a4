import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import {
  createBatchBuilder,
  type FilledBatch,
  openRange,
  takeBatch,
} from "../../../ingest/batch/batch-builder.ts";
import { createBatchPipeline } from "../../../ingest/io/batch-pipeline.ts";

/** A batch that is told from others by the bytes it took. */
function batch(number: number): FilledBatch {
  const builder = createBatchBuilder({ rows: 1, bytes: 1 }, 1, () => 0);
  openRange(builder, { id: "", head: "", pieces: [] }, { name: "", format: "" }, number).to = number + 1;
  const filled = takeBatch(builder);
  if (filled === undefined) throw new Error("a batch");
  return filled;
}

function numberOf({ manifestSources }: FilledBatch): number {
  return manifestSources[0]?.from ?? -1;
}

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await turn();
}

describe("createBatchPipeline", () => {
  it("sends batches in the order they were cut, one at a time, and no more than three are there at once", async () => {
    const events: string[] = [];
    let there = 0;
    let most = 0;
    const pipeline = createBatchPipeline(
      async (filled) => {
        events.push(`encode ${numberOf(filled)}`);
        await turns(3 - (numberOf(filled) % 4));
        return numberOf(filled);
      },
      async (number) => {
        events.push(`send ${number}`);
        await turns(number % 3);
        events.push(`sent ${number}`);
        there--;
      },
    );
    for (let i = 0; i < 10; i++) {
      there++;
      most = Math.max(most, there);
      await pipeline.submit(batch(i));
    }
    await pipeline.finish();
    const sends = events.filter((event) => event.startsWith("se"));
    expect(sends).toEqual(Array.from({ length: 10 }, (_, i) => [`send ${i}`, `sent ${i}`]).flat());
    expect(most).toBe(3);
    // The next is encoded while one is sent.
    expect(events.indexOf("encode 1")).toBeLessThan(events.indexOf("sent 0"));
  });

  it.each(["encode", "send"])(
    "throws when it cannot %s a batch, and sends none behind it",
    async (failing) => {
      const sent: number[] = [];
      const act = async (step: string, number: number): Promise<void> => {
        await turns(1);
        if (step === failing && number === 2) throw new Error(`cannot ${step}`);
      };
      const pipeline = createBatchPipeline(
        async (filled) => {
          await act("encode", numberOf(filled));
          return numberOf(filled);
        },
        async (number) => {
          await act("send", number);
          sent.push(number);
        },
      );
      const work = async (): Promise<void> => {
        for (let i = 0; i < 10; i++) await pipeline.submit(batch(i));
        await pipeline.finish();
      };
      await expect(work()).rejects.toThrow(`cannot ${failing}`);
      await turns(20);
      expect(sent).toEqual([0, 1]);
    },
  );

  it("throws at the end when the last batch fails", async () => {
    const pipeline = createBatchPipeline(
      (filled) => Promise.resolve(filled),
      () => Promise.reject(new Error("the last")),
    );
    await pipeline.submit(batch(0));
    await turns(5);
    await expect(pipeline.finish()).rejects.toThrow("the last");
  });
});

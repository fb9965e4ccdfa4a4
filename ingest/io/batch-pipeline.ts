import type { FilledBatch } from "../batch/batch-builder.ts";

/** Encodes and sends batches behind the reader's back, in order, a bounded number at a time. */
export interface BatchPipeline {
  /** Returns once there is room for another batch. Throws what went wrong with an earlier one. */
  submit(batch: FilledBatch): Promise<void>;
  /** Returns once every batch is committed. Throws what went wrong. */
  finish(): Promise<void>;
  /** Returns once nothing is under way any more, whatever became of it: before locks are given up. */
  settle(): Promise<void>;
}

/**
 * Batches under way at once: one being encoded, one being sent. The reader waits for more, so memory holds
 * three at most.
 */
const UNDER_WAY_MAX = 2;

/** `encode` and `send` each work on one batch at a time, so that batches are committed in the order they were cut. */
export function createBatchPipeline<Encoded>(
  encode: (batch: FilledBatch) => Promise<Encoded>,
  send: (encoded: Encoded) => Promise<void>,
): BatchPipeline {
  const underWay: Promise<void>[] = [];
  let encoding: Promise<unknown> = Promise.resolve();
  let sending: Promise<void> = Promise.resolve();

  const start = (batch: FilledBatch): Promise<void> => {
    const encoded = encoding.then(() => encode(batch));
    const sent = sending.then(async () => send(await encoded));
    encoding = encoded;
    sending = sent;
    // Both are awaited later; a failure before that must not count as unhandled.
    encoded.catch(() => undefined);
    sent.catch(() => undefined);
    return sent;
  };

  return {
    async submit(batch) {
      if (underWay.length >= UNDER_WAY_MAX) await underWay.shift();
      underWay.push(start(batch));
    },
    async finish() {
      while (underWay.length > 0) await underWay.shift();
    },
    async settle() {
      await Promise.allSettled([encoding, sending, ...underWay]);
    },
  };
}

import { Worker } from "node:worker_threads";
import { buffersOf } from "../../ingest/batch/line-batch.ts";
import type { EncodedObject, EncodeRequest } from "./encode-batch.ts";
import type { WorkerStart } from "./encode-worker.ts";

/** Encodes batches on a thread of its own, so that reading goes on meanwhile. */
export interface BatchEncoder {
  /** The request's buffers are moved to the worker. One request at a time. */
  encode(request: EncodeRequest): Promise<readonly EncodedObject[]>;
  close(): Promise<void>;
}

export function createBatchEncoder(start: WorkerStart): BatchEncoder {
  const worker = new Worker(new URL("./encode-worker.js", import.meta.url), { workerData: start });
  // A worker that fails before it is asked must not end the process: the next request reports it.
  let failure: Error | undefined;
  worker.on("error", (error: Error) => {
    failure = error;
  });
  return {
    encode: (request) =>
      new Promise((resolve, reject) => {
        if (failure !== undefined) {
          reject(failure);
          return;
        }
        const settle = (act: () => void): void => {
          worker.off("message", onMessage);
          worker.off("error", onError);
          worker.off("exit", onExit);
          act();
        };
        const onMessage = (objects: readonly EncodedObject[]): void => settle(() => resolve(objects));
        const onError = (error: Error): void => settle(() => reject(error));
        const onExit = (code: number): void =>
          settle(() => reject(new Error(`the encoder ended with code ${code} before it answered`)));
        worker.on("message", onMessage);
        worker.on("error", onError);
        worker.on("exit", onExit);
        worker.postMessage(request, buffersOf(request.packed));
      }),
    async close() {
      await worker.terminate();
    },
  };
}

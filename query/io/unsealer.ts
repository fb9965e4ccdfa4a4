import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { SealBrokenError } from "../../src/seal/seal-broken-error.ts";
import type { SealedRun } from "../sealed-run.ts";
import type { UnsealAnswer, UnsealRequest } from "./unseal-worker.ts";
import { writeRun } from "./write-run.ts";

/** Opens runs of sealed objects into files, on as many threads as are useful. */
export interface Unsealer {
  /**
   * Opens the run, whose bytes are of no use to the caller afterwards, and writes it to the file, which stays
   * open until then. Waits for a thread to be free. Throws SealBrokenError, and the system's error.
   */
  write(run: SealedRun, descriptor: number): Promise<void>;
  close(): Promise<void>;
}

/** Opening so many bytes takes less time than handing them over and starting a thread for them. */
const ALONE_BYTES_MAX = 1024 * 1024;

/** Beyond these the store is slower than they are; and reading takes a core of its own. */
const THREADS_MAX = 4;

interface Thread {
  write(run: SealedRun, descriptor: number): Promise<void>;
  end(): Promise<unknown>;
}

/**
 * Threads are started when a large run comes, and none for a look-up that meets small objects only; with
 * `threadsMax` 0 all is done in the caller's.
 */
export function createUnsealer(
  threadsMax = Math.min(THREADS_MAX, Math.max(1, availableParallelism() - 1)),
): Unsealer {
  const threads: Thread[] = [];
  const idle: Thread[] = [];
  const waiting: ((thread: Thread) => void)[] = [];

  const take = async (): Promise<Thread> => {
    const free = idle.pop();
    if (free !== undefined) return free;
    if (threads.length >= threadsMax) return new Promise((resolve) => waiting.push(resolve));
    const started = startThread();
    threads.push(started);
    return started;
  };

  const giveBack = (thread: Thread): void => {
    const next = waiting.shift();
    if (next === undefined) idle.push(thread);
    else next(thread);
  };

  return {
    async write(run, descriptor) {
      if (threadsMax === 0 || run.bytes.length <= ALONE_BYTES_MAX) {
        writeRun(run, descriptor);
        return;
      }
      const thread = await take();
      try {
        await thread.write(run, descriptor);
      } finally {
        giveBack(thread);
      }
    },
    async close() {
      await Promise.all(threads.map((thread) => thread.end()));
    },
  };
}

function startThread(): Thread {
  const worker = new Worker(new URL("./unseal-worker.js", import.meta.url));
  let failure: Error | undefined;
  let settle: ((outcome: UnsealAnswer | Error) => void) | undefined;
  const fail = (error: Error): void => {
    failure ??= error;
    settle?.(failure);
  };
  worker.on("message", (answer: UnsealAnswer) => settle?.(answer));
  worker.on("error", fail);
  worker.on("exit", (code) => fail(new Error(`a thread that opens objects ended with code ${code}`)));
  return {
    async write(run, descriptor) {
      if (failure !== undefined) throw failure;
      const outcome = await new Promise<UnsealAnswer | Error>((resolve) => {
        settle = resolve;
        const request: UnsealRequest = { run, descriptor };
        worker.postMessage(request, [ownBufferOf(run.bytes)]);
      });
      settle = undefined;
      if (outcome instanceof Error) throw outcome;
      if (outcome.kind === "broken") throw new SealBrokenError(outcome.message);
      if (outcome.kind === "refused") throw Object.assign(new Error(outcome.message), { code: outcome.code });
    },
    end: () => worker.terminate(),
  };
}

/** Every run comes from a read of its own. */
function ownBufferOf(bytes: Uint8Array): ArrayBuffer {
  if (bytes.buffer instanceof ArrayBuffer && bytes.byteLength === bytes.buffer.byteLength)
    return bytes.buffer;
  throw new Error("a run shares its memory with other bytes, so it cannot be moved to a thread");
}

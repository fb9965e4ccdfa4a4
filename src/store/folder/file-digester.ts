import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import type { ObjectDigest } from "../object-store.ts";
import { digestFile } from "./digest-file.ts";
import type { DigestAnswer, DigestRequest } from "./digest-worker.ts";

/** Reads files and says what they come to, on as many threads as are useful. */
export interface FileDigester {
  /** Undefined when there is no regular file under the key. Throws the system's error. */
  digest(root: string, key: string): Promise<ObjectDigest | undefined>;
  close(): Promise<void>;
}

/** Reading so many bytes takes less time than starting threads for them. */
const ALONE_BYTES_MAX = 32 * 1024 * 1024;

/** Beyond these the disk is slower than they are. */
const THREADS_MAX = 4;

/**
 * What is asked in one turn goes together, since a message costs as much as hashing some 50 kB; in several messages, so
 * that a thread has the next one while the caller hears of the last.
 */
const MESSAGE_FILES_MAX = 4;

interface Thread {
  readonly pending: number;
  digest(root: string, key: string): Promise<ObjectDigest | undefined>;
  end(): Promise<unknown>;
}

interface Waiting {
  resolve(digest: ObjectDigest | undefined): void;
  reject(error: Error): void;
}

/**
 * The first bytes are read in the caller's thread, and all of them with `threadsMax` 0. Threads without work do not keep
 * the process running. How much is under way at once is up to the callers.
 */
export function createFileDigester(
  threadsMax = Math.min(THREADS_MAX, availableParallelism()),
  aloneBytesMax = ALONE_BYTES_MAX,
): FileDigester {
  const threads: Thread[] = [];
  let aloneBytes = 0;

  /** The one with the least to do, or a new one rather than one that has something to do. */
  const choose = (): Thread => {
    const idlest = threads.toSorted((left, right) => left.pending - right.pending)[0];
    if (idlest !== undefined && (idlest.pending === 0 || threads.length >= threadsMax)) return idlest;
    const started = startThread();
    threads.push(started);
    return started;
  };

  return {
    async digest(root, key) {
      if (threadsMax > 0 && aloneBytes >= aloneBytesMax) return await choose().digest(root, key);
      const digest = await digestFile(root, key);
      aloneBytes += digest?.sizeBytes ?? 0;
      return digest;
    },
    async close() {
      await Promise.all(threads.splice(0).map((thread) => thread.end()));
    },
  };
}

function startThread(): Thread {
  const worker = new Worker(new URL("./digest-worker.js", import.meta.url));
  worker.unref();
  const waiting = new Map<number, Waiting>();
  let unsent: DigestRequest[] = [];
  let failure: Error | undefined;
  let lastId = 0;
  const fail = (error: Error): void => {
    failure ??= error;
    for (const { reject } of waiting.values()) reject(failure);
    waiting.clear();
  };
  const send = (): void => {
    for (let at = 0; at < unsent.length; at += MESSAGE_FILES_MAX) {
      worker.postMessage(unsent.slice(at, at + MESSAGE_FILES_MAX), []);
    }
    unsent = [];
  };
  const settle = (answer: DigestAnswer): void => {
    const asked = waiting.get(answer.id);
    waiting.delete(answer.id);
    if (answer.kind === "read") asked?.resolve(answer.digest);
    else asked?.reject(Object.assign(new Error(answer.message), { code: answer.code }));
  };
  worker.on("message", (answers: readonly DigestAnswer[]) => {
    for (const answer of answers) settle(answer);
    if (waiting.size === 0) worker.unref();
  });
  worker.on("error", fail);
  worker.on("exit", (code) => fail(new Error(`a thread that reads objects ended with code ${code}`)));
  return {
    get pending() {
      return waiting.size;
    },
    digest: (root, key) =>
      new Promise((resolve, reject) => {
        if (failure !== undefined) {
          reject(failure);
          return;
        }
        const id = ++lastId;
        waiting.set(id, { resolve, reject });
        worker.ref();
        if (unsent.push({ id, root, key }) === 1) setImmediate(send);
      }),
    end: () => worker.terminate(),
  };
}

import { setTimeout as delay } from "node:timers/promises";
import { s3Error } from "./s3-error.ts";
import type { S3Place } from "./s3-place.ts";
import { isTransient, retryAfterMs, s3TroubleOf } from "./s3-trouble.ts";

/** A transfer slower than this, in bytes per second, is as good as none: its attempt is given up. */
const RATE_MIN = 65_536;

/** Longer waits make nothing better, and a server that is back is found within them. */
const DELAY_MAX_MS = 20_000;

export interface Deadline {
  /** Work that takes it is given up when it is aborted; other work sees to its own deadlines. */
  readonly signal: AbortSignal;
  /** Allows the time that so many bytes may take, from now. */
  allowFor(sizeBytes: number): void;
}

/**
 * Does one operation, in several attempts when the trouble may pass, and returns what the first good one
 * returns. Each attempt has a deadline; waits are random (full jitter), so that nodes that failed together
 * do not come back together, or as long as a busy server asks for. Source: AWS Architecture Blog,
 * "Exponential Backoff and Jitter".
 *
 * The SDK's own retries are off: they know nothing of a body that breaks off, of 409 or of a total budget.
 * `operation` says in a message what was tried, and on what: "PutObject dt=2026-11-22/x".
 *
 * Throws UserError for trouble with S3, anything else as it is.
 */
export async function attempt<T>(
  { patience, url }: S3Place,
  operation: string,
  work: (deadline: Deadline) => Promise<T>,
  sizeBytes = 0,
): Promise<T> {
  const lastStartMs = performance.now() + patience.budgetMs;
  for (let delayMaxMs = patience.firstDelayMs; ; delayMaxMs = Math.min(delayMaxMs * 2, DELAY_MAX_MS)) {
    try {
      return await withDeadline(patience.attemptMs, sizeBytes, work);
    } catch (error) {
      const nowMs = Date.now();
      if (!(error instanceof Error) || !isTransient(s3TroubleOf(error))) {
        throw s3Error(error, url, operation, nowMs);
      }
      const delayMs = Math.max(Math.random() * delayMaxMs, retryAfterMs(error, nowMs));
      if (performance.now() + delayMs > lastStartMs) throw s3Error(error, url, operation, nowMs);
      await delay(delayMs);
    }
  }
}

async function withDeadline<T>(
  attemptMs: number,
  sizeBytes: number,
  work: (deadline: Deadline) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const { signal } = controller;
  const start = (bytes: number): NodeJS.Timeout =>
    setTimeout(() => controller.abort(), attemptMs + (bytes / RATE_MIN) * 1000);
  let timer = start(sizeBytes);
  let isWatched = false;
  const end = new Promise<never>((_, reject) => {
    signal.addEventListener("abort", () => isWatched && reject(signal.reason), { once: true });
  });
  const deadline: Deadline = {
    get signal() {
      isWatched = true;
      return signal;
    },
    allowFor(bytes) {
      clearTimeout(timer);
      timer = start(bytes);
    },
  };
  try {
    // The SDK heeds the signal only once it has credentials, and a source of them may take for ever.
    return await Promise.race([work(deadline), end]);
  } finally {
    clearTimeout(timer);
  }
}

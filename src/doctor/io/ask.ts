import { UserError } from "../../errors.ts";
import { exitCode } from "../../exit-code.ts";
import { AccessDeniedError } from "../../store/object-store.ts";
import { attempt } from "../../store/s3/attempt.ts";
import type { S3Place } from "../../store/s3/s3-place.ts";
import { s3TroubleOf } from "../../store/s3/s3-trouble.ts";
import { type Answer, given, type NoAnswer } from "../answer.ts";

/**
 * Asks an S3 server something, again while the trouble may pass. An error whose name is among `meanings`
 * is an answer: "not configured" mostly. Throws only what is no trouble with S3.
 */
export async function ask<Value>(
  place: S3Place,
  operation: string,
  work: (signal: AbortSignal) => Promise<Value>,
  meanings: ReadonlyMap<string, Value> = new Map(),
): Promise<Answer<Value>> {
  try {
    return await attempt<Answer<Value>>(place, operation, async ({ signal }) => {
      try {
        return given(await work(signal));
      } catch (error) {
        if (!(error instanceof Error)) throw error;
        const { name } = error;
        if (meanings.has(name)) return given(meanings.get(name) as Value);
        if (s3TroubleOf(error) === "unsupported") return { kind: "unsupported" };
        throw error;
      }
    });
  } catch (error) {
    return answerOf(error);
  }
}

/** The same for an operation of a store. */
export async function askStore<Value>(work: () => Promise<Value>): Promise<Answer<Value>> {
  try {
    return given(await work());
  } catch (error) {
    return answerOf(error);
  }
}

function answerOf(error: unknown): NoAnswer {
  if (error instanceof AccessDeniedError) return { kind: "denied" };
  if (!(error instanceof UserError)) throw error;
  return { kind: "failed", message: error.message, mayPass: error.exitCode === exitCode.tryAgain };
}

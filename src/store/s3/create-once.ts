import { attempt, type Deadline } from "./attempt.ts";
import type { S3Place } from "./s3-place.ts";
import { mayHaveHappened } from "./s3-trouble.ts";

/** A key that is taken: see Creation in ../object-store.ts. */
export type Taken = "exists" | "uncertain";

/**
 * Attempts a request that creates an object only where none is, and returns its answer, unless the key is
 * taken. An attempt that ended without a clear answer may have created it, so that a key that is then taken
 * leaves it open by whom. 409 says that another request for the key is under way: it is attempted again.
 * Source: Amazon S3 API, "Conditional writes": 412.
 */
export function createOnce<Answer extends object>(
  place: S3Place,
  operation: string,
  send: (deadline: Deadline) => Promise<Answer>,
  sizeBytes: number,
): Promise<Answer | Taken> {
  let mayBeOurs = false;
  const work = async (deadline: Deadline): Promise<Answer | Taken> => {
    // The attempt is over at that moment, whatever becomes of the request.
    deadline.signal.addEventListener("abort", () => (mayBeOurs = true), { once: true });
    try {
      return await send(deadline);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      if (error.name === "PreconditionFailed") return mayBeOurs ? "uncertain" : "exists";
      mayBeOurs ||= mayHaveHappened(error);
      throw error;
    }
  };
  return attempt(place, operation, work, sizeBytes);
}

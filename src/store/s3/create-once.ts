import type { Creation } from "../object-store.ts";
import { attempt, type Deadline } from "./attempt.ts";
import type { S3Place } from "./s3-place.ts";
import { mayHaveHappened } from "./s3-trouble.ts";

/** True when the server says that the key is taken; `mayBeOurs`: perhaps by an earlier attempt of the same call. */
export type TellsTaken = (error: Error, mayBeOurs: boolean) => boolean;

/** Source: Amazon S3 API, "Conditional writes": 412. */
export const failsPrecondition: TellsTaken = ({ name }) => name === "PreconditionFailed";

/**
 * Attempts a request that creates an object only where none is. An attempt that ended without a clear answer
 * may have created it, so that a key that is then taken leaves it open by whom. 409 says that another
 * request for the key is under way: it is attempted again.
 */
export function createOnce(
  place: S3Place,
  operation: string,
  send: (deadline: Deadline) => Promise<void>,
  sizeBytes: number,
  tellsTaken: TellsTaken = failsPrecondition,
): Promise<Creation> {
  let mayBeOurs = false;
  const work = async (deadline: Deadline): Promise<Creation> => {
    try {
      await send(deadline);
      return "created";
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      if (tellsTaken(error, mayBeOurs)) return mayBeOurs ? "uncertain" : "exists";
      mayBeOurs ||= mayHaveHappened(error);
      throw error;
    }
  };
  return attempt(place, operation, work, sizeBytes);
}

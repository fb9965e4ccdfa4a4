import { UserError } from "../errors.ts";
import { exitCode } from "../exit-code.ts";
import type { OpenRequest } from "./custodian.ts";
import { renderRequest } from "./render-request.ts";
import { problemOfRequest } from "./request-limits.ts";

/**
 * Asked before anything of a request is opened. Throws UserError for one that is not admitted: then nothing of
 * it is opened.
 */
export type Admit = (request: OpenRequest) => Promise<void>;

/** Admits what is well formed and keeps to the limits. Enough where whoever asks holds the keyring. */
export const admitWithinLimits: Admit = async (request) => {
  const problem = problemOfRequest(request);
  if (problem === undefined) return;
  throw new UserError(`the custodian does not admit the request: ${problem}`, exitCode.usage);
};

/**
 * The same, and one line for each request is written before anything is opened. `note` rejects when it could not
 * be written: then nothing is opened. `asker` is who asks, for people.
 */
export function admitOnRecord(note: (line: string) => Promise<void>, asker: string): Admit {
  return async (request) => {
    await admitWithinLimits(request);
    try {
      await note(renderRequest(request, asker));
    } catch (error) {
      throw new UserError(
        "the custodian cannot write its log, and opens nothing that it has not written down; see to its standard error, then ask again",
        exitCode.tryAgain,
        { cause: error },
      );
    }
  };
}

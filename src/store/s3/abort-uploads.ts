import { UserError } from "../../errors.ts";
import { exitCode } from "../../exit-code.ts";
import { inParallel } from "../../in-parallel.ts";
import { AccessDeniedError, type RemoveFailure } from "../object-store.ts";
import { abortUpload } from "./abort-upload.ts";
import type { ListedUpload } from "./list-uploads.ts";
import type { S3Place } from "./s3-place.ts";

const AT_ONCE = 8;

/**
 * Ends uploads; one that has ended by itself is no failure. Once the server cannot be reached, what remains
 * is returned untried.
 */
export async function abortUploads(
  place: S3Place,
  uploads: readonly ListedUpload[],
): Promise<readonly RemoveFailure[]> {
  const failures: RemoveFailure[] = [];
  let outage: UserError | undefined;
  await inParallel(uploads, AT_ONCE, async (upload) => {
    const problem = outage ?? (await tryAbort(place, upload));
    if (problem?.exitCode === exitCode.tryAgain) outage = problem;
    if (problem !== undefined) failures.push({ key: upload.key, message: explain(problem) });
  });
  return failures;
}

async function tryAbort(place: S3Place, { key, uploadId }: ListedUpload): Promise<UserError | undefined> {
  try {
    await abortUpload(place, key, uploadId);
    return undefined;
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
}

function explain(problem: UserError): string {
  if (!(problem instanceof AccessDeniedError)) return problem.message;
  return `${problem.message}; an upload of it was never finished, and removing that takes s3:AbortMultipartUpload`;
}

import { DeleteObjectCommand, DeleteObjectsCommand, type _Error as KeyError } from "@aws-sdk/client-s3";
import { UserError } from "../../errors.ts";
import { exitCode } from "../../exit-code.ts";
import type { RemoveFailure } from "../object-store.ts";
import { attempt } from "./attempt.ts";
import type { S3Place } from "./s3-place.ts";
import { isTransient, s3TroubleOf } from "./s3-trouble.ts";

/** S3 takes no more in one call. Source: Amazon S3 API, DeleteObjects. */
const BATCH_MAX = 1000;

/** Single deletes at once: enough to hide the way there and back, few for a server that is busy already. */
const SINGLES_AT_ONCE = 8;

interface BatchesOutcome {
  readonly failures: readonly RemoveFailure[];
  /** Keys that are to be removed one by one. */
  readonly left: readonly string[];
}

/**
 * Removes objects by the thousand. HTTP 200 is not believed: each key's own answer counts. Keys that a busy
 * server left out are removed one by one, and so are all when it refuses batches (some want a Content-MD5,
 * which the SDK no longer sends: aws-sdk-js-v3 issue 6819). Once the server cannot be reached, what remains
 * is returned untried, since each try would wait in vain.
 */
export async function deleteObjects(
  place: S3Place,
  keys: readonly string[],
): Promise<readonly RemoveFailure[]> {
  const { failures, left } = await deleteBatches(place, keys);
  return [...failures, ...(await deleteSingly(place, left))];
}

async function deleteBatches(place: S3Place, keys: readonly string[]): Promise<BatchesOutcome> {
  const failures: RemoveFailure[] = [];
  const left: string[] = [];
  for (let first = 0; first < keys.length; first += BATCH_MAX) {
    try {
      const errors = await deleteBatch(place, keys.slice(first, first + BATCH_MAX));
      if (errors === "refused") return { failures, left: [...left, ...keys.slice(first)] };
      for (const error of errors) {
        const key = (error.Key ?? "").slice(place.base.length);
        if (isTransient(s3TroubleOf({ name: error.Code }))) left.push(key);
        else failures.push({ key, message: `${place.url}: the S3 server says ${error.Code ?? "nothing"}` });
      }
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      return { failures: [...failures, ...failAll([...left, ...keys.slice(first)], error)], left: [] };
    }
  }
  return { failures, left };
}

/** The errors of single keys, or "refused" when the server does not take the batch as such. */
function deleteBatch(place: S3Place, keys: readonly string[]): Promise<readonly KeyError[] | "refused"> {
  const command = new DeleteObjectsCommand({
    Bucket: place.bucket,
    Delete: { Objects: keys.map((key) => ({ Key: place.base + key })), Quiet: true },
  });
  return attempt(place, async ({ signal }) => {
    try {
      const { Errors: errors = [] } = await place.client.send(command, { abortSignal: signal });
      return errors.filter(({ Code: code }) => code !== "NoSuchKey");
    } catch (error) {
      const trouble = error instanceof Error ? s3TroubleOf(error) : "none";
      if (trouble === "refused" || trouble === "unsupported") return "refused";
      throw error;
    }
  });
}

async function deleteSingly(place: S3Place, keys: readonly string[]): Promise<readonly RemoveFailure[]> {
  const failures: RemoveFailure[] = [];
  for (let first = 0; first < keys.length; first += SINGLES_AT_ONCE) {
    const group = keys.slice(first, first + SINGLES_AT_ONCE);
    const problems = await Promise.all(group.map((key) => deleteOne(place, key)));
    failures.push(...group.flatMap((key, index) => failAll([key], problems[index])));
    const outage = problems.find((problem) => problem?.exitCode === exitCode.tryAgain);
    if (outage !== undefined) return [...failures, ...failAll(keys.slice(first + SINGLES_AT_ONCE), outage)];
  }
  return failures;
}

async function deleteOne(place: S3Place, key: string): Promise<UserError | undefined> {
  const command = new DeleteObjectCommand({ Bucket: place.bucket, Key: place.base + key });
  try {
    await attempt(place, async ({ signal }) => {
      try {
        await place.client.send(command, { abortSignal: signal });
      } catch (error) {
        const isGone = error instanceof Error && error.name === "NoSuchKey";
        if (!isGone) throw error;
      }
    });
    return undefined;
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
}

function failAll(keys: readonly string[], error: UserError | undefined): readonly RemoveFailure[] {
  return error === undefined ? [] : keys.map((key) => ({ key, message: error.message }));
}

import {
  DeleteObjectCommand,
  DeleteObjectsCommand,
  type DeleteObjectsCommandOutput,
} from "@aws-sdk/client-s3";
import { UserError } from "../../errors.ts";
import { exitCode } from "../../exit-code.ts";
import { AccessDeniedError, type RemoveFailure } from "../object-store.ts";
import { attempt } from "./attempt.ts";
import type { S3Place } from "./s3-place.ts";
import { isTransient, s3TroubleOf } from "./s3-trouble.ts";

/** S3 takes no more in one call. Source: Amazon S3 API, DeleteObjects. */
const BATCH_MAX = 1000;

/**
 * Fewer versions, since they take longer: Ceph 20 needed 3 to 9 ms for each and says nothing meanwhile, so that a
 * thousand of them on a busy server look like one that does not answer.
 */
const VERSIONS_MAX = 250;

/** Single deletes at once: enough to hide the way there and back, few for a server that is busy already. */
const SINGLES_AT_ONCE = 8;

export interface DeleteTarget {
  readonly key: string;
  /** Of the one version to delete; without it the object goes by its name. */
  readonly versionId?: string;
}

export interface TargetFailure extends RemoveFailure {
  readonly target: DeleteTarget;
  readonly isDenied: boolean;
}

export interface DeleteOutcome {
  readonly failures: readonly TargetFailure[];
  /** Keys of which the server kept the object and put a marker in front of it: the bucket keeps versions. */
  readonly marked: readonly string[];
}

const nothing: DeleteOutcome = { failures: [], marked: [] };

/**
 * Deletes by the batch. HTTP 200 is not believed: each target's own answer counts, which is why all
 * answers are asked for. Targets that a busy server left out or said nothing of are deleted one by one, and so
 * are all when it refuses batches (some want a Content-MD5, which the SDK no longer sends: aws-sdk-js-v3
 * issue 6819). Once the server cannot be reached, what remains is returned untried, since each try would wait
 * in vain.
 */
export async function sendDeletes(place: S3Place, targets: readonly DeleteTarget[]): Promise<DeleteOutcome> {
  const { left, ...outcome } = await deleteBatches(place, targets);
  return both(outcome, await deleteSingly(place, left));
}

interface BatchesOutcome extends DeleteOutcome {
  /** What is to be deleted one by one. */
  readonly left: readonly DeleteTarget[];
}

async function deleteBatches(place: S3Place, targets: readonly DeleteTarget[]): Promise<BatchesOutcome> {
  let outcome = nothing;
  const left: DeleteTarget[] = [];
  const batchMax = targets.some(({ versionId }) => versionId !== undefined) ? VERSIONS_MAX : BATCH_MAX;
  for (let first = 0; first < targets.length; first += batchMax) {
    const batch = targets.slice(first, first + batchMax);
    try {
      const answer = await deleteBatch(place, batch);
      if (answer === "refused") return { ...outcome, left: [...left, ...targets.slice(first)] };
      const read = readAnswer(place, batch, answer);
      outcome = both(outcome, read);
      left.push(...read.left);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      const untried = [...left, ...targets.slice(first)];
      return { ...both(outcome, { failures: failAll(untried, error), marked: [] }), left: [] };
    }
  }
  return { ...outcome, left };
}

/** "refused" when the server does not take the batch as such. */
function deleteBatch(
  place: S3Place,
  targets: readonly DeleteTarget[],
): Promise<DeleteObjectsCommandOutput | "refused"> {
  const command = new DeleteObjectsCommand({
    Bucket: place.bucket,
    Delete: {
      Objects: targets.map(({ key, versionId }) => ({ Key: place.base + key, VersionId: versionId })),
      Quiet: false,
    },
  });
  return attempt(place, "DeleteObjects", async ({ signal }) => {
    try {
      return await place.client.send(command, { abortSignal: signal });
    } catch (error) {
      const trouble = error instanceof Error ? s3TroubleOf(error) : "none";
      if (trouble === "refused" || trouble === "unsupported") return "refused";
      throw error;
    }
  });
}

function readAnswer(
  { url, base }: S3Place,
  batch: readonly DeleteTarget[],
  { Deleted: deleted = [], Errors: errors = [] }: DeleteObjectsCommandOutput,
): BatchesOutcome {
  const codes = new Map(
    errors.map(({ Key, VersionId, Code }) => [nameOf(Key, VersionId), Code ?? "nothing"]),
  );
  const done = new Set(deleted.map(({ Key, VersionId }) => nameOf(Key, VersionId)));
  const failures: TargetFailure[] = [];
  const left: DeleteTarget[] = [];
  for (const target of batch) {
    const names = [nameOf(base + target.key, target.versionId), nameOf(base + target.key, undefined)];
    const code = names.map((name) => codes.get(name)).find((known) => known !== undefined);
    const isDone = code === undefined && names.some((name) => done.has(name));
    if (isDone || isGone(code)) continue;
    if (code === undefined || isTransient(s3TroubleOf({ name: code }))) left.push(target);
    else if (code === "AccessDenied") failures.push(failureOf(target, mayNot(url), true));
    else failures.push(failureOf(target, `${url}: the S3 server says ${code}`, false));
  }
  const named = new Set(batch.filter(({ versionId }) => versionId === undefined).map(({ key }) => key));
  const marked = deleted
    .filter(({ DeleteMarker: isMarker }) => isMarker === true)
    .map(({ Key: name = "" }) => name.slice(base.length))
    .filter((key) => named.has(key));
  return { failures, marked, left };
}

/** No key has a space in it. A server may leave out the version in its answer. */
function nameOf(name = "", versionId = ""): string {
  return `${name} ${versionId}`;
}

async function deleteSingly(place: S3Place, targets: readonly DeleteTarget[]): Promise<DeleteOutcome> {
  let outcome = nothing;
  for (let first = 0; first < targets.length; first += SINGLES_AT_ONCE) {
    const group = targets.slice(first, first + SINGLES_AT_ONCE);
    const results = await Promise.all(group.map((target) => deleteOne(place, target)));
    const problems = results.filter((result) => result instanceof UserError);
    outcome = both(outcome, {
      failures: group.flatMap((target, index) => failAll([target], results[index])),
      marked: group.filter((_, index) => results[index] === "marked").map(({ key }) => key),
    });
    const outage = problems.find((problem) => problem.exitCode === exitCode.tryAgain);
    if (outage !== undefined) {
      const untried = targets.slice(first + SINGLES_AT_ONCE);
      return both(outcome, { failures: failAll(untried, outage), marked: [] });
    }
  }
  return outcome;
}

async function deleteOne(
  place: S3Place,
  { key, versionId }: DeleteTarget,
): Promise<"deleted" | "marked" | UserError> {
  const command = new DeleteObjectCommand({
    Bucket: place.bucket,
    Key: place.base + key,
    VersionId: versionId,
  });
  try {
    return await attempt(place, `DeleteObject ${key}`, async ({ signal }) => {
      try {
        const { DeleteMarker: isMarker } = await place.client.send(command, { abortSignal: signal });
        return isMarker === true && versionId === undefined ? "marked" : "deleted";
      } catch (error) {
        if (error instanceof Error && isGone(error.name)) return "deleted";
        throw error;
      }
    });
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
}

function mayNot(url: string): string {
  return `${url}: the S3 server denies removing it (AccessDenied); allow s3:DeleteObject to these credentials`;
}

function isGone(code: string | undefined): boolean {
  return code === "NoSuchKey" || code === "NoSuchVersion";
}

function failAll(targets: readonly DeleteTarget[], problem: unknown): readonly TargetFailure[] {
  if (!(problem instanceof UserError)) return [];
  const isDenied = problem instanceof AccessDeniedError;
  return targets.map((target) => failureOf(target, problem.message, isDenied));
}

function failureOf(target: DeleteTarget, message: string, isDenied: boolean): TargetFailure {
  return { key: target.key, message, target, isDenied };
}

function both(one: DeleteOutcome, other: DeleteOutcome): DeleteOutcome {
  return {
    failures: [...one.failures, ...other.failures],
    marked: [...one.marked, ...other.marked],
  };
}

import { UserError } from "../../errors.ts";
import { inParallel } from "../../in-parallel.ts";
import type { RemoveFailure } from "../object-store.ts";
import { abortUploads } from "./abort-uploads.ts";
import { bucketVersioning, noteVersioning } from "./bucket-versioning.ts";
import { groupKeys } from "./key-groups.ts";
import { type ListedUpload, listUploads } from "./list-uploads.ts";
import { type ListedVersion, listVersions } from "./list-versions.ts";
import { lockedUntil } from "./locked-until.ts";
import type { S3Place } from "./s3-place.ts";
import { sendDeletes, type TargetFailure } from "./send-deletes.ts";
import { removeUntilGone } from "./until-gone.ts";

/** Locks asked for at once. */
const AT_ONCE = 8;

/**
 * Removes everything of the keys: objects, older versions, delete markers and unfinished uploads. Nothing is
 * removed before it is known what there is: where that is denied, a delete could leave a marker in front of
 * an object that stays, so every key is a failure. In a bucket that never kept versions an object goes by its
 * name; should the answer say that a marker was left, versioning has been switched on, and the versions go
 * one by one.
 */
export async function deleteObjects(
  place: S3Place,
  keys: readonly string[],
): Promise<readonly RemoveFailure[]> {
  if (keys.length === 0) return [];
  const messages = new Map<string, string>();
  const note = (failures: readonly RemoveFailure[]): void => {
    for (const { key, message } of failures) messages.set(key, message);
  };
  try {
    const versions = await findVersions(place, keys);
    const uploads = await findUploads(place, keys);
    note(await removeUploads(place, uploads));
    const isByName = (await bucketVersioning(place)) === "never";
    note(isByName ? await removeByName(place, keys) : await removeVersions(place, versions));
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    for (const key of keys) if (!messages.has(key)) messages.set(key, error.message);
  }
  return keys.flatMap((key) => {
    const message = messages.get(key);
    return message === undefined ? [] : [{ key, message }];
  });
}

async function removeByName(place: S3Place, keys: readonly string[]): Promise<readonly RemoveFailure[]> {
  const { failures, marked } = await sendDeletes(
    place,
    keys.map((key) => ({ key })),
  );
  if (marked.length === 0) return failures;
  noteVersioning(place, "kept");
  try {
    return [...failures, ...(await removeVersions(place, await findVersions(place, marked)))];
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return [...failures, ...marked.map((key) => ({ key, message: error.message }))];
  }
}

function removeVersions(
  place: S3Place,
  versions: readonly ListedVersion[],
): Promise<readonly RemoveFailure[]> {
  return removeUntilGone(place.patience, versions, {
    find: (keys) => findVersions(place, keys),
    remove: async (things) => {
      const targets = things.map(({ key, versionId }) => ({ key, versionId }));
      return explainDenied(place, (await sendDeletes(place, targets)).failures);
    },
    remains: `${place.url}: removed, as the S3 server says, and a version of it is still listed`,
  });
}

/** Says of each version that may not be removed what keeps it; asks no more once the server does not tell. */
async function explainDenied(
  place: S3Place,
  failures: readonly TargetFailure[],
): Promise<readonly RemoveFailure[]> {
  let isTelling = true;
  const explained: RemoveFailure[] = [];
  await inParallel(failures, AT_ONCE, async ({ key, message, isDenied, target: { versionId } }) => {
    if (!isDenied || versionId === undefined) {
      explained.push({ key, message });
      return;
    }
    const until = isTelling ? await lockedUntil(place, { key, versionId }) : undefined;
    isTelling &&= until !== undefined;
    explained.push({ key, message: until === undefined ? mayNotDelete(place) : isLocked(place, until) });
  });
  return explained;
}

function isLocked({ url }: S3Place, until: string): string {
  return `${url}: a version of it is locked until ${until} by the bucket's object lock; run this again after that`;
}

function mayNotDelete({ url }: S3Place): string {
  return `${url}: the S3 server denies removing a version of it (AccessDenied); allow s3:DeleteObjectVersion to these credentials, or see whether object lock, a legal hold or MFA delete keeps it`;
}

function removeUploads(place: S3Place, uploads: readonly ListedUpload[]): Promise<readonly RemoveFailure[]> {
  return removeUntilGone(place.patience, uploads, {
    find: (keys) => findUploads(place, keys),
    remove: (things) => abortUploads(place, things),
    remains: `${place.url}: its unfinished upload was aborted, as the S3 server says, and is still listed`,
  });
}

async function findVersions(place: S3Place, keys: readonly string[]): Promise<readonly ListedVersion[]> {
  return findOf(keys, (prefix) => listVersions(place, prefix));
}

async function findUploads(place: S3Place, keys: readonly string[]): Promise<readonly ListedUpload[]> {
  return findOf(keys, (prefix) => listUploads(place, prefix));
}

async function findOf<Thing extends { readonly key: string }>(
  keys: readonly string[],
  list: (prefix: string) => AsyncIterable<Thing>,
): Promise<readonly Thing[]> {
  const wanted = new Set(keys);
  const found: Thing[] = [];
  for (const { prefix } of groupKeys(keys)) {
    for await (const thing of list(prefix)) if (wanted.has(thing.key)) found.push(thing);
  }
  return found;
}

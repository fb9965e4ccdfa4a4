import {
  AbortMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutObjectCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { type TriedAction, type TriedPlace, triedActions, triedPlaces } from "./access-matrix.ts";

// Each cell of the matrix, tried on a server: with a role's own keys, on objects that an administrator has put there.

/** "denied": by a status 403, or by an AccessDenied for the one key. */
export type Outcome = "allowed" | "denied";

export interface CellGround {
  readonly administrator: S3Client;
  readonly bucket: string;
  /** Where the key of a place lies in the bucket. */
  readonly keyOf: (place: TriedPlace) => string;
}

/** Tries every cell of one role, and puts back after each what was there. By "ACTION PLACE". */
export async function tryCells(role: S3Client, ground: CellGround): Promise<ReadonlyMap<string, Outcome>> {
  const outcomes = new Map<string, Outcome>();
  for (const place of triedPlaces) {
    const key = ground.keyOf(place);
    const body = await bodyOf(ground, key);
    await restore(ground, key, body);
    for (const action of triedActions) {
      outcomes.set(`${action} ${place.name}`, await tryCell(role, ground, action, place));
      if (action !== "list" && action !== "get") await restore(ground, key, body);
    }
  }
  return outcomes;
}

async function tryCell(
  role: S3Client,
  { administrator, bucket: Bucket, keyOf }: CellGround,
  action: TriedAction,
  place: TriedPlace,
): Promise<Outcome> {
  const Key = keyOf(place);
  const Prefix = `${Key.slice(0, Key.length - place.key.length)}${place.prefix}`;
  switch (action) {
    case "list":
      return outcomeOf(() => role.send(new ListObjectsV2Command({ Bucket, Prefix })));
    case "get":
      return same(
        await outcomeOf(() => role.send(new HeadObjectCommand({ Bucket, Key }))),
        await outcomeOf(async () =>
          (await role.send(new GetObjectCommand({ Bucket, Key }))).Body?.transformToString(),
        ),
      );
    case "put-new":
      await administrator.send(new DeleteObjectCommand({ Bucket, Key }));
      return outcomeOf(() => role.send(new PutObjectCommand({ Bucket, Key, Body: "new", IfNoneMatch: "*" })));
    case "put-over":
      return outcomeOf(() => role.send(new PutObjectCommand({ Bucket, Key, Body: "over" })));
    case "delete":
      return same(
        await outcomeOf(async () => perKey(await role.send(deleteBatch(Bucket, Key)))),
        await outcomeOf(() => role.send(new DeleteObjectCommand({ Bucket, Key }))),
      );
    case "list-versions":
      return outcomeOf(() => role.send(new ListObjectVersionsCommand({ Bucket, Prefix })));
    case "delete-version":
      return outcomeOf(() => role.send(new DeleteObjectCommand({ Bucket, Key, VersionId: "null" })));
    case "list-uploads":
      return outcomeOf(() => role.send(new ListMultipartUploadsCommand({ Bucket, Prefix })));
    case "abort-upload": {
      const { UploadId } = await administrator.send(new CreateMultipartUploadCommand({ Bucket, Key }));
      const outcome = await outcomeOf(() =>
        role.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId })),
      );
      if (outcome === "denied") {
        await administrator.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }));
      }
      return outcome;
    }
  }
}

/** What is there already is somebody's, such as the store's identity. */
async function bodyOf({ administrator, bucket }: CellGround, key: string): Promise<string> {
  try {
    const { Body: body } = await administrator.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    return (await body?.transformToString()) ?? "";
  } catch (error) {
    if (error instanceof Error && error.name === "NoSuchKey") return "put by the administrator";
    throw error;
  }
}

async function restore({ administrator, bucket }: CellGround, key: string, body: string): Promise<void> {
  await administrator.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: body }));
}

/** Throws what is no denial: an error of another kind says nothing about rights. */
async function outcomeOf(ask: () => Promise<unknown>): Promise<Outcome> {
  try {
    await ask();
    return "allowed";
  } catch (error) {
    const { $metadata: metadata } = error as { readonly $metadata?: { readonly httpStatusCode?: number } };
    if (metadata?.httpStatusCode === 403 || error instanceof DeniedKeyError) return "denied";
    throw error;
  }
}

class DeniedKeyError extends Error {}

function perKey({
  Errors: errors = [],
}: {
  readonly Errors?: readonly { readonly Code?: string | undefined }[] | undefined;
}): void {
  for (const { Code: code } of errors) {
    if (code === "AccessDenied") throw new DeniedKeyError();
    throw new Error(`the server says ${code} of a key`);
  }
}

function deleteBatch(Bucket: string, Key: string): DeleteObjectsCommand {
  return new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key }] } });
}

/** Two ways to the same thing must not differ. */
function same(one: Outcome, other: Outcome): Outcome {
  if (one !== other) throw new Error(`one way is ${one}, the other ${other}`);
  return one;
}

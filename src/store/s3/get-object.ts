import type { Readable } from "node:stream";
import { GetObjectCommand, type GetObjectCommandOutput, HeadObjectCommand } from "@aws-sdk/client-s3";
import { UserError } from "../../errors.ts";
import { exitCode } from "../../exit-code.ts";
import { checkRange } from "../check-key.ts";
import { type ByteRange, ObjectNotFoundError } from "../object-store.ts";
import { attempt, type Deadline } from "./attempt.ts";
import type { S3Place } from "./s3-place.ts";

/** The object's bytes, as many as the server announced. Throws ObjectNotFoundError. */
export function getObject(place: S3Place, key: string): Promise<Uint8Array> {
  return attempt(place, async (deadline) => {
    const answer = await get(place, key, undefined, deadline);
    return readBody(answer, answer.ContentLength ?? 0, deadline);
  });
}

/** Exactly the bytes of a range that is not empty. Throws ObjectNotFoundError, RangeError. */
export function getRange(place: S3Place, key: string, range: ByteRange): Promise<Uint8Array> {
  checkRange(range, key, Number.MAX_SAFE_INTEGER);
  return attempt(place, async (deadline) => {
    const answer = await get(place, key, `bytes=${range.start}-${range.end - 1}`, deadline);
    const [, start, size] = /^bytes (\d+)-\d+\/(\d+)$/.exec(answer.ContentRange ?? "") ?? [];
    if (Number(start) !== range.start) {
      discard(answer);
      throw new UserError(
        `${place.url}: the S3 server ignores ranges; hostlog needs one that does not`,
        exitCode.config,
      );
    }
    try {
      checkRange(range, key, Number(size));
    } catch (error) {
      discard(answer);
      throw error;
    }
    return readBody(answer, range.end - range.start, deadline);
  });
}

/** The object's size in bytes. Throws ObjectNotFoundError. */
export function headObject(place: S3Place, key: string): Promise<number> {
  return attempt(place, async ({ signal }) => {
    const command = new HeadObjectCommand({ Bucket: place.bucket, Key: place.base + key });
    try {
      const { ContentLength: sizeBytes } = await place.client.send(command, { abortSignal: signal });
      return sizeBytes ?? 0;
    } catch (error) {
      throw asNotFound(error, place, key);
    }
  });
}

async function get(
  place: S3Place,
  key: string,
  range: string | undefined,
  { signal }: Deadline,
): Promise<GetObjectCommandOutput> {
  const command = new GetObjectCommand({ Bucket: place.bucket, Key: place.base + key, Range: range });
  try {
    return await place.client.send(command, { abortSignal: signal });
  } catch (error) {
    const isBeyondEnd = error instanceof Error && error.name === "InvalidRange";
    if (isBeyondEnd) throw new RangeError(`no ${range} in ${key}`, { cause: error });
    throw asNotFound(error, place, key);
  }
}

/** A HEAD's answer has no body, so its name is made of the status alone. */
function asNotFound(error: unknown, { url }: S3Place, key: string): unknown {
  const isMissing = error instanceof Error && (error.name === "NoSuchKey" || error.name === "NotFound");
  return isMissing ? new ObjectNotFoundError(key, url, { cause: error }) : error;
}

/** The deadline's signal, given with the request, ends the body as well. */
async function readBody(
  answer: GetObjectCommandOutput,
  sizeBytes: number,
  deadline: Deadline,
): Promise<Uint8Array> {
  deadline.allowFor(sizeBytes);
  const bytes = new Uint8Array(sizeBytes);
  let length = 0;
  for await (const chunk of answer.Body as Readable) {
    const part = chunk as Uint8Array;
    if (length + part.length > sizeBytes) throw wrongLength();
    bytes.set(part, length);
    length += part.length;
  }
  if (length < sizeBytes) throw wrongLength();
  return bytes;
}

/** A body that nobody reads would hold its connection. */
function discard(answer: GetObjectCommandOutput): void {
  (answer.Body as Readable).destroy();
}

function wrongLength(): Error {
  const error = new Error("the body has not the length that was announced");
  error.name = "IncompleteBody";
  return error;
}

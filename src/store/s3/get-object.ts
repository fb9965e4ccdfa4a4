import { createHash } from "node:crypto";
import type { Readable } from "node:stream";
import { GetObjectCommand, type GetObjectCommandOutput, HeadObjectCommand } from "@aws-sdk/client-s3";
import { UserError } from "../../errors.ts";
import { exitCode } from "../../exit-code.ts";
import { checkRange } from "../check-key.ts";
import type { ByteRange } from "../object-store.ts";
import { attempt, type Deadline } from "./attempt.ts";
import { DamagedError } from "./damaged-error.ts";
import { readError } from "./read-error.ts";
import type { S3Place } from "./s3-place.ts";
import { withCustomerKey } from "./with-customer-key.ts";

/** What an answer's headers tell of an object that is too large to be taken with it. */
export interface LargeObject {
  readonly sizeBytes: number;
  readonly entityTag: string | undefined;
  /** Undefined when the server keeps none of the object as a whole. */
  readonly sha256Base64: string | undefined;
}

/**
 * The object's bytes: as many as the server announced, and with the SHA-256 that it keeps, if it keeps one.
 * Throws ObjectNotFoundError, UserError.
 */
export function getObject(place: S3Place, key: string): Promise<Uint8Array> {
  return attempt(place, `GetObject ${key}`, async (deadline) =>
    readWhole(await get(place, key, undefined, deadline), deadline),
  );
}

/**
 * As {@link getObject} for an object of at most `sizeMaxBytes`. Of a larger one it returns what is needed to
 * fetch it in pieces: then the answer is broken off, which costs less than a HEAD before each small one.
 */
export function getUpTo(
  place: S3Place,
  key: string,
  sizeMaxBytes: number,
): Promise<Uint8Array | LargeObject> {
  return attempt(place, `GetObject ${key}`, async (deadline) => {
    const answer = await get(place, key, undefined, deadline);
    const { ContentLength: sizeBytes = 0, ETag: entityTag } = answer;
    if (sizeBytes <= sizeMaxBytes) return readWhole(answer, deadline);
    discard(answer);
    return { sizeBytes, entityTag, sha256Base64: checksumOfWhole(answer) };
  });
}

/**
 * Exactly the bytes of a range that is not empty; with `entityTag`, of the object that has it. Throws
 * ObjectNotFoundError, RangeError, UserError.
 */
export function getRange(
  place: S3Place,
  key: string,
  range: ByteRange,
  entityTag?: string,
): Promise<Uint8Array> {
  checkRange(range, key, Number.MAX_SAFE_INTEGER);
  return attempt(place, `GetObject ${key}`, async (deadline) => {
    const answer = await get(place, key, `bytes=${range.start}-${range.end - 1}`, deadline);
    try {
      checkAnswer(place, key, answer, range, entityTag);
    } catch (error) {
      discard(answer);
      throw error;
    }
    return readBody(answer, range.end - range.start, deadline);
  });
}

/** The object's size in bytes. Throws ObjectNotFoundError, UserError. */
export function headObject(place: S3Place, key: string): Promise<number> {
  return attempt(place, `HeadObject ${key}`, async ({ signal }) => {
    try {
      const { ContentLength: sizeBytes } = await withCustomerKey(place.atRest, (customerKey) =>
        place.client.send(
          new HeadObjectCommand({ Bucket: place.bucket, Key: place.base + key, ...customerKey }),
          { abortSignal: signal },
        ),
      );
      return sizeBytes ?? 0;
    } catch (error) {
      throw await readError(place, key, error, signal);
    }
  });
}

async function get(
  place: S3Place,
  key: string,
  range: string | undefined,
  { signal }: Deadline,
): Promise<GetObjectCommandOutput> {
  try {
    return await withCustomerKey(place.atRest, (customerKey) =>
      place.client.send(
        new GetObjectCommand({ Bucket: place.bucket, Key: place.base + key, Range: range, ...customerKey }),
        { abortSignal: signal },
      ),
    );
  } catch (error) {
    const isBeyondEnd = error instanceof Error && error.name === "InvalidRange";
    if (isBeyondEnd) throw new RangeError(`no ${range} in ${key}`, { cause: error });
    throw await readError(place, key, error, signal);
  }
}

function checkAnswer(
  { url }: S3Place,
  key: string,
  { ContentRange: contentRange = "", ETag: answeredTag }: GetObjectCommandOutput,
  range: ByteRange,
  entityTag: string | undefined,
): void {
  const [, start, size] = /^bytes (\d+)-\d+\/(\d+)$/.exec(contentRange) ?? [];
  if (Number(start) !== range.start) {
    throw new UserError(
      `${url}: the S3 server ignores ranges; hostlog needs one that does not`,
      exitCode.config,
    );
  }
  checkRange(range, key, Number(size));
  // Compared here, as not every server knows If-Match.
  if (entityTag !== undefined && answeredTag !== entityTag) {
    throw new UserError(`${url}: ${key} was replaced while it was read; try again`, exitCode.tryAgain);
  }
}

async function readWhole(answer: GetObjectCommandOutput, deadline: Deadline): Promise<Uint8Array> {
  const bytes = await readBody(answer, answer.ContentLength ?? 0, deadline);
  const expected = checksumOfWhole(answer);
  const isSame = expected === undefined || expected === createHash("sha256").update(bytes).digest("base64");
  if (isSame) return bytes;
  throw new DamagedError("the bytes have not the SHA-256 that the server keeps of them");
}

/** One that ends in a number of parts is a hash of their hashes. Source: Amazon S3 user guide, "Checking object integrity". */
function checksumOfWhole({ ChecksumSHA256: checksum }: GetObjectCommandOutput): string | undefined {
  return checksum?.includes("-") === true ? undefined : checksum;
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
  return new DamagedError("the body has not the length that was announced");
}

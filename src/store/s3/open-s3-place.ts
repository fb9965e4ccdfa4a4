import type { S3Settings } from "../../../config/config.ts";
import { addAnswerCheck } from "./check-answers.ts";
import { addChecksumHeaders } from "./checksum-headers.ts";
import { openAtRest } from "./open-at-rest.ts";
import { openS3Client } from "./s3-client.ts";
import type { Patience, S3Place } from "./s3-place.ts";
import { type TransferSizes, usualSizes } from "./transfer-sizes.ts";

/** A daemon keeps what it could not send and comes again, so one operation need not outlast an outage. */
const usualPatience: Patience = { attemptMs: 30_000, budgetMs: 120_000, firstDelayMs: 200 };

/** A bucket's name, and a prefix without slashes at its ends or nothing. */
export interface S3Root {
  readonly bucket: string;
  readonly prefix: string;
}

/** Throws UserError for settings that cannot work; nothing is asked of the server yet. */
export async function openS3Place(
  { bucket, prefix }: S3Root,
  settings: S3Settings,
  patience: Patience = usualPatience,
  sizes: TransferSizes = usualSizes,
): Promise<S3Place> {
  const url = prefix === "" ? `s3://${bucket}` : `s3://${bucket}/${prefix}`;
  const atRest = await openAtRest(settings.encryption);
  const client = await openS3Client(url, settings, patience);
  addChecksumHeaders(client);
  addAnswerCheck(client);
  return {
    client,
    bucket,
    base: prefix === "" ? "" : `${prefix}/`,
    url,
    patience,
    sizes,
    atRest,
  };
}

import type { S3Client } from "@aws-sdk/client-s3";
import type { AtRest } from "./at-rest.ts";
import type { TransferSizes } from "./transfer-sizes.ts";

/** A root in a bucket, and how to reach it. */
export interface S3Place {
  readonly client: S3Client;
  readonly bucket: string;
  /** What stands before every key: empty, or a prefix with its slash. */
  readonly base: string;
  /** `s3://bucket/prefix`, for messages. */
  readonly url: string;
  readonly patience: Patience;
  readonly sizes: TransferSizes;
  /** How what is stored here is to be encrypted by the server. */
  readonly atRest: AtRest;
}

/** How long one operation is tried. */
export interface Patience {
  /** From the request to the first byte of the answer, and between any two bytes, in ms. */
  readonly attemptMs: number;
  /** After this no further attempt begins, in ms. */
  readonly budgetMs: number;
  /** The longest wait before the second attempt, in ms; each later one may be twice as long. */
  readonly firstDelayMs: number;
}

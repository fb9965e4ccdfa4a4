import { UserError } from "../../errors.ts";
import { exitCode } from "../../exit-code.ts";
import type { S3Place } from "./s3-place.ts";

/** As S3 lists: by the bytes of names. Negative when `left` comes first. */
export function compareNames(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right));
}

export function unusableListing({ url }: S3Place, what: string): UserError {
  return new UserError(
    `${url}: the S3 server ${what}; hostlog needs one that lists as Amazon S3 does`,
    exitCode.config,
  );
}

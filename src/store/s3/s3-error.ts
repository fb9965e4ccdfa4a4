import { UserError } from "../../errors.ts";
import { type ExitCode, exitCode } from "../../exit-code.ts";
import { type S3ErrorShape, type S3Trouble, s3TroubleOf } from "./s3-trouble.ts";

const explanations: Readonly<Record<Exclude<S3Trouble, "none">, readonly [ExitCode, string]>> = {
  unreachable: [
    exitCode.tryAgain,
    "the S3 server does not answer in time; check the network and the endpoint (s3.endpoint, AWS_ENDPOINT_URL), then try again",
  ],
  throttled: [exitCode.tryAgain, "the S3 server is too busy; try again later, or with fewer nodes at once"],
  "server-failed": [
    exitCode.tryAgain,
    "the S3 server failed; look at its own log or status page, then try again",
  ],
  damaged: [
    exitCode.tryAgain,
    "bytes were changed or lost on the way, time and again; look for a faulty proxy or network card, then try again",
  ],
  conflict: [exitCode.tryAgain, "others keep writing the same object; try again when they are done"],
  clock: [
    exitCode.tryAgain,
    "this machine's clock is wrong by minutes; set it (chronyc, timedatectl), then try again",
  ],
  full: [
    exitCode.tryAgain,
    "the bucket or the server is full; free some space or raise the quota, then try again",
  ],
  untrusted: [
    exitCode.config,
    "the S3 server's certificate is not trusted; name your own authority's file in NODE_EXTRA_CA_CERTS, or correct the endpoint",
  ],
  "no-credentials": [
    exitCode.config,
    "there are no credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE",
  ],
  denied: [
    exitCode.config,
    "the S3 server denies it; check that the credentials are the right ones, have not expired and may do this in this bucket and prefix",
  ],
  "no-bucket": [
    exitCode.config,
    "there is no such bucket; create it, or correct the store's URL or s3.endpoint",
  ],
  "wrong-region": [
    exitCode.config,
    "the bucket lies in another region; set s3.region or AWS_REGION to that one",
  ],
  unsupported: [
    exitCode.config,
    "the S3 server cannot do this; hostlog needs conditional PutObject, ListObjectsV2 and ranged GetObject",
  ],
  refused: [
    exitCode.config,
    "the S3 server refuses the request; check s3.endpoint, s3.region and the store's URL",
  ],
};

/** What an S3 client threw, for the person who can put it right; anything else comes back as it is. */
export function s3Error(error: unknown, url: string): unknown {
  if (!(error instanceof Error) || error instanceof UserError) return error;
  const trouble = s3TroubleOf(error);
  if (trouble === "none") return error;
  const [code, explanation] = explanations[trouble];
  return new UserError(`${url}: ${explanation} (${labelOf(error)})`, code, { cause: error });
}

/** The name by which the server's documentation knows the error. Its message may quote keys, so it stays out. */
function labelOf(error: S3ErrorShape): string {
  const name = typeof error.code === "string" ? error.code : String(error.name);
  const status = error.$metadata?.httpStatusCode;
  return status === undefined ? name : `${name}, HTTP ${status}`;
}

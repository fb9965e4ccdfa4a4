import { UserError } from "../../errors.ts";
import { type ExitCode, exitCode } from "../../exit-code.ts";
import { AccessDeniedError } from "../object-store.ts";
import { type S3ErrorShape, type S3Trouble, s3TroubleOf } from "./s3-trouble.ts";

const { tryAgain, config } = exitCode;

/** `{detail}` stands for what the error itself tells of it, or for nothing. */
const explanations: Readonly<Record<Exclude<S3Trouble, "none">, readonly [ExitCode, string]>> = {
  unreachable: [
    tryAgain,
    "the S3 server does not answer in time; check the network, the endpoint (s3.endpoint, AWS_ENDPOINT_URL) and, if a program or a service gives the credentials, that it answers, then try again",
  ],
  "not-listening": [
    tryAgain,
    "nothing answers{detail}; check that the S3 server runs, and host and port of the endpoint (s3.endpoint, AWS_ENDPOINT_URL), then try again",
  ],
  unresolved: [
    tryAgain,
    "no address is known of the host{detail}; check its name in the endpoint (s3.endpoint, AWS_ENDPOINT_URL), this machine's DNS and, unless s3.force_path_style is set, that the bucket's own host name exists",
  ],
  "no-tls": [
    config,
    "the S3 server and this machine agree on no TLS (1.2 at least); check that s3.endpoint names a port that speaks https, and whether the server demands a client certificate",
  ],
  garbled: [
    tryAgain,
    "what answers does not speak as an S3 server does; check the endpoint (s3.endpoint, AWS_ENDPOINT_URL) and any proxy on the way",
  ],
  throttled: [tryAgain, "the S3 server is too busy; try again later, or with fewer nodes at once"],
  "server-failed": [tryAgain, "the S3 server failed; look at its own log or status page, then try again"],
  damaged: [
    tryAgain,
    "bytes were changed or lost on the way, time and again; look for a faulty proxy, network card or disk of the server, then try again",
  ],
  conflict: [tryAgain, "others keep writing the same object; try again when they are done"],
  "no-upload": [
    tryAgain,
    "the upload was removed before it was complete, by a lifecycle rule or by somebody; try again",
  ],
  clock: [
    tryAgain,
    "this machine's clock is wrong{detail}; set it (chronyc, timedatectl) or the server's, then try again",
  ],
  full: [tryAgain, "the bucket or the server is full; free some space or raise the quota, then try again"],
  "too-large": [config, "the S3 server takes no object of this size; make batches smaller"],
  untrusted: [
    config,
    "the S3 server's certificate is not trusted; name your own authority's file in s3.ca_file or NODE_EXTRA_CA_CERTS, or correct the endpoint",
  ],
  "certificate-expired": [
    config,
    "the S3 server's certificate is not valid now; have it renewed, and check this machine's clock",
  ],
  "wrong-name": [
    config,
    "the S3 server's certificate is for another name than the endpoint's; correct s3.endpoint, or set s3.force_path_style if it is for no bucket's own host name",
  ],
  "client-certificate": [
    config,
    "the S3 server demands a client certificate, or does not take this one; check s3.client_certificate_file and s3.client_key_file",
  ],
  "no-credentials": [
    config,
    "no source of credentials gave any, so there are no credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE; if a credential_process, web identity or the role of an instance or container should give them, see why it does not",
  ],
  expired: [
    config,
    "the credentials have expired, or their session token is not valid; get new ones (AWS_SESSION_TOKEN belongs to its key)",
  ],
  "unknown-key": [
    config,
    "the S3 server does not know this access key, or it was switched off; check AWS_ACCESS_KEY_ID, and that the endpoint is the server that issued it",
  ],
  "wrong-secret": [
    config,
    "the secret key does not belong to the access key; check AWS_SECRET_ACCESS_KEY, and for a proxy that changes requests",
  ],
  denied: [
    config,
    "the S3 server denies it; check that the credentials are the right ones and may do this in this bucket and prefix, and may use its encryption key if it has one",
  ],
  "encryption-key": [
    config,
    "the key service does not give its key; check that s3.encryption.kms_key exists, is enabled and may be used by these credentials",
  ],
  "no-bucket": [config, "there is no such bucket; create it, or correct the store's URL or s3.endpoint"],
  "wrong-region": [
    config,
    "the bucket lies in another region{detail}; set s3.region or AWS_REGION to that one, or correct s3.endpoint",
  ],
  unsupported: [
    config,
    "the S3 server cannot do this; hostlog needs conditional PutObject, ListObjectsV2 and ranged GetObject",
  ],
  refused: [config, "the S3 server refuses the request; check s3.endpoint, s3.region and the store's URL"],
};

/**
 * What an S3 client threw, for the person who can put it right; anything else comes back as it is.
 * `operation` says what was tried on what; keys of objects hold nothing of visitors.
 */
export function s3Error(error: unknown, url: string, operation: string, nowMs: number): unknown {
  if (!(error instanceof Error) || error instanceof UserError) return error;
  const trouble = s3TroubleOf(error);
  if (trouble === "none") return error;
  const [code, explanation] = explanations[trouble];
  const sentence = explanation.replace("{detail}", detailOf(trouble, error, nowMs));
  const Kind = trouble === "denied" ? AccessDeniedError : UserError;
  return new Kind(`${url}: ${operation}: ${sentence} (${labelOf(error)})`, code, { cause: error });
}

/** What some errors carry beside their name. */
interface DetailedError extends S3ErrorShape {
  readonly Region?: unknown;
  readonly hostname?: unknown;
  readonly address?: string;
  readonly port?: number;
  /** Of a host with several addresses, one error each. */
  readonly errors?: readonly DetailedError[];
}

function detailOf(trouble: S3Trouble, error: DetailedError, nowMs: number): string {
  const headers = error.$response?.headers ?? {};
  if (trouble === "clock") return skew(headers["date"], nowMs);
  if (trouble === "unresolved") return plain(" ", error.hostname);
  if (trouble === "wrong-region") return plain(", ", headers["x-amz-bucket-region"] ?? error.Region);
  if (trouble !== "not-listening") return "";
  const { address, port } = error.errors?.[0] ?? error;
  return address === undefined ? "" : plain(" at ", `${address} port ${port}`);
}

/** Words of others are shown only when they are such as names and numbers are made of. */
function plain(before: string, text: unknown): string {
  return typeof text === "string" && /^[\w.: -]{1,253}$/.test(text) ? `${before}${text}` : "";
}

function skew(date: string | undefined, nowMs: number): string {
  const seconds = Math.round((nowMs - Date.parse(date ?? "")) / 1000);
  // A server that names the same time has another reason: the request was long under way.
  if (Number.isNaN(seconds) || seconds === 0) return " by minutes";
  return `: it is ${Math.abs(seconds)} s ${seconds > 0 ? "ahead of" : "behind"} the server's`;
}

/** Names that the SDK gives when the server gave none: a HEAD's answer has no body. */
const namelessNames: ReadonlySet<string> = new Set(["Unknown", "UnknownError", "Error", "undefined"]);

/** The name by which the server's documentation knows the error. Its message may quote keys, so it stays out. */
function labelOf(error: S3ErrorShape): string {
  const name = typeof error.code === "string" ? error.code : String(error.name);
  const status = error.$metadata?.httpStatusCode;
  if (status === undefined) return name;
  return namelessNames.has(name) || !/^[\w.-]{1,80}$/.test(name)
    ? `HTTP ${status}`
    : `${name}, HTTP ${status}`;
}

/** What kind of trouble an S3 client's error is. "none": no trouble with S3 at all, so a bug. */
export type S3Trouble =
  /** No answer in time, or the connection broke. */
  | "unreachable"
  | "not-listening"
  | "unresolved"
  | "no-tls"
  /** What answers does not speak as S3 servers do. */
  | "garbled"
  | "throttled"
  | "server-failed"
  | "damaged"
  | "conflict"
  | "no-upload"
  | "clock"
  | "untrusted"
  | "certificate-expired"
  | "wrong-name"
  | "client-certificate"
  | "full"
  | "too-large"
  /**
   * The SDK says the same of all that is not set up and of a source that failed, but for a token service,
   * whose own error it passes on: so it is final, and the message names the sources.
   */
  | "no-credentials"
  | "expired"
  | "unknown-key"
  | "wrong-secret"
  /** They are who they say, and may not do this. */
  | "denied"
  | "encryption-key"
  | "no-bucket"
  | "wrong-region"
  | "unsupported"
  | "refused"
  | "none";

/** The parts of an error that say what it is; the message does not, as it is often empty (Ceph). */
export interface S3ErrorShape {
  readonly name?: unknown;
  readonly code?: unknown;
  readonly $metadata?: { readonly httpStatusCode?: number };
  /** The answer, where there was one. */
  readonly $response?: { readonly headers?: Readonly<Record<string, string | undefined>> };
}

/** By the error's name or, of the operating system and of TLS, its code. Source: Amazon S3 API, "Error responses". */
const troubleByName: Readonly<Record<string, S3Trouble>> = {
  SlowDown: "throttled",
  Throttling: "throttled",
  ThrottlingException: "throttled",
  TooManyRequestsException: "throttled",
  RequestLimitExceeded: "throttled",
  ServiceUnavailable: "throttled",
  InternalError: "server-failed",
  RequestTimeout: "unreachable",
  TimeoutError: "unreachable",
  AbortError: "unreachable",
  ECONNRESET: "unreachable",
  ECONNABORTED: "unreachable",
  EPIPE: "unreachable",
  ETIMEDOUT: "unreachable",
  ERR_STREAM_PREMATURE_CLOSE: "unreachable",
  ECONNREFUSED: "not-listening",
  EHOSTUNREACH: "not-listening",
  ENETUNREACH: "not-listening",
  ENOTFOUND: "unresolved",
  EAI_AGAIN: "unresolved",
  EPROTO: "no-tls",
  IncompleteBody: "damaged",
  BadDigest: "damaged",
  XAmzContentSHA256Mismatch: "damaged",
  XAmzContentChecksumMismatch: "damaged",
  DamagedError: "damaged",
  GarbledError: "garbled",
  ConditionalRequestConflict: "conflict",
  OperationAborted: "conflict",
  NoSuchUpload: "no-upload",
  RequestTimeTooSkewed: "clock",
  RequestExpired: "clock",
  SELF_SIGNED_CERT_IN_CHAIN: "untrusted",
  DEPTH_ZERO_SELF_SIGNED_CERT: "untrusted",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "untrusted",
  UNABLE_TO_GET_ISSUER_CERT: "untrusted",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "untrusted",
  CERT_UNTRUSTED: "untrusted",
  CERT_HAS_EXPIRED: "certificate-expired",
  CERT_NOT_YET_VALID: "certificate-expired",
  ERR_TLS_CERT_ALTNAME_INVALID: "wrong-name",
  QuotaExceeded: "full",
  InsufficientStorage: "full",
  XMinioStorageFull: "full",
  EntityTooLarge: "too-large",
  CredentialsProviderError: "no-credentials",
  ExpiredToken: "expired",
  TokenRefreshRequired: "expired",
  InvalidToken: "expired",
  InvalidAccessKeyId: "unknown-key",
  SignatureDoesNotMatch: "wrong-secret",
  AccessDenied: "denied",
  NoSuchBucket: "no-bucket",
  InvalidBucketName: "no-bucket",
  PermanentRedirect: "wrong-region",
  TemporaryRedirect: "wrong-region",
  AuthorizationHeaderMalformed: "wrong-region",
  IllegalLocationConstraintException: "wrong-region",
  NotImplemented: "unsupported",
};

/** By the beginning of the name or code. Source: Node.js, "OpenSSL errors" and llhttp; AWS KMS through S3. */
const troubleByBeginning: readonly (readonly [string, S3Trouble])[] = [
  ["ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC", "damaged"],
  ["ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED", "client-certificate"],
  ["ERR_SSL_TLSV1_ALERT_UNKNOWN_CA", "client-certificate"],
  ["ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE", "client-certificate"],
  ["ERR_SSL_SSLV3_ALERT_CERTIFICATE_", "client-certificate"],
  ["ERR_SSL_", "no-tls"],
  ["HPE_", "garbled"],
  ["KMS.", "encryption-key"],
];

const transient: ReadonlySet<S3Trouble> = new Set([
  "unreachable",
  "not-listening",
  "unresolved",
  "garbled",
  "throttled",
  "server-failed",
  "damaged",
  "conflict",
  // The SDK has learnt the server's clock from the answer, so the next attempt may be right.
  "clock",
]);

export function s3TroubleOf(error: S3ErrorShape): S3Trouble {
  const names = [error.name, error.code].map(String);
  for (const name of names) {
    const named = Object.hasOwn(troubleByName, name) ? troubleByName[name] : undefined;
    const begun = named ?? troubleByBeginning.find(([beginning]) => name.startsWith(beginning))?.[1];
    if (begun !== undefined) return begun;
  }
  return troubleOfStatus(error.$metadata?.httpStatusCode);
}

/** True when the same request may succeed a little later. */
export function isTransient(trouble: S3Trouble): boolean {
  return transient.has(trouble);
}

/** The request cannot have reached a server that would have obeyed it. */
const neverSent: ReadonlySet<S3Trouble> = new Set([
  "not-listening",
  "unresolved",
  "no-tls",
  "untrusted",
  "certificate-expired",
  "wrong-name",
  "client-certificate",
  "no-credentials",
]);

/**
 * False when the request certainly had no effect: it never left, or the server refused it. A status of 5xx
 * says little, as a proxy may give it while the server goes on.
 */
export function mayHaveHappened(error: S3ErrorShape): boolean {
  const status = error.$metadata?.httpStatusCode;
  if (status === undefined) return !neverSent.has(s3TroubleOf(error));
  return status < 300 || status >= 500 || status === 408;
}

/**
 * How long a busy server asks to be left alone, in ms; 0 when it does not say. Source: RFC 9110 section
 * 10.2.3: seconds or a date.
 */
export function retryAfterMs(error: S3ErrorShape, nowMs: number): number {
  const text = error.$response?.headers?.["retry-after"] ?? "";
  if (s3TroubleOf(error) !== "throttled" || text === "") return 0;
  const delayMs = /^\d{1,6}$/.test(text) ? Number(text) * 1000 : Date.parse(text) - nowMs;
  return Number.isNaN(delayMs) ? 0 : Math.max(0, delayMs);
}

function troubleOfStatus(status: number | undefined): S3Trouble {
  if (status === undefined) return "none";
  if (status < 300) return "garbled";
  if (status < 400) return "wrong-region";
  if (status === 403 || status === 401) return "denied";
  if (status === 408) return "unreachable";
  if (status === 409) return "conflict";
  if (status === 413) return "too-large";
  if (status === 429 || status === 503) return "throttled";
  if (status === 501 || status === 405) return "unsupported";
  if (status === 507) return "full";
  return status >= 500 ? "server-failed" : "refused";
}

/** What kind of trouble an S3 client's error is. "none": no trouble with S3 at all, so a bug. */
export type S3Trouble =
  | "unreachable"
  | "throttled"
  | "server-failed"
  | "damaged"
  | "conflict"
  | "clock"
  | "untrusted"
  | "full"
  | "no-credentials"
  | "denied"
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
  ECONNREFUSED: "unreachable",
  ECONNRESET: "unreachable",
  ECONNABORTED: "unreachable",
  EPIPE: "unreachable",
  ETIMEDOUT: "unreachable",
  EHOSTUNREACH: "unreachable",
  ENETUNREACH: "unreachable",
  ENOTFOUND: "unreachable",
  EAI_AGAIN: "unreachable",
  EPROTO: "unreachable",
  ERR_STREAM_PREMATURE_CLOSE: "unreachable",
  IncompleteBody: "damaged",
  BadDigest: "damaged",
  XAmzContentSHA256Mismatch: "damaged",
  XAmzContentChecksumMismatch: "damaged",
  ConditionalRequestConflict: "conflict",
  OperationAborted: "conflict",
  RequestTimeTooSkewed: "clock",
  RequestExpired: "clock",
  SELF_SIGNED_CERT_IN_CHAIN: "untrusted",
  DEPTH_ZERO_SELF_SIGNED_CERT: "untrusted",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "untrusted",
  UNABLE_TO_GET_ISSUER_CERT: "untrusted",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "untrusted",
  CERT_HAS_EXPIRED: "untrusted",
  CERT_NOT_YET_VALID: "untrusted",
  ERR_TLS_CERT_ALTNAME_INVALID: "untrusted",
  QuotaExceeded: "full",
  InsufficientStorage: "full",
  XMinioStorageFull: "full",
  CredentialsProviderError: "no-credentials",
  InvalidAccessKeyId: "denied",
  SignatureDoesNotMatch: "denied",
  ExpiredToken: "denied",
  InvalidToken: "denied",
  TokenRefreshRequired: "denied",
  AccessDenied: "denied",
  NoSuchBucket: "no-bucket",
  InvalidBucketName: "no-bucket",
  PermanentRedirect: "wrong-region",
  TemporaryRedirect: "wrong-region",
  AuthorizationHeaderMalformed: "wrong-region",
  IllegalLocationConstraintException: "wrong-region",
  NotImplemented: "unsupported",
};

const transient: ReadonlySet<S3Trouble> = new Set([
  "unreachable",
  "throttled",
  "server-failed",
  "damaged",
  "conflict",
  // The SDK has learnt the server's clock from the answer, so the next attempt may be right.
  "clock",
]);

export function s3TroubleOf(error: S3ErrorShape): S3Trouble {
  const named = troubleByName[String(error.name)] ?? troubleByName[String(error.code)];
  return named ?? troubleOfStatus(error.$metadata?.httpStatusCode);
}

/** True when the same request may succeed a little later. */
export function isTransient(trouble: S3Trouble): boolean {
  return transient.has(trouble);
}

function troubleOfStatus(status: number | undefined): S3Trouble {
  if (status === undefined) return "none";
  if (status === 403 || status === 401) return "denied";
  if (status === 409) return "conflict";
  if (status === 429 || status === 503) return "throttled";
  if (status === 501 || status === 405) return "unsupported";
  if (status === 507) return "full";
  if (status >= 500) return "server-failed";
  if (status >= 300 && status < 400) return "wrong-region";
  return "refused";
}

import { type ExitCode, exitCode } from "../exit-code.ts";

/** Why a custodian could not be asked. */
export interface ConnectionTrouble {
  /** Behind "the custodian at … ": what is wrong, and what to do. */
  readonly sentence: string;
  readonly exitCode: ExitCode;
}

const away: ConnectionTrouble = {
  sentence: "does not answer; see that `hostlog custodian` runs there, and ask again",
  exitCode: exitCode.tryAgain,
};

const unclear: ConnectionTrouble = {
  sentence: "broke off the connection without an answer; its log says why; ask again",
  exitCode: exitCode.tryAgain,
};

const turnedAway: ConnectionTrouble = {
  sentence:
    "does not accept this client: name a certificate that its --client-ca-file certifies and that has not expired (custodian.client_certificate_file and client_key_file); its log says why",
  exitCode: exitCode.config,
};

const untrusted: ConnectionTrouble = {
  sentence:
    "shows a certificate of an authority that is not trusted here; name the right one as custodian.ca_file, unless somebody else answers there",
  exitCode: exitCode.config,
};

const troubleByCode: Readonly<Record<string, ConnectionTrouble>> = {
  ECONNREFUSED: away,
  ENOENT: away,
  EHOSTUNREACH: away,
  ENETUNREACH: away,
  EAI_AGAIN: away,
  ETIMEDOUT: away,
  ENOTFOUND: {
    sentence: "has a name that cannot be resolved; correct custodian.url",
    exitCode: exitCode.config,
  },
  EACCES: {
    sentence: "has a socket that this user may not use; add the user to the group of the socket",
    exitCode: exitCode.config,
  },
  ENOTSOCK: {
    sentence: "is no socket; correct custodian.url",
    exitCode: exitCode.config,
  },
  ECONNRESET: unclear,
  EPIPE: unclear,
  CERT_HAS_EXPIRED: {
    sentence: "shows a certificate that has expired; renew it there and start `hostlog custodian` anew",
    exitCode: exitCode.config,
  },
  CERT_NOT_YET_VALID: {
    sentence: "shows a certificate that is not valid yet; compare the clocks",
    exitCode: exitCode.config,
  },
  ERR_TLS_CERT_ALTNAME_INVALID: {
    sentence:
      "shows a certificate of another name; write custodian.url with a name that is in it, unless somebody else answers there",
    exitCode: exitCode.config,
  },
  SELF_SIGNED_CERT_IN_CHAIN: untrusted,
  DEPTH_ZERO_SELF_SIGNED_CERT: untrusted,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: untrusted,
  UNABLE_TO_GET_ISSUER_CERT: untrusted,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: untrusted,
  INVALID_PURPOSE: untrusted,
};

/** By the beginning of the code. Source: Node.js documentation, "OpenSSL errors", and llhttp. */
const troubleByBeginning: readonly (readonly [string, ConnectionTrouble])[] = [
  ["ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED", turnedAway],
  ["ERR_SSL_TLSV1_ALERT_UNKNOWN_CA", turnedAway],
  ["ERR_SSL_SSLV3_ALERT_", turnedAway],
  [
    "ERR_SSL_",
    { sentence: "does not speak TLS as it is asked to; see custodian.url", exitCode: exitCode.config },
  ],
  ["HPE_", { sentence: "answers in a way that is not HTTP; see custodian.url", exitCode: exitCode.config }],
];

/**
 * What the code of an error of a connection says; undefined for an error that is no connection's.
 * `hasHungUp`: the connection was there, by TLS, and was closed before a word was said, each time it was tried.
 * That is how a server ends it that does not accept the client's certificate.
 */
export function connectionTroubleOf(code: string, hasHungUp: boolean): ConnectionTrouble | undefined {
  if (hasHungUp && (code === "ECONNRESET" || code === "EPIPE")) return turnedAway;
  if (Object.hasOwn(troubleByCode, code)) return troubleByCode[code];
  return troubleByBeginning.find(([beginning]) => code.startsWith(beginning))?.[1];
}

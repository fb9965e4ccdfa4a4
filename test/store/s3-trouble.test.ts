import { createServer, type Server } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { UserError } from "../../src/errors.ts";
import { type ExitCode, exitCode } from "../../src/exit-code.ts";
import { AccessDeniedError, type ObjectStore } from "../../src/store/object-store.ts";
import { s3Error } from "../../src/store/s3/s3-error.ts";
import {
  isTransient,
  mayHaveHappened,
  retryAfterMs,
  type S3Trouble,
  s3TroubleOf,
} from "../../src/store/s3/s3-trouble.ts";
import { listKeys } from "../support/list-keys.ts";
import { impatience, useLoopbackServer } from "../support/loopback-store.ts";

const { tryAgain, config } = exitCode;
const world = useLoopbackServer();
const body = Uint8Array.of(1, 2, 3);

let store: ObjectStore;

beforeEach(async () => {
  store = await world.open();
});

function answered(status: number, headers: Readonly<Record<string, string>> = {}): object {
  return { $metadata: { httpStatusCode: status }, $response: { headers } };
}

describe("what a server answers", () => {
  it.each([
    [400, "ExpiredToken", config, /the credentials have expired.*get new ones/],
    [400, "TokenRefreshRequired", config, /the credentials have expired/],
    [400, "InvalidToken", config, /session token is not valid/],
    [403, "InvalidAccessKeyId", config, /does not know this access key.*check AWS_ACCESS_KEY_ID/],
    [403, "SignatureDoesNotMatch", config, /secret key does not belong to the access key; check AWS_SECRET/],
    [403, "AccessDenied", config, /denies it; check that the credentials are the right ones and may do this/],
    [403, "AllAccessDisabled", config, /denies it/],
    [404, "NoSuchBucket", config, /no such bucket; create it/],
    [301, "PermanentRedirect", config, /in another region; set s3.region/],
    [307, "TemporaryRedirect", config, /in another region; set s3.region/],
    [400, "AuthorizationHeaderMalformed", config, /in another region/],
    [400, "KMS.DisabledException", config, /s3\.encryption\.kms_key exists, is enabled/],
    [400, "EntityTooLarge", config, /no object of this size/],
    [501, "NotImplemented", config, /cannot do this/],
    [418, "Teapot", config, /refuses the request/],
    [403, "QuotaExceeded", tryAgain, /is full; free some space or raise the quota/],
    [507, "InsufficientStorage", tryAgain, /is full/],
  ] as const)("is said at once for %i %s", async (status, code, exit, message) => {
    for (const operation of ["PutObject", "GetObject", "ListObjectsV2"] as const) {
      world.server.inject(operation, { kind: "error", status, code }, { kind: "error", status, code });
    }
    const expected = { name: "UserError", exitCode: exit, message: expect.stringMatching(message) };
    await expect(store.create("a", body)).rejects.toMatchObject(expected);
    await expect(store.read("a")).rejects.toMatchObject(expected);
    if (status !== 403) await expect(listKeys(store)).rejects.toMatchObject(expected);
    expect(world.server.operations.filter((operation) => operation === "PutObject")).toHaveLength(1);
  });

  it.each([
    [301, "PermanentRedirect"],
    [307, "TemporaryRedirect"],
    [400, "AuthorizationHeaderMalformed"],
  ])("names the region that the bucket lies in: %i %s", async (status, code) => {
    const headers = { "x-amz-bucket-region": "eu-west-3" };
    world.server.inject("PutObject", { kind: "error", status, code, headers });
    await expect(store.create("a", body)).rejects.toMatchObject({
      message: expect.stringContaining("lies in another region, eu-west-3; set s3.region or AWS_REGION"),
    });
  });

  it.each([
    [3600_000, /this machine's clock is wrong: it is 3(?:599|60[01]) s behind the server's; set it/],
    [-3600_000, /this machine's clock is wrong: it is 3(?:599|60[01]) s ahead of the server's; set it/],
  ])("names the seconds by which the clocks differ: %i ms", async (clockSkewMs, message) => {
    world.server.clockSkewMs = clockSkewMs;
    world.server.inject(
      "PutObject",
      ...Array.from(
        { length: 99 },
        () => ({ kind: "error", status: 403, code: "RequestTimeTooSkewed" }) as const,
      ),
    );
    store = await world.open({ patience: impatience });
    await expect(store.create("a", body)).rejects.toMatchObject({
      exitCode: tryAgain,
      message: expect.stringMatching(message),
    });
  });

  it("names the operation and the key, and the server's own word", async () => {
    world.server.inject("PutObject", { kind: "error", status: 418, code: "Teapot" });
    await expect(store.create("dt=2026-11-22/x", body)).rejects.toMatchObject({
      message: expect.stringMatching(
        /^s3:\/\/logs\/host: PutObject dt=2026-11-22\/x: the S3 server refuses .* \(Teapot, HTTP 418\)$/,
      ),
    });
  });

  it("shows no credentials", async () => {
    world.server.inject("PutObject", { kind: "error", status: 403, code: "SignatureDoesNotMatch" });
    const error: unknown = await store.create("a", body).catch((thrown: unknown) => thrown);
    expect(String(error)).not.toMatch(/AKIDEXAMPLE|wJalrXUtnFEMI/);
  });

  it.each([429, 503])("is obeyed when it is %i and asks to come back later", async (status) => {
    const headers = { "retry-after": "1" };
    world.server.inject("PutObject", { kind: "error", status, code: "SlowDown", headers });
    const startedMs = performance.now();
    expect(await store.create("a", body)).toBe("created");
    // Without the header the wait is at most 5 ms; a timer may be early by one.
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(990);
  });

  it("is given up at once when it asks for more time than there is", async () => {
    const headers = { "retry-after": "86400" };
    world.server.inject("PutObject", { kind: "error", status: 503, code: "SlowDown", headers });
    await expect(store.create("a", body)).rejects.toMatchObject({ exitCode: tryAgain });
    expect(world.server.operations).toHaveLength(1);
  });
});

describe("an endpoint that is none", () => {
  const open = (endpoint: string): Promise<ObjectStore> =>
    world.open({ settings: { endpoint }, patience: impatience });

  it("has no address: the message names the host", async () => {
    store = await open("https://nowhere.invalid");
    await expect(store.create("a", body)).rejects.toMatchObject({
      exitCode: tryAgain,
      message: expect.stringMatching(
        /PutObject a: no address is known of the host nowhere\.invalid; .*\((?:ENOTFOUND|EAI_AGAIN)\)$/,
      ),
    });
  });

  it("has nobody listening: the message names address and port", async () => {
    const { port } = new URL(world.server.endpoint);
    const nobody = await listen(createServer());
    const free = portOf(nobody);
    nobody.close();
    expect(free).not.toBe(Number(port));
    store = await open(`http://127.0.0.1:${free}`);
    await expect(store.create("a", body)).rejects.toMatchObject({
      exitCode: tryAgain,
      message: expect.stringMatching(
        new RegExp(
          `nothing answers at 127\\.0\\.0\\.1 port ${free}; check that the S3 server runs.*ECONNREFUSED`,
        ),
      ),
    });
  });

  it("speaks no TLS: the message says to look at port and scheme", async () => {
    store = await open(world.server.endpoint.replace("http:", "https:"));
    await expect(store.create("a", body)).rejects.toMatchObject({
      exitCode: config,
      message: expect.stringContaining("agree on no TLS (1.2 at least); check that s3.endpoint names a port"),
    });
  });

  describe("and speaks another language", () => {
    let other: Server | undefined;

    afterEach(() => void other?.close());

    it.each([
      ["no HTTP", "220 mail.example.org ESMTP\r\n"],
      ["a page for people", httpOf("200 OK", "<html><body>It works!</body></html>")],
      ["a page that breaks off", httpOf("200 OK", "<ListBucketResult><Contents>")],
      ["an error page for people", httpOf("502 Bad Gateway", "<html><hr>Bad Gateway</html>")],
    ])("is one to try again: %s", async (_, greeting) => {
      other = await listen(
        createServer((socket) => {
          socket.on("error", () => {});
          socket.once("data", () => socket.end(greeting));
        }),
      );
      store = await open(`http://127.0.0.1:${portOf(other)}`);
      await expect(listKeys(store)).rejects.toMatchObject({ name: "UserError", exitCode: tryAgain });
    });
  });

  function httpOf(status: string, page: string): string {
    return `HTTP/1.1 ${status}\r\ncontent-type: text/html\r\ncontent-length: ${page.length}\r\nconnection: close\r\n\r\n${page}`;
  }

  function listen(server: Server): Promise<Server> {
    return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
  }

  function portOf(server: Server): number {
    const address = server.address();
    return typeof address === "object" && address !== null ? address.port : 0;
  }
});

describe("s3TroubleOf", () => {
  const kinds: readonly (readonly [S3Trouble, object])[] = [
    ["unreachable", { name: "TimeoutError", code: "ECONNRESET" }],
    ["not-listening", { name: "Error", code: "EHOSTUNREACH" }],
    ["unresolved", { name: "Error", code: "EAI_AGAIN" }],
    ["untrusted", { name: "Error", code: "SELF_SIGNED_CERT_IN_CHAIN" }],
    ["certificate-expired", { name: "Error", code: "CERT_HAS_EXPIRED" }],
    ["wrong-name", { name: "Error", code: "ERR_TLS_CERT_ALTNAME_INVALID" }],
    ["client-certificate", { name: "Error", code: "ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED" }],
    ["client-certificate", { name: "Error", code: "ERR_SSL_TLSV1_ALERT_UNKNOWN_CA" }],
    ["no-tls", { name: "Error", code: "ERR_SSL_WRONG_VERSION_NUMBER" }],
    ["damaged", { name: "Error", code: "ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC" }],
    ["garbled", { name: "Error", code: "HPE_INVALID_CONSTANT" }],
    ["encryption-key", { name: "KMS.NotFoundException", ...answered(400) }],
    ["denied", { name: "Unknown", ...answered(403) }],
    ["server-failed", { name: "Unknown", ...answered(502) }],
    ["unreachable", { name: "Unknown", ...answered(408) }],
    ["none", { name: "TypeError" }],
    ["none", { name: "constructor" }],
  ];
  it.each(kinds)("is %s for %o", (trouble, error) => {
    expect(s3TroubleOf(error)).toBe(trouble);
  });

  it("is of a passing kind only where waiting may help", () => {
    const passing = kinds.filter(([trouble]) => isTransient(trouble)).map(([trouble]) => trouble);
    expect([...new Set(passing)].toSorted()).toEqual([
      "damaged",
      "garbled",
      "not-listening",
      "server-failed",
      "unreachable",
      "unresolved",
    ]);
  });
});

describe("mayHaveHappened", () => {
  it.each([
    [true, { name: "AbortError" }],
    [true, { name: "TimeoutError", code: "ECONNRESET" }],
    [true, { name: "Error", code: "EPIPE" }],
    [true, { name: "InternalError", ...answered(500) }],
    [true, { name: "SlowDown", ...answered(503) }],
    [true, { name: "SyntaxError", ...answered(200) }],
    [true, { name: "Unknown", ...answered(408) }],
    [false, { name: "Error", code: "ECONNREFUSED" }],
    [false, { name: "Error", code: "ENOTFOUND" }],
    [false, { name: "Error", code: "SELF_SIGNED_CERT_IN_CHAIN" }],
    [false, { name: "BadDigest", ...answered(400) }],
    [false, { name: "ConditionalRequestConflict", ...answered(409) }],
    [false, { name: "TooManyRequestsException", ...answered(429) }],
  ])("is %s for %o", (expected, error) => {
    expect(mayHaveHappened(error)).toBe(expected);
  });
});

describe("retryAfterMs", () => {
  const nowMs = Date.parse("2026-11-22T10:00:00Z");

  it.each([
    ["120", 503, 120_000],
    ["0", 503, 0],
    ["Sun, 22 Nov 2026 10:00:07 GMT", 429, 7000],
    ["Sun, 22 Nov 2026 09:00:00 GMT", 503, 0],
    ["soon", 503, 0],
    ["-5", 503, 0],
    ["120", 500, 0],
  ])("of %j with %i is %i", (text, status, expectedMs) => {
    const error = { name: "Unknown", ...answered(status, { "retry-after": text }) };
    expect(retryAfterMs(error, nowMs)).toBe(expectedMs);
  });
});

describe("s3Error", () => {
  const explain = (error: object): unknown =>
    s3Error(Object.assign(new Error("raw"), error), "s3://logs", "PutObject a", 0);

  it("leaves what is no trouble with S3 as it is", () => {
    const bug = new TypeError("a bug");
    const told = new UserError("told already", exitCode.partial);
    expect(s3Error(bug, "s3://logs", "PutObject a", 0)).toBe(bug);
    expect(s3Error(told, "s3://logs", "PutObject a", 0)).toBe(told);
  });

  it("is of a kind of its own only for what these credentials may not do", () => {
    expect(explain({ name: "AccessDenied", ...answered(403) })).toBeInstanceOf(AccessDeniedError);
    for (const name of [
      "ExpiredToken",
      "InvalidAccessKeyId",
      "SignatureDoesNotMatch",
      "RequestTimeTooSkewed",
    ]) {
      expect(explain({ name, ...answered(403) })).not.toBeInstanceOf(AccessDeniedError);
    }
  });

  it.each([
    ["a region", { name: "PermanentRedirect", ...answered(301, { "x-amz-bucket-region": "\u001b[31mred" }) }],
    ["a host", { name: "Error", code: "ENOTFOUND", hostname: "x\u001b]0;title" }],
    ["a name", { name: "Bad\u001b[2J", ...answered(418) }],
  ])("shows nothing of %s that a terminal would obey", (_, error) => {
    // oxlint-disable-next-line no-control-regex
    expect(String(explain(error))).not.toMatch(/[\u0000-\u001f]/);
  });

  it("shows the status where a HEAD's answer has no name", () => {
    expect(String(explain({ name: "Unknown", ...answered(403) }))).toMatch(/\(HTTP 403\)$/);
  });

  it("has a sentence for each kind that says what to do", () => {
    const codes: readonly ExitCode[] = [tryAgain, config];
    for (const name of [
      "SlowDown",
      "InternalError",
      "BadDigest",
      "OperationAborted",
      "NoSuchUpload",
      "EPROTO",
    ]) {
      const error = explain({ name });
      expect(error).toMatchObject({ name: "UserError", message: expect.not.stringContaining("{") });
      expect(codes).toContain(error instanceof UserError ? error.exitCode : undefined);
    }
  });
});

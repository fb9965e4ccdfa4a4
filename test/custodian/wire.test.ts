import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { HeaderAnswer } from "../../src/custodian/custodian.ts";
import { BODY_BYTES_MAX } from "../../src/custodian/protocol.ts";
import { HEADER_BYTES_SUM_MAX, HEADERS_MAX } from "../../src/custodian/request-limits.ts";
import { encodeAnswer, encodeProblem, parseAnswer, parseProblem } from "../../src/custodian/wire-answer.ts";
import { encodeRequest, parseRequest } from "../../src/custodian/wire-request.ts";
import { exitCode } from "../../src/exit-code.ts";
import { formatKey } from "../../src/partition.ts";
import { encodeIdentity } from "../../src/seal/age-text.ts";
import { generateIdentity } from "../../src/seal/x25519.ts";
import { LAST_DAY, objectKeyOf, rawOf, requestOf, STORE_ID } from "./support/custodian-world.ts";

const pair = generateIdentity();
const fileKeyOf = (byte: number): Uint8Array => new Uint8Array(16).fill(byte);

const anyAnswer: fc.Arbitrary<HeaderAnswer> = fc.oneof(
  fc.uint8Array({ minLength: 16, maxLength: 16 }).map((fileKey) => ({ kind: "opened" as const, fileKey })),
  fc.constant({ kind: "destroyed" as const, at: "2026-11-22T12:00:00.000Z" }),
  fc.constant({ kind: "no-key" as const }),
  fc.constant({ kind: "not-openable" as const }),
);

describe("the request on the wire", () => {
  const request = requestOf({
    view: "raw",
    key: objectKeyOf(rawOf(LAST_DAY)),
    header: Uint8Array.of(1, 2, 3),
  });
  const text = encodeRequest({ storeId: STORE_ID, recipient: pair.recipient, request });
  const fields = JSON.parse(text) as Record<string, unknown>;

  it("comes out as it went in, and without the identity", () => {
    expect(parseRequest(text)).toEqual({
      kind: "request",
      wire: {
        storeId: STORE_ID,
        recipient: new Uint8Array(pair.recipient),
        request: { ...request, headers: [{ ...request.headers[0], header: Buffer.of(1, 2, 3) }] },
      },
    });
    expect(text).not.toContain(encodeIdentity(pair.identity));
  });

  it.each([
    ["junk", "{", /no JSON object/],
    ["a list", "[]", /no JSON object/],
    ["nested beyond reason", "[".repeat(1_000_000), /no JSON object/],
    ["of a version to come", JSON.stringify({ ...fields, version: 2 }), /same version of hostlog/],
    ["without a version", JSON.stringify({ ...fields, version: undefined }), /same version of hostlog/],
    ["without a store", JSON.stringify({ ...fields, store: 7 }), /no store/],
    ["without an id", JSON.stringify({ ...fields, lookup: null }), /no look-up's id/],
    ["for a purpose of its own", JSON.stringify({ ...fields, purpose: "fun" }), /no purpose/],
    ["for nobody", JSON.stringify({ ...fields, recipient: "age1" }), /no recipient/],
    ["without headers", JSON.stringify({ ...fields, headers: {} }), /no headers/],
    ["of a view that is not sealed", withHeader({ view: "analytics" }), /header 1 .* cannot be read/],
    ["with a header that is no base64", withHeader({ header: "a\nb=" }), /header 1 .* cannot be read/],
    [
      "with a header that is none",
      JSON.stringify({ ...fields, headers: [null] }),
      /header 1 .* cannot be read/,
    ],
  ])("is refused when it is %s", (_, sent, problem) => {
    const parsed = parseRequest(sent);
    expect(parsed).toMatchObject({ kind: "problem", problem: expect.stringMatching(problem) });
  });

  function withHeader(change: object): string {
    const header = { view: "raw", key: "dt=", header: "AQID", ...change };
    return JSON.stringify({ ...fields, headers: [header] });
  }

  it("is refused or read, whatever comes, and never throws", () => {
    fc.assert(
      fc.property(fc.json(), (sent) => {
        expect(parseRequest(sent).kind).toBe("problem");
      }),
    );
  });

  it("has room for the largest that is admitted", () => {
    const name = { day: LAST_DAY, node: "n".repeat(63), retentionClass: "c".repeat(31), isSealed: true };
    const key = formatKey({ ...name, batch: "f".repeat(32) });
    const header = new Uint8Array(Math.floor(HEADER_BYTES_SUM_MAX / HEADERS_MAX));
    const headers = Array.from({ length: HEADERS_MAX }, () => ({ view: "quarantine" as const, key, header }));
    const sent = encodeRequest({
      storeId: "s".repeat(64),
      recipient: pair.recipient,
      request: requestOf(...headers),
    });
    expect(sent.length).toBeLessThan(BODY_BYTES_MAX);
  });
});

describe("the answer on the wire", () => {
  it("comes out as it went in, for who asked", () => {
    fc.assert(
      fc.property(fc.array(anyAnswer, { minLength: 1, maxLength: 20 }), (answers) => {
        const text = encodeAnswer(answers, pair.recipient);
        expect(parseAnswer(text, pair.identity, answers.length)).toEqual(answers);
      }),
    );
  });

  it("shows no key to whoever sees it pass", () => {
    const fileKey = new TextEncoder().encode("sixteen  letters");
    const text = encodeAnswer([{ kind: "opened", fileKey }], pair.recipient);
    for (const encoding of ["base64", "hex", "latin1"] as const) {
      expect(text).not.toContain(Buffer.from(fileKey).toString(encoding).replaceAll("=", ""));
    }
    expect(parseAnswer(text, generateIdentity().identity, 1)).toBeUndefined();
  });

  const answers: readonly HeaderAnswer[] = [{ kind: "opened", fileKey: fileKeyOf(7) }, { kind: "no-key" }];
  const text = encodeAnswer(answers, pair.recipient);
  const fields = JSON.parse(text) as { readonly answers: readonly unknown[]; readonly file_keys: string };
  const other = JSON.parse(encodeAnswer([...answers, ...answers], pair.recipient)) as typeof fields;
  it.each([
    ["for other headers", text, 3],
    [
      "that promises a key it does not hold",
      JSON.stringify({ ...fields, answers: [{ kind: "opened" }, { kind: "opened" }] }),
      2,
    ],
    ["that holds a key too many", JSON.stringify({ ...fields, file_keys: other.file_keys }), 2],
    [
      "of a kind that is unknown",
      JSON.stringify({ ...fields, answers: [{ kind: "opened" }, { kind: "granted" }] }),
      2,
    ],
    [
      "with a time that is none",
      JSON.stringify({ ...fields, answers: [{ kind: "opened" }, { kind: "destroyed", at: "soon" }] }),
      2,
    ],
    [
      "with keys that were changed",
      JSON.stringify({ ...fields, file_keys: fields.file_keys.replace(/.{8}$/, "AAAAAAAA") }),
      2,
    ],
    ["without keys", JSON.stringify({ ...fields, file_keys: undefined }), 2],
    ["that is junk", "<html>", 2],
  ])("is none when it is one %s", (_, sent, headers) => {
    expect(parseAnswer(sent, pair.identity, headers)).toBeUndefined();
  });
});

describe("a problem on the wire", () => {
  it("comes out as it went in", () => {
    const problem = { problem: "too many wait", exitCode: exitCode.tryAgain };
    expect(parseProblem(encodeProblem(problem))).toEqual(problem);
  });

  it.each(["", "{}", '{"version":1,"problem":"x","exit_code":12}', '{"version":1,"exit_code":75}'])(
    "is none when it is %j",
    (text) => {
      expect(parseProblem(text)).toBeUndefined();
    },
  );
});

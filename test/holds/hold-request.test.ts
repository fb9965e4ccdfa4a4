import { describe, expect, it } from "vitest";
import type { OpenRequest } from "../../src/custodian/custodian.ts";
import { renderRequest } from "../../src/custodian/render-request.ts";
import { problemOfRequest, splitRequest } from "../../src/custodian/request-limits.ts";
import { encodeRequest, parseRequest } from "../../src/custodian/wire-request.ts";

const key = `dt=2026-02-01/web1_standard_${"0".repeat(32)}.parquet.age`;
const request: OpenRequest = {
  lookup: "0".repeat(32),
  purpose: "hold",
  case: "K 12/26",
  headers: [{ view: "raw", key, header: Uint8Array.of(1) }],
};
const { case: _, ...nameless } = request;

describe("a request for a hold", () => {
  it("names its case, and no other request does", () => {
    expect(problemOfRequest(request)).toBeUndefined();
    const problem = "a hold names its case, and nothing else does";
    expect(problemOfRequest(nameless)).toBe(problem);
    expect(problemOfRequest({ ...request, purpose: "query" })).toBe(problem);
    expect(problemOfRequest({ ...nameless, purpose: "verify" })).toBeUndefined();
    expect(problemOfRequest({ ...request, case: "x".repeat(201) })).toBe(
      "its case has more than 200 characters",
    );
  });

  it("goes over the wire with it, in each of its parts", () => {
    const wire = { storeId: "0", recipient: new Uint8Array(32).fill(9), request };
    expect(parseRequest(encodeRequest(wire))).toEqual({
      kind: "request",
      wire: { ...wire, request: { ...request, headers: [{ view: "raw", key, header: Buffer.of(1) }] } },
    });
    const text = JSON.parse(encodeRequest(wire)) as Record<string, unknown>;
    expect(parseRequest(JSON.stringify({ ...text, case: 7 }))).toEqual({
      kind: "problem",
      problem: "the request's case is no text",
    });
    const many = { ...request, headers: Array.from({ length: 1001 }, () => request.headers[0] as never) };
    expect(splitRequest(many).map((part) => part.case)).toEqual(["K 12/26", "K 12/26"]);
  });

  it("stands in the custodian's log with its case, in which nothing moves a terminal", () => {
    expect(renderRequest(request, "root")).toBe(
      `look-up ${"0".repeat(32)}: hold (K 12/26) by root, 1 object: raw 2026-02-01`,
    );
    expect(renderRequest({ ...request, case: "K\u001b[2J" }, "root")).toContain("hold (K\\u{1b}[2J) by root");
  });
});

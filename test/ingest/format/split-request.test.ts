import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createParsedLine, field, type ParsedLine } from "../../../ingest/format/line-format.ts";
import { splitRequest } from "../../../ingest/format/split-request.ts";

describe("splitRequest", () => {
  it.each([
    ["GET / HTTP/1.1", ["GET", "/", undefined, "HTTP/1.1"]],
    ["GET /a?b?c HTTP/2", ["GET", "/a", "b?c", "HTTP/2"]],
    ["GET /? HTTP/3.0", ["GET", "/", "", "HTTP/3.0"]],
    ["get /a b c HTTP/1.1", ["get", "/a b c", undefined, "HTTP/1.1"]],
    ["GET /a  HTTP/1.1", ["GET", "/a ", undefined, "HTTP/1.1"]],
    ["GET http://other.example/x HTTP/1.1", ["GET", "http://other.example/x", undefined, "HTTP/1.1"]],
    ["OPTIONS * HTTP/1.1", ["OPTIONS", "*", undefined, "HTTP/1.1"]],
    ["CONNECT a:443 HTTP/1.1", ["CONNECT", "a:443", undefined, "HTTP/1.1"]],
    ["OPTIONS rtsp://x RTSP/1.0", ["OPTIONS", "rtsp://x", undefined, "RTSP/1.0"]],
    ["GET /old", ["GET", "/old", undefined, undefined]],
  ])("splits %s", (request, expected) => {
    expect(parts(split(request))).toEqual(expected);
  });

  it.each([
    "\\x16\\x03\\x01",
    "\\x16 \\x03 HTTP/1.1",
    "SSH-2.0-Go",
    "HELP",
    "GET ",
    " GET / HTTP/1.1",
    "GET HTTP/1.1",
    "GET  HTTP/1.1",
    "GET ?a HTTP/1.1",
    "GET /a b",
    "get /",
    "HELO mail.example",
    "GET / HTTP/1.1 ",
    "GET / HTTP/11.1",
  ])("leaves %j whole", (request) => {
    expect(parts(split(request))).toEqual([]);
    expect(text(split(request), request, field.requestRaw)).toBe(request);
  });

  it.each(["", "-"])("finds nothing in %j", (request) => {
    expect(split(request).spans.every((at) => at === -1)).toBe(true);
  });

  it("joins back to the same bytes, or leaves the request whole", () => {
    const piece = fc.constantFrom("GET", "/", "?", " ", "HTTP/1.1", "HTTP/2", "a", "\\x00", "*");
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        const request = pieces.join("");
        const line = split(request);
        const raw = text(line, request, field.requestRaw);
        const [method, path, query, protocol] = fields.map((index) => text(line, request, index));
        const joined = [method, query === undefined ? path : `${path}?${query}`, protocol].filter(
          (part) => part !== undefined,
        );
        expect(raw ?? joined.join(" ")).toBe(request);
        expect(raw === undefined || joined.length === 0).toBe(true);
      }),
    );
  });
});

const fields = [field.method, field.path, field.query, field.protocol];
let last = "";

function split(request: string): ParsedLine {
  const line = createParsedLine();
  last = request;
  splitRequest(line, Buffer.from(request), 0, Buffer.byteLength(request));
  return line;
}

function parts(line: ParsedLine): readonly (string | undefined)[] {
  const found = fields.map((index) => text(line, last, index));
  return found.every((part) => part === undefined) ? [] : found;
}

function text(line: ParsedLine, request: string, index: number): string | undefined {
  const [start = -1, end = -1] = line.spans.subarray(index * 2, index * 2 + 2);
  return start === -1 ? undefined : Buffer.from(request).toString("utf8", start, end);
}

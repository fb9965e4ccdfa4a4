import { describe, expect, it } from "vitest";
import { knownMethod } from "../../anonymize/known-method.ts";
import { knownProtocol } from "../../anonymize/known-protocol.ts";

describe("knownMethod", () => {
  it.each(["GET", "POST", "HEAD", "OPTIONS", "CONNECT", "PROPFIND", "MKCALENDAR", "VERSION-CONTROL"])(
    "keeps %s",
    (method) => expect(knownMethod(method)).toBe(method),
  );

  it.each(["get", "GETT", "PRI", "*", "\\x16\\x03", "", "jan@example.nl", "OTHER", "constructor"])(
    "makes of %j OTHER",
    (method) => expect(knownMethod(method)).toBe("OTHER"),
  );
});

describe("knownProtocol", () => {
  it.each([
    ["HTTP/0.9", "HTTP/0.9"],
    ["HTTP/1.0", "HTTP/1.0"],
    ["HTTP/1.1", "HTTP/1.1"],
    ["HTTP/2", "HTTP/2.0"],
    ["HTTP/2.0", "HTTP/2.0"],
    ["HTTP/3", "HTTP/3.0"],
    ["HTTP/3.0", "HTTP/3.0"],
    ["HTTP/1.2", "OTHER"],
    ["http/1.1", "OTHER"],
    ["RTSP/1.0", "OTHER"],
    ["", "OTHER"],
  ])("makes of %j %s", (protocol, known) => expect(knownProtocol(protocol)).toBe(known));
});

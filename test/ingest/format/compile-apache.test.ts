import { describe, expect, it } from "vitest";
import { compileApache } from "../../../ingest/format/compile-apache.ts";
import { UserError } from "../../../src/errors.ts";
import { readLineRecord } from "../../support/line-record.ts";

const when = "[22/Nov/2026:09:15:00 +0000]";
const time = "2026-11-22T09:15:00.000Z";

describe("compileApache", () => {
  it.each([
    '%h %t \\"%r\\" %>s',
    '%h %t "%r" %>s',
    'LogFormat "%h %t \\"%r\\" %>s" short',
    '  CustomLog logs/access_log "%h %t \\"%r\\" %>s" env=!internal',
  ])("takes the text as httpd.conf or as a person has it: %s", (text) => {
    expect(readLineRecord(compileApache(text), `192.0.2.1 ${when} "GET /a?b HTTP/1.1" 200`)).toEqual({
      time,
      client: "192.0.2.1",
      method: "GET",
      path: "/a",
      query: "b",
      protocol: "HTTP/1.1",
      status: 200,
    });
  });

  it("names the format after the directive's nickname", () => {
    expect(compileApache('LogFormat "%v %t" by_site')).toMatchObject({ name: "by_site", namesDomain: true });
  });

  it("takes modifiers and conditions in any order", () => {
    const format = compileApache("%t %!200,304{Referer}i|%400,501{User-agent}i|%<s|%>s|%%");
    expect(readLineRecord(format, `${when} http://r.example/|-|302|200|%`)).toMatchObject({
      referrer: "http://r.example/",
      status: 200,
      unkeptFields: 1,
    });
  });

  it.each([
    ["%D", "1500", 1.5],
    ["%{us}T", "1500", 1.5],
    ["%{ms}T", "1500", 1500],
    ["%T", "2", 2000],
    ["%{s}T", "2", 2000],
  ])("reads the duration %s in its unit", (directive, value, durationMs) => {
    expect(readLineRecord(compileApache(`%t ${directive}`), `${when} ${value}`)).toMatchObject({
      durationMs,
    });
  });

  it.each([
    ["%{sec}t", "1795338900", "2026-11-22T09:15:00.000Z"],
    ["%{msec}t", "1795338900123", "2026-11-22T09:15:00.123Z"],
    ["%{usec}t", "1795338900123999", "2026-11-22T09:15:00.123Z"],
    ["%{sec}t.%{msec_frac}t", "1795338900.123", "2026-11-22T09:15:00.123Z"],
    [
      "%{begin:%d/%b/%Y:%T}t.%{usec_frac}t %{%z}t",
      "22/Nov/2026:09:15:00.123999 -0130",
      "2026-11-22T10:45:00.123Z",
    ],
    ["%{end:%F %R:%S}t", "2026-11-22 09:15:00", "2026-11-22T09:15:00.000Z"],
    ["%{%a, %e %b %y %I:%M %p %Z %z}t", "Sun,  1 Nov 26 12:15 PM CET +0100", "2026-11-01T11:15:00.000Z"],
    ["%{%D %H:%M}t", "11/22/69 09:15", "1969-11-22T09:15:00.000Z"],
  ])("reads the time %s", (directive, value, expected) => {
    expect(readLineRecord(compileApache(directive), value)).toEqual({ time: expected });
  });

  it("takes the site from %v and the visitor's host from %V or the header", () => {
    expect(
      readLineRecord(compileApache("%v:%p %V %{Host}i %t"), `[2001:db8::1]:443 a.example b.example ${when}`),
    ).toMatchObject({
      domain: "[2001:db8::1]",
      requestHost: "b.example",
    });
  });

  it("takes the client from %a before %h, and from the peer only without both", () => {
    expect(
      readLineRecord(compileApache("%h %{c}a %a %t"), `host.example 192.0.2.1 192.0.2.2 ${when}`),
    ).toMatchObject({
      client: "192.0.2.2",
    });
    expect(readLineRecord(compileApache("%A %{c}a %t"), `192.0.2.9 192.0.2.1 ${when}`)).toMatchObject({
      client: "192.0.2.1",
    });
  });

  it("reads a path with blanks up to the protocol", () => {
    expect(readLineRecord(compileApache("%m %U%q %H %t"), `GET /a b?c d HTTP/1.1 ${when}`)).toMatchObject({
      path: "/a b",
      query: "c d",
      protocol: "HTTP/1.1",
    });
  });

  it("keeps no ident, cookie, note, environment or response header", () => {
    const format = compileApache("%t %l|%{Cookie}i|%{SID}C|%{n}n|%{e}e|%{Set-Cookie}o|%{x}x|%^FB");
    expect(readLineRecord(format, `${when} me|a=b|c|d|e|f|g|1`)).toEqual({ time, unkeptFields: 8 });
  });

  it.each([
    ["%h%u %t", "character 1 ", "nothing stands between %h and %u"],
    ["%h %u", "character 1 ", "no time"],
    ["%t %{Referer", "character 4 ", "close the {"],
    ["%t %>", "character 4 ", "no directive"],
    ['LogFormat "%h %t', "character 11 ", "never closed"],
    ["%{%H:%M}t %h", "character 1 ", "year, month, day"],
    ["%{%c}t %h", "character 1 ", "language"],
    ["%{%F %T %Z}t %h", "character 1 ", "use %z"],
  ])("refuses %s, says where and what to do", (text, where, what) => {
    expect(() => compileApache(text)).toThrow(UserError);
    expect(() => compileApache(text)).toThrow(where);
    expect(() => compileApache(text)).toThrow(what);
  });
});

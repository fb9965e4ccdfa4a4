import { describe, expect, it } from "vitest";
import { compileNginx } from "../../../ingest/format/compile-nginx.ts";
import { UserError } from "../../../src/errors.ts";
import { escapeRule } from "../../../src/text.ts";
import { readLineRecord, readRecord } from "../../support/line-record.ts";

describe("compileNginx", () => {
  it("takes a bare format string", () => {
    expect(
      readLineRecord(
        compileNginx("$remote_addr [$time_local] ${status}"),
        "192.0.2.1 [22/Nov/2026:09:15:00 +0000] 200",
      ),
    ).toEqual({ time: "2026-11-22T09:15:00.000Z", client: "192.0.2.1", status: 200 });
  });

  it("takes a whole directive: its name, its escape rule, its pieces with comments between them", () => {
    const format = compileNginx(`
      log_format  short escape=json  '$msec "$host'  # the host
                        "\\" \\\\$status";`);
    expect(format).toMatchObject({ name: "short", escape: escapeRule.json, namesDomain: false });
    expect(readLineRecord(format, '1795338900.123 "www.example.com" \\200')).toEqual({
      time: "2026-11-22T09:15:00.123Z",
      requestHost: "www.example.com",
      status: 200,
    });
  });

  it("knows from its own variables whether the lines name their site", () => {
    expect(compileNginx("$server_name $msec").namesDomain).toBe(true);
    expect(compileNginx("$host $msec").namesDomain).toBe(false);
  });

  it.each([
    ["epoch seconds, exactly", "$msec", "1700000000.123", "2023-11-14T22:13:20.123Z"],
    ["ISO 8601", "$time_iso8601", "2026-11-22T09:15:00+05:45", "2026-11-22T03:30:00.000Z"],
    [
      "the time that says most",
      "$time_local $msec",
      "22/Nov/2026:09:15:00 +0000 1795338900.123",
      "2026-11-22T09:15:00.123Z",
    ],
  ])("reads %s", (_name, text, line, time) => {
    expect(readLineRecord(compileNginx(text), line)).toMatchObject({ time });
  });

  it("takes the client from realip's result, and from the peer only without it", () => {
    const line = "192.0.2.1 198.51.100.7 1795338900.123";
    expect(readLineRecord(compileNginx("$realip_remote_addr $remote_addr $msec"), line)).toMatchObject({
      client: "198.51.100.7",
      unkeptFields: 1,
    });
    expect(
      readLineRecord(compileNginx("$realip_remote_addr $connection $msec"), "192.0.2.1 7 1795338900.123"),
    ).toMatchObject({
      client: "192.0.2.1",
    });
  });

  it("takes a list of addresses whole, with the blanks behind its commas", () => {
    const format = compileNginx("$http_x_forwarded_for $remote_user $msec");
    expect(readLineRecord(format, "192.0.2.1, 192.0.2.2 bob 1795338900.123")).toMatchObject({
      client: "192.0.2.1, 192.0.2.2",
      remoteUser: "bob",
    });
  });

  it("does not take one time of a line for another that it has just read", () => {
    const format = compileNginx("$time_local $time_iso8601");
    const parser = format.open();
    const line = "22/Nov/2026:09:15:00 +0000 2026-11-22T10:00:00Z";
    for (const again of [1, 2]) {
      expect([again, readRecord(format, parser, line)]).toMatchObject([
        again,
        { time: "2026-11-22T09:15:00.000Z" },
      ]);
    }
  });

  it("keeps no cookie, no authorisation and nothing that it does not know, and counts what was there", () => {
    const format = compileNginx("$msec|$http_cookie|$http_authorization|$cookie_session|$new_variable");
    expect(readLineRecord(format, "1795338900.123|a=b; c|Basic eDp5|-|x")).toEqual({
      time: "2026-11-22T09:15:00.123Z",
      unkeptFields: 3,
    });
  });

  it("parts values that stand together where it is plain how", () => {
    const format = compileNginx('$msec "$scheme://$host$uri$is_args$args"');
    expect(readLineRecord(format, '1795338900.123 "https://www.example.com/a?b=c"')).toEqual({
      time: "2026-11-22T09:15:00.123Z",
      requestHost: "www.example.com",
      path: "/a",
      query: "b=c",
      unkeptFields: 1,
    });
  });

  it("parts a host and a path, and takes the query from where it stands", () => {
    expect(
      readLineRecord(compileNginx("$msec $host$uri?$args"), "1795338900.123 www.example.com/a?b=c"),
    ).toEqual({
      time: "2026-11-22T09:15:00.123Z",
      requestHost: "www.example.com",
      path: "/a",
      query: "b=c",
    });
  });

  it("lets no user name reach into the time behind it, though another time is the one that is kept", () => {
    const format = compileNginx('$msec $remote_user [$time_local] "$request"');
    const user = "x [22/Nov/2026:09:15:00 +0000] y";
    const line = `1795338900.123 ${user} [22/Nov/2026:09:15:00 +0000] "GET / HTTP/1.1"`;
    expect(readLineRecord(format, line)).toMatchObject({ remoteUser: user, path: "/" });
  });

  it("does not read a backslash as an escape where the server escapes nothing", () => {
    const format = compileNginx("log_format n escape=none '$msec \"$http_user_agent\" $status';");
    expect(readLineRecord(format, '1795338900.123 "a\\" 200')).toMatchObject({
      userAgent: "a\\x5C",
      status: 200,
    });
  });

  it("refuses a line that goes on behind the format's end", () => {
    expect(readLineRecord(compileNginx("$msec $status"), "1795338900.123 200 x")).toMatchObject({
      reason: "shape",
    });
  });

  it.each([
    ["$remote_addr$remote_user [$time_local]", "character 1 ", "nothing stands between"],
    ["$remote_addr $status", "character 1 ", "no time"],
    ["$msec $ x", "character 7 ", "variable's name"],
    ["log_format x '$msec $status", "character 14 ", "never closed"],
    ["log_format x escape=xml '$msec';", "escape=xml", "default, json and none"],
    ["log_format x;", "character 1 ", "no format behind it"],
    ["log_format x '$msec'; log_format y '$msec';", "character 22 ", "one log_format only"],
  ])("refuses %s, says where and what to do", (text, where, what) => {
    expect(() => compileNginx(text)).toThrow(UserError);
    expect(() => compileNginx(text)).toThrow(where);
    expect(() => compileNginx(text)).toThrow(what);
  });
});

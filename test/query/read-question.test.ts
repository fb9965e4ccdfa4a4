import { describe, expect, it } from "vitest";
import { type AskedQuestion, readColumns, readQuestion } from "../../query/read-question.ts";
import { exitCode } from "../../src/exit-code.ts";

const nowMs = Date.parse("2026-11-22T12:20:00Z");

function read(asked: Partial<AskedQuestion>) {
  const nothing: AskedQuestion = { view: "raw", domain: [], address: [], path: [], status: [], method: [] };
  return readQuestion(
    { ...nothing, ...asked },
    { nowMs, zone: "Europe/Amsterdam", columns: [], limit: undefined },
  );
}

function range(asked: Partial<AskedQuestion>): string {
  const { fromMs, toMs } = read(asked).question;
  return `${new Date(fromMs).toISOString()} ${new Date(toMs).toISOString()}`;
}

describe("readQuestion", () => {
  it("looks at the last 24 hours if nothing is said, and says so", () => {
    expect(range({})).toBe("2026-11-21T12:20:00.000Z 2026-11-22T12:20:00.000Z");
    expect(read({}).notes).toEqual(["no --since or --from: this looks at the last 24 hours"]);
  });

  it("begins 24 hours before an end that is given alone, and says so", () => {
    expect(range({ until: "2026-11-01T00:00Z" })).toBe("2026-10-31T00:00:00.000Z 2026-11-01T00:00:00.000Z");
    expect(read({ until: "2026-11-01T00:00Z" }).notes).toEqual([
      "no --since or --from: this looks at the 24 hours before --until",
    ]);
  });

  it("ends now if only the beginning is given", () => {
    expect(range({ since: "90m" })).toBe("2026-11-22T10:50:00.000Z 2026-11-22T12:20:00.000Z");
    expect(range({ from: "2026-11-22 00:00" })).toBe("2026-11-21T23:00:00.000Z 2026-11-22T12:20:00.000Z");
    expect(read({ since: "90m" }).notes).toEqual([]);
  });

  it("takes a day whole that is both beginning and end", () => {
    expect(range({ from: "2026-11-01", until: "2026-11-01" })).toBe(
      "2026-10-31T23:00:00.000Z 2026-11-01T23:00:00.000Z",
    );
  });

  it.each([
    [{ since: "2d", from: "today" }, "--since and --from both say where to begin"],
    [{ since: "soon" }, '--since: "soon" is no duration'],
    [{ since: "0h" }, '--since: "0h" is no duration'],
    [{ from: "now", until: "yesterday" }, "before it begins"],
    [{ domain: ["../etc"] }, '--domain: "../etc" is not a host name'],
    [{ domain: ["*"] }, '--domain: "*" is not a host name'],
    [{ domain: ["x'; drop"] }, "is not a host name"],
    [{ address: ["1.2.3"] }, '--address: "1.2.3" is not an address or a network'],
    [{ address: ["192.0.2.0/33"] }, "is not an address"],
    [{ status: ["4x"] }, '--status: "4x" is not a status'],
    [{ status: ["599-500"] }, "is not a status"],
    [{ status: [""] }, "is not a status"],
    [{ path: Array.from({ length: 1001 }, () => "/") }, "at most 1000 values"],
  ])("refuses %j as usage", (asked, message) => {
    expect(() => read(asked)).toThrow(
      expect.objectContaining({ exitCode: exitCode.usage, message: expect.stringContaining(message) }),
    );
  });

  it("knows one spelling of a domain", () => {
    expect(read({ domain: ["Example.ORG.", "*.Münster.example"] }).question.domains).toEqual([
      { kind: "site", name: "example.org" },
      { kind: "below", name: "xn--mnster-3ya.example" },
    ]);
  });

  it("says when a path pattern would only match whole paths that begin otherwise", () => {
    expect(read({ since: "1h", path: ["wp-login.php"] }).notes).toEqual([
      expect.stringContaining("whole path"),
    ]);
    expect(read({ since: "1h", path: ["/wp-login.php", "*.bak"] }).notes).toEqual([]);
  });

  it.each([
    [{ address: ["192.0.2.0/24"] }, "--address"],
    [{ agent: "curl" }, "--agent"],
    [{ path: ["/a?b=*"] }, "--path with a `?`"],
  ])("refuses %j of analytics, and names the view that can answer", (asked, option) => {
    expect(() => read({ ...asked, view: "analytics" })).toThrow(
      new RegExp(`${option.replace("?", "\\?")}.*--view raw`),
    );
  });

  it("widens a range that cuts hours of analytics, and says so", () => {
    const asked = { view: "analytics", from: "2026-11-22T10:30:00Z" } as const;
    expect(range(asked)).toBe("2026-11-22T10:00:00.000Z 2026-11-22T13:00:00.000Z");
    expect(read(asked).notes).toEqual([expect.stringContaining("whole UTC hours")]);
  });
});

describe("readColumns", () => {
  it("keeps the order that was asked for", () => {
    expect(readColumns("status, time,client", "raw").map(({ name }) => name)).toEqual([
      "status",
      "time",
      "client",
    ]);
  });

  it.each(["nope", "time,nope", "", ","])("refuses %j and lists what there is", (text) => {
    expect(() => readColumns(text, "analytics")).toThrow(
      /analytics has no column .*It has time, domain, client_net/,
    );
  });

  it("knows no full address in analytics", () => {
    expect(() => readColumns("client_ip", "analytics")).toThrow("no column client_ip");
  });
});

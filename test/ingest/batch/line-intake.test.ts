import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compileApache } from "../../../ingest/format/compile-apache.ts";
import { presets } from "../../../ingest/format/presets.ts";
import { lineAt, lineWith, now, take, type World } from "./take-lines.ts";

describe("the day of a line", () => {
  it.each([
    ["22/Nov/2026:23:59:59 +0000", "2026-11-22", "2026-11-23T12:00:00Z"],
    ["23/Nov/2026:00:00:00 +0000", "2026-11-23", "2026-11-23T12:00:00Z"],
    ["23/Nov/2026:00:59:59 +0100", "2026-11-22", "2026-11-23T12:00:00Z"],
    ["23/Nov/2026:01:00:00 +0100", "2026-11-23", "2026-11-23T12:00:00Z"],
    ["22/Nov/2026:19:00:00 -0500", "2026-11-23", "2026-11-23T12:00:00Z"],
    ["22/Nov/2026:18:59:59 -0500", "2026-11-22", "2026-11-23T12:00:00Z"],
    ["30/Nov/2026:23:59:59 +0000", "2026-11-30", "2026-12-01T12:00:00Z"],
    ["01/Dec/2026:00:00:00 +0000", "2026-12-01", "2026-12-01T12:00:00Z"],
    ["31/Dec/2026:23:30:00 -0100", "2027-01-01", "2027-01-01T12:00:00Z"],
    ["01/Jan/2027:00:30:00 +0100", "2026-12-31", "2027-01-01T12:00:00Z"],
    ["29/Feb/2028:12:00:00 +0000", "2028-02-29", "2028-03-01T12:00:00Z"],
    ["01/Mar/2028:01:00:00 +0200", "2028-02-29", "2028-03-01T12:00:00Z"],
    ["28/Mar/2027:02:30:00 +0100", "2027-03-28", "2027-03-28T12:00:00Z"],
    ["02/Jan/1970:00:00:00 +0000", "1970-01-02", "1970-01-03T00:00:00Z"],
    ["31/Dec/9999:23:59:59 +0000", "9999-12-31", "9999-12-31T23:59:59Z"],
  ])("written as %s is %s in UTC", (time, day, clock) => {
    expect(take(lineWith(time), { now: clock }).days).toEqual([day]);
  });

  it.each([
    "31/Feb/2026:12:00:00 +0000",
    "29/Feb/2026:12:00:00 +0000",
    "22/Foo/2026:12:00:00 +0000",
    "22/Nov/2026:24:00:01 +0000",
  ])("written as %s is none: the line is quarantined", (time) => {
    const { quarantine, days } = take(lineWith(time));
    expect(days).toEqual([]);
    expect(quarantine).toMatchObject([
      { reason: expect.stringMatching(/^(time|shape)$/), estimated: "2026-11-22" },
    ]);
  });
});

describe("a line ahead of the clock", () => {
  it("is stored up to a day ahead, on its own day", () => {
    expect(take(lineAt("2026-11-23T12:00:00Z")).days).toEqual(["2026-11-23"]);
  });

  it("is quarantined a second later, as of today", () => {
    expect(take(lineAt("2026-11-23T12:00:01Z"))).toMatchObject({
      days: [],
      quarantine: [{ reason: "future", estimated: "2026-11-22", partition: "2026-11-22" }],
    });
  });

  it("may be of the year 9999", () => {
    expect(take(lineAt("9999-12-31T23:59:59Z")).quarantine).toMatchObject([
      { reason: "future", estimated: "2026-11-22" },
    ]);
  });

  it("says nothing of the day of the unreadable lines behind it", () => {
    const lines = [lineAt("2026-11-20T12:00:00Z"), lineAt("2027-11-20T12:00:00Z"), "unreadable"];
    expect(take(lines.join("\n")).quarantine).toMatchObject([
      { reason: "future", estimated: "2026-11-22" },
      { reason: "shape", estimated: "2026-11-20" },
    ]);
  });

  it("does not stay longer than its own site's lines may", () => {
    const world = {
      domain: "short.example.org",
      terms: [
        ["2y", "2y"],
        ["10d", "10d"],
      ],
    } as const;
    expect(take(lineAt("2027-11-22T12:00:00Z"), world).quarantine).toMatchObject([
      { partition: "2026-09-03" },
    ]);
    const named = { ...world, domain: undefined, format: presets.vhost_combined };
    const lines = ["short.example.org:443", "shop.example.org"].map(
      (host) => `${host} ${lineAt("2027-11-22T12:00:00Z")}`,
    );
    expect(take(lines.join("\n"), named).quarantine).toMatchObject([
      { partition: "2026-09-03" },
      { partition: "2026-11-22" },
    ]);
  });
});

describe("a line past its term", () => {
  it("is refused: counted, with its bytes, and stored nowhere", () => {
    const lines = [
      lineAt("2024-11-22T00:00:00Z"),
      lineAt("2024-11-21T23:59:59Z"),
      lineAt("2000-01-01T00:00:00Z"),
      lineAt(now),
    ];
    const { source, days, quarantine } = take(lines.join("\n"));
    const length = (lines[0]?.length ?? 0) + 1;
    expect(days).toEqual(["2024-11-22", "2026-11-22"]);
    expect(quarantine).toEqual([]);
    expect(source).toMatchObject({ lines: 4, stored: 2, refused: [[length, length * 3, 2]] });
  });

  it("is stored while one of the views still has a place for it", () => {
    const line = lineAt("2026-06-01T00:00:00Z");
    expect(take(line, { terms: [["30d", "1y"]] }).source.stored).toBe(1);
    expect(take(line, { terms: [["1y", "30d"]] }).source.stored).toBe(1);
    expect(take(line, { terms: [["30d", "30d"]] }).source).toMatchObject({
      stored: 0,
      refused: [[0, line.length, 1]],
    });
  });

  it("goes by the class of the site that it names", () => {
    const world = {
      format: presets.vhost_combined,
      domain: undefined,
      terms: [
        ["2y", "2y"],
        ["10d", "10d"],
      ],
    } as const;
    const lines = ["short.example.org", "shop.example.org"].map(
      (host) => `${host} ${lineAt("2026-10-01T00:00:00Z")}`,
    );
    expect(take(lines.join("\n"), world).source).toMatchObject({
      stored: 1,
      refused: [[0, (lines[0]?.length ?? 0) + 1, 1]],
    });
  });

  it("of the year 1970 is refused, also where it cannot be told apart from a clock that was never set", () => {
    expect(take(lineAt("1970-01-01T00:00:00Z")).source).toMatchObject({
      stored: 0,
      refused: [[0, expect.any(Number), 1]],
    });
  });
});

describe("an unreadable line", () => {
  it("is taken to be of its own day, where its time can be read", () => {
    const { quarantine } = take(
      `${lineAt("2026-11-20T12:00:00Z")}\n${lineAt("2026-11-10T12:00:00Z")} and a tail without end "`,
    );
    expect(
      quarantine.every(({ estimated }) => estimated === "2026-11-10" || estimated === "2026-11-20"),
    ).toBe(true);
    const number = lineAt("2026-11-10T12:00:00Z").replace(" 200 512 ", " 200 99999999999999999999 ");
    expect(take(`${lineAt("2026-11-20T12:00:00Z")}\n${number}`).quarantine).toMatchObject([
      { reason: "number", estimated: "2026-11-10" },
    ]);
  });

  it("is taken to be of today, where its own time is less than a day ahead", () => {
    const number = lineAt("2026-11-23T06:00:00Z").replace(" 200 512 ", " 200 99999999999999999999 ");
    expect(take(`${lineAt("2026-11-01T12:00:00Z")}\n${number}\nunreadable`).quarantine).toMatchObject([
      { reason: "number", estimated: "2026-11-22" },
      { reason: "shape", estimated: "2026-11-22" },
    ]);
  });

  it("is taken to be of the nearest earlier line's day, stored, quarantined or refused", () => {
    const lines = [
      lineAt("2026-11-20T12:00:00Z"),
      "one",
      lineAt("2026-11-10T12:00:00Z"),
      "two",
      "three",
      lineAt("2026-11-23T11:00:00Z"),
      "four",
    ];
    expect(take(lines.join("\n")).quarantine.map(({ estimated }) => estimated)).toEqual([
      "2026-11-20",
      "2026-11-10",
      "2026-11-10",
      "2026-11-22",
    ]);
  });

  it("is taken to be of the file's day, where no line before it has one", () => {
    expect(take("one\n", { modified: "2026-10-01T00:00:00Z" }).quarantine).toMatchObject([
      { estimated: "2026-10-01" },
    ]);
    // A file of a machine whose clock is ahead.
    expect(take("one\n", { modified: "2027-10-01T00:00:00Z" }).quarantine).toMatchObject([
      { estimated: "2026-11-22" },
    ]);
  });

  it("is refused, where that day is past its term", () => {
    const lines = [lineAt("2024-11-21T12:00:00Z"), "one", lineAt("2024-11-22T12:00:00Z"), "two"];
    const { quarantine, source } = take(lines.join("\n"));
    expect(quarantine).toMatchObject([{ line: "two", estimated: "2024-11-22", partition: "2026-08-24" }]);
    expect(source).toMatchObject({ lines: 4, stored: 1, refused: [[0, (lines[0]?.length ?? 0) + 5, 2]] });
    expect(take("one\n", { modified: "2020-01-01T00:00:00Z" }).source).toMatchObject({
      refused: [[0, 4, 1]],
    });
  });

  it("is refused near the end of its term where every day of quarantine that would do is due already", () => {
    // Three months from 28 February end on 28 May; from 1 March they end on 1 June, which is too late.
    const lines = [lineAt("2024-05-31T12:00:00Z"), "one", lineAt("2024-06-01T12:00:00Z"), "two"];
    const world: World = { now: "2026-05-29T12:00:00Z", quarantineTerm: "3m" };
    const { quarantine, source } = take(lines.join("\n"), world);
    expect(quarantine).toMatchObject([{ line: "two", partition: "2026-03-01" }]);
    expect(source).toMatchObject({ stored: 2, refused: [[expect.any(Number), expect.any(Number), 1]] });
  });

  it("is kept whole, with its reason", () => {
    const { quarantine, source } = take("garbage \\x41\0\n\n\0\0\0\n\0\0tail\n");
    expect(quarantine).toMatchObject([
      { reason: "shape", line: "garbage \\x41\0" },
      { reason: "empty", line: "" },
      { reason: "nul-bytes", line: "" },
      { reason: "shape", line: "tail" },
    ]);
    // Where each lies; neighbours of one reason would be one run.
    expect(source.quarantined).toEqual([
      [0, 14, "shape", 1],
      [14, 15, "empty", 1],
      [15, 19, "nul-bytes", 1],
      [21, 26, "shape", 1],
    ]);
  });

  it("of more bytes than the limit is kept by its head, length and hash", () => {
    const { filled, quarantine } = take(`${"x".repeat(100_000)}\n`, { lineBytesMax: 1000 });
    expect(quarantine).toMatchObject([{ reason: "too-long", line: "x".repeat(64 * 1024) }]);
    expect([...filled.packed.quarantine.lineBytes]).toEqual([100_000]);
    expect([...filled.packed.quarantine.sha256]).toEqual([[0, expect.stringMatching(/^[0-9a-f]{64}$/)]]);
  });
});

describe("lines without a usable site", () => {
  it("are stored as unknown, and counted", () => {
    const format = compileApache('%v [%{sec}t] \\"%U\\"');
    const hosts = ["Shop.Example.ORG.", "-", "..", "a b", "shop.example.org:8080"];
    const lines = hosts.map((host) => `${host} [${Date.parse(now) / 1000}] "/"`);
    const { filled, intake } = take(lines.join("\n"), { format, domain: undefined });
    const names = Array.from(filled.packed.domain, (index) => filled.domains[index]);
    expect(names).toEqual(["shop.example.org", "unknown", "unknown", "unknown", "shop.example.org"]);
    expect(intake.unknownDomainLines).toBe(3);
    // A format whose lines name no site.
    expect(take(lineAt(now), { domain: undefined }).intake.unknownDomainLines).toBe(1);
  });

  it("have the site of the file only where they name none themselves", () => {
    const named = take(`other.example.org:443 ${lineAt(now)}`, { format: presets.vhost_combined });
    expect(named.filled.domains).toEqual(["other.example.org"]);
    expect(take(lineAt(now), {}).filled.domains).toEqual(["shop.example.org"]);
  });

  it("have the site that the operator gave for all of them, whatever they name", () => {
    const { filled } = take(`other.example.org:443 ${lineAt(now)}`, {
      format: presets.vhost_combined,
      isDomainGiven: true,
    });
    expect(filled.domains).toEqual(["shop.example.org"]);
  });
});

describe("any lines", () => {
  const anyLine = fc.oneof(
    fc
      .integer({ min: -900, max: 3 })
      .map((days) => lineAt(new Date(Date.parse(now) + days * 86_400_000).toISOString())),
    fc.constantFrom(
      "",
      "\0\0",
      "\0x",
      "unreadable",
      lineWith("31/Feb/2026:00:00:00 +0000"),
      "x".repeat(300),
      "\r",
    ),
    fc.string({ maxLength: 20 }).map((text) => text.replaceAll("\n", " ")),
  );

  it("are stored, quarantined or refused, each in one way, to the line and the byte", () => {
    fc.assert(
      fc.property(fc.array(anyLine, { minLength: 1, maxLength: 30 }), fc.boolean(), (lines, isTerminated) => {
        const text = lines.join("\n") + (isTerminated ? "\n" : "");
        if (text === "") return;
        const { source, filled, quarantine } = take(text, { lineBytesMax: 250 });
        const read = lines.length - (isTerminated || lines.at(-1) !== "" ? 0 : 1);
        const quarantined = source.quarantined.reduce((sum, [, , , count]) => sum + count, 0);
        const refused = source.refused.reduce((sum, [, , count]) => sum + count, 0);
        expect(source.lines).toBe(read);
        expect(source.stored + quarantined + refused).toBe(read);
        expect([filled.packed.rows, quarantine.length]).toEqual([source.stored, quarantined]);
        const runs = [...source.quarantined, ...source.refused];
        expect(runs.every(([from, to]) => 0 <= from && from < to && to <= Buffer.byteLength(text))).toBe(
          true,
        );
      }),
      { numRuns: 300 },
    );
  });
});

describe("the room of a batch", () => {
  it("holds a chunk of the shortest lines that a format can read, on top of a batch that is almost full", () => {
    // Eleven bytes to a line: more lines than any usual log has in a chunk.
    const format = compileApache("%{sec}t");
    const seconds = Date.parse(now) / 1000;
    const chunk = Buffer.from(`${seconds}\n`.repeat(Math.floor((256 * 1024) / 11)));
    const { filled } = take(Buffer.concat([chunk.subarray(0, 999 * 11), chunk]), { format });
    expect(filled.packed.timeMs).toHaveLength(filled.packed.rows);
    expect(filled.packed.rows).toBe(chunk.length / 11 + 999);
    expect(filled.packed.timeMs.every((ms) => ms === seconds * 1000)).toBe(true);
  });
});

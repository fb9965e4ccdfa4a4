import { describe, expect, it } from "vitest";
import { compileNginx } from "../../../ingest/format/compile-nginx.ts";
import { createMixedFormat } from "../../../ingest/format/mixed-format.ts";
import { presets } from "../../../ingest/format/presets.ts";
import { readRecord } from "../../support/line-record.ts";

const rest = '[22/Nov/2026:09:15:00 +0000] "GET / HTTP/1.1" 200 5';
const format = createMixedFormat(presets.common, Object.values(presets));

describe("createMixedFormat", () => {
  it("reads each line by the layout that it has, and counts them by layout", () => {
    const parser = format.open();
    const lines = [
      `192.0.2.1 - - ${rest} "-" "agent"`,
      `192.0.2.1 - - ${rest}`,
      `www.example.com 192.0.2.1 - - ${rest}`,
    ];
    expect(lines.map((line) => readRecord(format, parser, line))).toMatchObject([
      { userAgent: "agent" },
      { client: "192.0.2.1" },
      { domain: "www.example.com" },
    ]);
    expect(parser.countLines().map(({ format: { name }, lines: count }) => [name, count])).toEqual([
      ["common", 1],
      ["vhost_combined", 0],
      ["combined", 1],
      ["vhost_common", 1],
    ]);
  });

  it("gives the reason of a layout that had the shape, whichever it is, and the time that could be read", () => {
    const line = `www.example.com 192.0.2.1 - - ${rest.replace(" 5", ` ${"9".repeat(20)}`)}`;
    expect(readRecord(format, format.open(), line)).toEqual({
      reason: "number",
      time: "2026-11-22T09:15:00.000Z",
    });
    expect(readRecord(format, format.open(), "nonsense")).toEqual({ reason: "shape" });
  });

  it("tries no layout whose escapes are others than the main one's", () => {
    const mixed = createMixedFormat(compileNginx("$msec"), Object.values(presets));
    expect(readRecord(mixed, mixed.open(), `192.0.2.1 - - ${rest}`)).toEqual({ reason: "shape" });
  });
});

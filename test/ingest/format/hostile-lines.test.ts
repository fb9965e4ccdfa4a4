import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compileApache } from "../../../ingest/format/compile-apache.ts";
import { compileNginx } from "../../../ingest/format/compile-nginx.ts";
import { createParsedLine, FIELD_COUNT, type LineFormat } from "../../../ingest/format/line-format.ts";
import { createMixedFormat } from "../../../ingest/format/mixed-format.ts";
import { presets } from "../../../ingest/format/presets.ts";
import { reasonCode, reasons } from "../../../src/reason.ts";

const formats: readonly LineFormat[] = [
  ...Object.values(presets),
  createMixedFormat(presets.combined, Object.values(presets)),
  compileNginx(
    '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_user_agent"',
  ),
  compileNginx('log_format j escape=json \'{"t":"$msec","r":"$request","s":$status,"d":$request_time}\';'),
  compileNginx(
    "log_format n escape=none '$http_user_agent $msec $host$request_uri $server_protocol $status';",
  ),
  compileApache('%h %u [%{%d/%b/%Y:%T}t.%{msec_frac}t %{%z}t] %U%q %H %>s %b %T \\"%{Referer}i\\"'),
  compileApache("%{X-Forwarded-For}i %{%A, %d. %b %Y %I:%M %p %z}t %D"),
];

const pieces = fc.constantFrom(
  ...'"\\ -[]/?:,.0\t\0\r'.split(""),
  "192.0.2.1",
  "2001:db8::1",
  "www.example.com:80",
  " - - [22/Nov/2026:09:15:00 +0000] ",
  '"GET / HTTP/1.1" 200 5',
  ' "-" "-"',
  "1795338900.123",
  "\\x22",
  "é",
);
const line = fc.oneof(
  fc.uint8Array({ maxLength: 200 }),
  fc.array(pieces, { maxLength: 30 }).map((parts) => Buffer.from(parts.join(""))),
);

describe("any parser, for any bytes", () => {
  it("answers with a reason, spans within the line and numbers that make sense", () => {
    fc.assert(
      fc.property(line, fc.constantFrom(...formats), (bytes, format) => {
        const parsed = createParsedLine();
        const code = format.open().parse(bytes, 0, bytes.length, parsed);
        expect(reasons[code]).toBeDefined();
        for (let index = 0; index < FIELD_COUNT; index++) {
          const [start = -1, end = -1] = parsed.spans.subarray(index * 2, index * 2 + 2);
          const isAbsent = start === -1 && end === -1;
          expect(
            isAbsent || (code === reasonCode.parsed && 0 <= start && start <= end && end <= bytes.length),
          ).toBe(true);
        }
        if (code === reasonCode.parsed) expect(Number.isInteger(parsed.timeMs)).toBe(true);
        else
          expect([parsed.status, parsed.bytesSent, parsed.durationMs, parsed.unkeptFields]).toEqual([
            NaN,
            NaN,
            NaN,
            0,
          ]);
      }),
      { numRuns: 500 },
    );
  });

  it("reads the same wherever the line lies, whatever is around it and whatever was read before", () => {
    fc.assert(
      fc.property(line, line, line, fc.constantFrom(...formats), (before, bytes, after, format) => {
        const alone = createParsedLine();
        const code = format.open().parse(bytes, 0, bytes.length, alone);
        const chunk = Buffer.concat([before, bytes, after]);
        const within = createParsedLine();
        const parser = format.open();
        parser.parse(chunk, 0, before.length, within);
        expect(parser.parse(chunk, before.length, before.length + bytes.length, within)).toBe(code);
        const moved = alone.spans.map((at) => (at === -1 ? -1 : at + before.length));
        expect(within).toEqual({ ...alone, spans: moved });
      }),
      { numRuns: 500 },
    );
  });
});

describe("a hostile line of a megabyte", () => {
  const size = 1_000_000;
  const head = "192.0.2.1 - - [22/Nov/2026:09:15:00 +0000] ";
  it.each([
    ["quotes", `${head}"${'" '.repeat(size / 2)}`],
    ["escaped quotes", `${head}"${'\\" '.repeat(size / 3)}`],
    ["backslashes", `${head}"${"\\".repeat(size)}`],
    ["brackets in the user", `192.0.2.1 - ${" [".repeat(size / 2)}`],
    ["dates in the user", `192.0.2.1 - ${" [22/Nov/2026:09:15:00 +0000] ".repeat(size / 30)}`],
    ["almost statuses", `${head}"${'" 200'.repeat(size / 5)}`],
    ["digits", "1".repeat(size)],
    ["blanks", " ".repeat(size)],
    ["commas", "192.0.2.1, ".repeat(size / 11)],
    ["colons", ":".repeat(size)],
    ["question marks", `${head}"GET /${"?".repeat(size)} HTTP/1.1" 200 5`],
    ["a long agent", `${head}"GET / HTTP/1.1" 200 5 "-" "${"a".repeat(size)}"`],
    ["a long tail", `${head}"GET / HTTP/1.1" 200 5 "-" "-" ${'"a" '.repeat(size / 4)}x`],
    ["times of one format", "1795338900.123 ".repeat(size / 15)],
  ])("of %s is read or refused at once", (_name, text) => {
    const bytes = Buffer.from(text);
    // The presets are one parser.
    for (const format of formats.slice(3)) {
      expect(reasons[format.open().parse(bytes, 0, bytes.length, createParsedLine())]).toBeDefined();
    }
  });
});

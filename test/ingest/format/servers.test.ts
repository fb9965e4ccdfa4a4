import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compileApache } from "../../../ingest/format/compile-apache.ts";
import { compileNginx } from "../../../ingest/format/compile-nginx.ts";
import type { LineFormat } from "../../../ingest/format/line-format.ts";
import { presets } from "../../../ingest/format/presets.ts";
import { textOfBytes } from "../../../src/text.ts";
import { readLineRecord } from "../../support/line-record.ts";
import { escapeAsApache, escapeAsNginx } from "./server-escapes.ts";

const nasty = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc
    .array(
      fc.constantFrom(
        ' "',
        '" ',
        "\\",
        "] [",
        " - ",
        " [22/Nov/2026:09:15:00 +0000] ",
        ' [22/Nov/2026:09:15:00 +0000] "GET / HTTP/1.1" 200 5 "-" "-"',
        "192.0.2.9",
        "www.example.com:80 ",
        "\r\n",
        "\0",
        "é",
      ),
      { maxLength: 6 },
    )
    .map((pieces) => Buffer.from(pieces.join(""))),
);

/** What a visitor can write into a line. */
const visit = fc.record({
  user: nasty,
  path: nasty.map((bytes) => Buffer.concat([Buffer.from("/"), bytes.filter((byte) => byte !== 0x3f)])),
  query: fc.option(nasty, { nil: undefined }),
  referrer: nasty,
  agent: nasty,
});

const combinedText =
  '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent"';
const vhostText = '%v:%p %h %l %u %t \\"%r\\" %>s %O \\"%{Referer}i\\" \\"%{User-Agent}i\\"';

describe.each<[string, LineFormat, (value: Uint8Array) => string, string, object]>([
  ["nginx by its own text", compileNginx(combinedText), escapeAsNginx, "", {}],
  ["nginx by the preset", presets.combined, escapeAsNginx, "", {}],
  [
    "Apache by its own text",
    compileApache(vhostText),
    escapeAsApache,
    "www.example.com:443 ",
    { domain: "www.example.com", unkeptFields: 1 },
  ],
  [
    "Apache by the preset",
    presets.vhost_combined,
    escapeAsApache,
    "www.example.com:443 ",
    { domain: "www.example.com" },
  ],
])("a line of %s", (_name, format, escaped, front, more) => {
  it("reads back as what the visitor sent, whatever that was", () => {
    fc.assert(
      fc.property(visit, ({ user, path, query, referrer, agent }) => {
        const logged = (value: Uint8Array): string => (value.length === 0 ? "-" : escaped(value));
        const target = escaped(path) + (query === undefined ? "" : `?${escaped(query)}`);
        const line =
          `${front}192.0.2.1 - ${logged(user)} [22/Nov/2026:09:15:00 +0000] "GET ${target} HTTP/1.1" ` +
          `200 5120 "${logged(referrer)}" "${logged(agent)}"`;
        expect(readLineRecord(format, line)).toEqual({
          ...more,
          time: "2026-11-22T09:15:00.000Z",
          client: "192.0.2.1",
          ...told("remoteUser", isBlankHyphen(user) ? Buffer.alloc(0) : user),
          method: "GET",
          path: textOfBytes(path),
          ...(query === undefined ? {} : { query: textOfBytes(query) }),
          protocol: "HTTP/1.1",
          ...told("referrer", referrer),
          ...told("userAgent", agent),
          status: 200,
          bytesSent: 5120,
        });
      }),
    );
  });
});

function told(name: string, value: Uint8Array): Readonly<Record<string, string>> {
  const text = textOfBytes(value);
  return text === "" || text === "-" ? {} : { [name]: text };
}

/** Blanks around a hyphen, or blanks alone, are nobody's name: Jetty writes them. */
function isBlankHyphen(value: Uint8Array): boolean {
  return /^ *-? *$/.test(Buffer.from(value).toString("latin1"));
}

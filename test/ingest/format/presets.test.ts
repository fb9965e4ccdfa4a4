import { describe, expect, it } from "vitest";
import { type PresetName, presetNames, presets } from "../../../ingest/format/presets.ts";
import { readLineRecord } from "../../support/line-record.ts";

const rest = '[22/Nov/2026:09:15:00 +0000] "GET / HTTP/1.1" 200 5';
const combined = `${rest} "-" "-"`;

/** Which of the presets read a line. */
function readers(line: string): readonly PresetName[] {
  return presetNames.filter((name) => !("reason" in readLineRecord(presets[name], line)));
}

describe("the presets", () => {
  it.each<[PresetName, string]>([
    ["combined", `192.0.2.1 - - ${combined}`],
    ["combined", `host.example.net - - ${combined}`],
    ["combined", `192.0.2.1 ident bob ${combined}`],
    ["combined", `192.0.2.1, 192.0.2.2 - - ${combined}`],
    ["combined", `192.0.2.1 - 192.0.2.7 - - ${combined}`],
    ["combined", `192.0.2.1 - - - - ${combined}`],
    ["combined", `192.0.2.1 198.51.100.7 - ${combined}`],
    ["combined", `\uFEFF192.0.2.1 - - ${combined}`],
    ["combined", `192.0.2.1 - - ${rest} - "agent" Request took 2ms`],
    ["combined", `192.0.2.1 - - ${rest} http://r.example/ "agent"`],
    ["common", `192.0.2.1 - - ${rest}`],
    ["common", `192.0.2.1 - - ${rest} 1234 5678`],
    ["common", `192.0.2.1 - - ${rest} "one quoted value"`],
    ["vhost_combined", `www.example.com:443 192.0.2.1 - - ${combined}`],
    ["vhost_combined", `www.example.com 2001:db8::1 - - ${combined}`],
    ["vhost_combined", `www.example.com:80 unix: - - ${combined}`],
    ["vhost_combined", `[2001:db8::1]:443 192.0.2.1 - - ${combined}`],
    ["vhost_combined", `192.0.2.80 192.0.2.1 - - ${combined}`],
    ["vhost_combined", `_ 192.0.2.1, 192.0.2.2 - bob smith ${combined}`],
    ["vhost_common", `www.example.com:443 192.0.2.1 - - ${rest}`],
  ])("read a line as %s only: %s", (name, line) => {
    expect(readers(line)).toEqual([name]);
  });

  it.each([
    "",
    "-",
    `192.0.2.1 - ${combined}`,
    `192.0.2.1 www.example.com - - ${combined}`,
    `https www.example.com 192.0.2.1 - - ${combined}`,
    `https 192.0.2.1 bob ${combined}`,
    `[httpd] 192.0.2.1 - - ${combined}`,
    `Nov 22 09:15:00 node httpd: 192.0.2.1 - - ${combined}`,
    `{"log":"192.0.2.1 - - ${combined}`,
    `192.0.2.1 - - ${rest} `,
    `192.0.2.1 - - ${rest} "http://r.example/`,
    `192.0.2.1 - - ${rest} "-" "Mozilla/5.0 (`,
    `192.0.2.1 - - ${rest}x`,
    '192.0.2.1 - - [22/Nov/2026:09:15:00 +0000] "GET / HTTP/1.1" 200',
    '192.0.2.1 - - [22/Nov/2026:09:15:00 +0000] "GET / HTTP/1.1" 20 5',
    "192.0.2.1 - - [22/Nov/2026:09:15:00 +0000] GET / 200 5",
    '192.0.2.1 - - [-] "-" - -',
  ])("read nothing in %j", (line) => {
    expect(readers(line)).toEqual([]);
  });

  it("never make a client of the hyphen behind an address, though the user's name has blanks", () => {
    expect(readLineRecord(presets.combined, `192.0.2.1 - john doe ${combined}`)).toMatchObject({
      client: "192.0.2.1",
      remoteUser: "john doe",
    });
  });

  it("leave out the vhost's port", () => {
    expect(readLineRecord(presets.vhost_common, `www.example.com:8443 192.0.2.1 - - ${rest}`)).toMatchObject({
      domain: "www.example.com",
    });
  });

  it("count the values of a tail, quoted ones as one, absent ones not", () => {
    const line = `192.0.2.1 - - ${combined} "a b" - "-" 0.004 "" "cut`;
    expect(readLineRecord(presets.combined, line)).toMatchObject({ unkeptFields: 3 });
  });

  it("read quotes that a server forgot to escape as part of the agent, as far as that is plain", () => {
    expect(readLineRecord(presets.combined, `192.0.2.1 - - ${rest} "-" "a "b"c"`)).toMatchObject({
      userAgent: 'a "b"c',
    });
  });

  it.each([
    ["time", '192.0.2.1 - - [31/Feb/2026:09:15:00 +0000] "GET / HTTP/1.1" 200 5 "-" "-"'],
    ["number", `192.0.2.1 - - [22/Nov/2026:09:15:00 +0000] "GET / HTTP/1.1" 200 ${"9".repeat(16)} "-" "-"`],
  ])("say %s where the shape is right", (reason, line) => {
    expect(readLineRecord(presets.combined, line)).toMatchObject({ reason });
  });
});

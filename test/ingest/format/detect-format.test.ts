import { describe, expect, it } from "vitest";
import { detectFormat } from "../../../ingest/format/detect-format.ts";

const rest = '[22/Nov/2026:09:15:00 +0000] "GET / HTTP/1.1" 200 5';
const combined = `192.0.2.1 - - ${rest} "-" "-"\n`;
const common = `192.0.2.1 - - ${rest}\n`;
const vhost = `www.example.com:443 192.0.2.1 - - ${rest} "-" "-"\n`;
const noise = "2026/11/22 09:15:00 [error] 31#31: *46 open() failed, client: 192.0.2.1\n";

function detect(text: string): object {
  const found = detectFormat(Buffer.from(text));
  const name = found.kind === "found" ? found.format.name : found.best?.format.name;
  const others =
    found.kind === "found" ? found.others.map(({ format, lines }) => [format.name, lines]) : undefined;
  return { ...found, format: name, best: undefined, others };
}

describe("detectFormat", () => {
  it("finds the layout of most lines and names the others, most lines first", () => {
    expect(detect(vhost.repeat(5) + common + combined.repeat(2) + noise)).toMatchObject({
      kind: "found",
      format: "vhost_combined",
      matchedLines: 5,
      sampledLines: 9,
      others: [
        ["combined", 2],
        ["common", 1],
      ],
    });
  });

  it("takes the layout that says more when two have as many lines", () => {
    expect(detect(common + combined)).toMatchObject({ format: "combined", matchedLines: 1 });
  });

  it("finds a layout when half of the lines fit one of them, and none when fewer do", () => {
    expect(detect(combined + common + noise.repeat(2))).toMatchObject({ kind: "found" });
    expect(detect(combined + common + noise.repeat(3))).toMatchObject({
      kind: "unknown",
      sampledLines: 5,
      format: "combined",
    });
  });

  it.each(["", "\n\r\n\n"])("finds nothing where there is no line: %j", (text) => {
    expect(detect(text)).toMatchObject({ kind: "unknown", sampledLines: 0, format: undefined });
  });

  it("reads lines that end in CRLF, and skips empty ones", () => {
    expect(detect(combined.replace("\n", "\r\n\r\n").repeat(2))).toMatchObject({
      matchedLines: 2,
      sampledLines: 2,
    });
  });

  it("does not judge by a last line that may have been cut, unless it is the only one", () => {
    expect(detect(combined + combined.slice(0, 60))).toMatchObject({ matchedLines: 1, sampledLines: 1 });
    expect(detect(combined.trimEnd())).toMatchObject({ matchedLines: 1, sampledLines: 1 });
  });

  it("looks at a thousand lines and no more", () => {
    expect(detect(combined.repeat(1000) + noise.repeat(2000))).toMatchObject({
      matchedLines: 1000,
      sampledLines: 1000,
    });
  });
});

import { describe, expect, it } from "vitest";
import { detectFormat } from "../../../ingest/format/detect-format.ts";
import { createParsedLine } from "../../../ingest/format/line-format.ts";
import { createMixedFormat } from "../../../ingest/format/mixed-format.ts";
import { presets } from "../../../ingest/format/presets.ts";
import { parseNetwork } from "../../../src/address.ts";
import { reasonCode } from "../../../src/reason.ts";
import { type SampleLog, sampleLogs } from "../../../src/sample/sample-logs.ts";

const nowMs = Date.parse("2026-11-22T16:21:44Z");
const HOUR_MS = 3_600_000;

interface ReadLine {
  readonly text: string;
  readonly timeMs: number | undefined;
}

/** Each line of a log as hostlog reads it; without a time where it is no request. */
function linesOf({ text }: SampleLog): readonly ReadLine[] {
  const detected = detectFormat(Buffer.from(text));
  if (detected.kind !== "found") throw new Error("no format fits the log");
  const parser = createMixedFormat(detected.format, Object.values(presets)).open();
  const parsed = createParsedLine();
  return text
    .split("\n")
    .slice(0, -1)
    .map((line) => {
      const bytes = Buffer.from(line);
      const reason = parser.parse(bytes, 0, bytes.length, parsed);
      return { text: line, timeMs: reason === reasonCode.parsed ? parsed.timeMs : undefined };
    });
}

const isDocumentationAddress = (text: string): boolean =>
  /^(?:192\.0\.2|198\.51\.100|203\.0\.113)\.\d+$|^2001:db8:/.test(text) && parseNetwork(text) !== undefined;

describe("sampleLogs", () => {
  const logs = sampleLogs(nowMs);
  const lines = logs.flatMap(linesOf);

  it("gives the same bytes for the same instant", () => {
    expect(sampleLogs(nowMs)).toEqual(logs);
  });

  it("holds several hundred lines that can be read, and two that cannot", () => {
    expect(lines.length).toBeGreaterThan(400);
    expect(lines.filter(({ timeMs }) => timeMs === undefined)).toHaveLength(2);
  });

  it("holds one line of the future and one that is older than anything may be kept", () => {
    const times = lines.flatMap(({ timeMs }) => timeMs ?? []);
    expect(times.filter((ms) => ms > nowMs + 24 * HOUR_MS)).toHaveLength(1);
    expect(times.filter((ms) => ms < nowMs - 731 * 24 * HOUR_MS)).toHaveLength(1);
    expect(times.filter((ms) => ms > nowMs)).toHaveLength(1);
  });

  it("names clients by documentation addresses only", () => {
    const clients = lines.filter(({ timeMs }) => timeMs !== undefined).map(({ text }) => clientOf(text));
    expect(clients.filter((client) => !isDocumentationAddress(client))).toEqual([]);
    expect(new Set(clients).size).toBeGreaterThan(10);
  });

  it("holds the whole break-in whatever the time of day", () => {
    for (let hour = 0; hour < 24; hour++) {
      const midnightMs = nowMs - (nowMs % (24 * HOUR_MS));
      const text = sampleLogs(midnightMs + hour * HOUR_MS).map((log) => log.text);
      const all = text.join("");
      expect(all.match(/"GET \/backup\.zip HTTP\/1\.1" (?:200|206) /g)).toHaveLength(2);
      expect(all).toContain("action=upload-plugin");
      expect(all).toContain("UNION%20SELECT");
      expect(all.match(/"POST \/wp-login\.php HTTP\/1\.1" 302 /g)).toHaveLength(2);
      expect(all).toContain(String.raw`"\x16\x03\x01`);
    }
  });
});

function clientOf(line: string): string {
  const [first = "", second = ""] = line.split(" ");
  return first.includes(":443") ? second : first;
}

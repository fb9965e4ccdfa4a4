import {
  createParsedLine,
  field,
  type LineFormat,
  type LineParser,
} from "../../ingest/format/line-format.ts";
import { reasonCode, reasons } from "../../src/reason.ts";
import { textOfBytes, unescapeLogged } from "../../src/text.ts";

/** One line as the format reads it, absent fields left out, texts decoded as the store would hold them. */
export type LineRecord = Readonly<Record<string, string | number>>;

/** The record of one line, or `{ reason }` (with `time`, where it could be read) when it is none. */
export function readLineRecord(format: LineFormat, line: Uint8Array | string): LineRecord {
  return readRecord(format, format.open(), line);
}

/** As {@link readLineRecord}, with a parser that has read other lines before. */
export function readRecord(format: LineFormat, parser: LineParser, text: Uint8Array | string): LineRecord {
  const bytes = typeof text === "string" ? Buffer.from(text) : text;
  const line = createParsedLine();
  const code = parser.parse(bytes, 0, bytes.length, line);
  const time = Number.isNaN(line.timeMs) ? {} : { time: new Date(line.timeMs).toISOString() };
  if (code !== reasonCode.parsed) return { reason: reasons[code] ?? code, ...time };
  const record: Record<string, string | number> = { ...time };
  for (const [name, index] of Object.entries(field)) {
    const [start = -1, end = -1] = line.spans.subarray(index * 2, index * 2 + 2);
    if (start === -1) continue;
    record[name] = textOfBytes(unescapeLogged(bytes.subarray(start, end), format.escape));
  }
  for (const name of ["status", "bytesSent", "durationMs"] as const) {
    if (!Number.isNaN(line[name])) record[name] = line[name];
  }
  if (line.unkeptFields > 0) record["unkeptFields"] = line.unkeptFields;
  return record;
}

import { UserError } from "../src/errors.ts";
import { exitCode } from "../src/exit-code.ts";
import { parseDuration } from "./time/duration.ts";
import { parseInstant } from "./time/parse-instant.ts";

export interface AskedRange {
  readonly since?: string;
  readonly from?: string;
  readonly until?: string;
}

export interface Range {
  readonly fromMs: number;
  /** Exclusive. */
  readonly toMs: number;
  /** What was assumed, in sentences for the person who asks. */
  readonly notes: readonly string[];
}

/** A breach is mostly looked at from the day before; more is never opened without being asked for. */
const DEFAULT_RANGE_MS = 24 * 3_600_000;

/**
 * The range of a question. Without `from` or `since` it begins 24 hours before its end, without `until` it
 * ends now, and a note says so. Throws UserError.
 */
export function readRange(asked: AskedRange, nowMs: number, zone: string): Range {
  if (asked.since !== undefined && asked.from !== undefined) {
    throw new UserError("--since and --from both say where to begin: give one of them", exitCode.usage);
  }
  const toMs = asked.until === undefined ? nowMs : parseInstant(asked.until, { nowMs, zone, edge: "until" });
  const fromMs = readFrom(asked, nowMs, zone) ?? toMs - DEFAULT_RANGE_MS;
  if (fromMs >= toMs) {
    throw new UserError(
      `the range ends (${iso(toMs)}) before it begins (${iso(fromMs)}): check --from, --since, --until and --timezone`,
      exitCode.usage,
    );
  }
  const isBeginAssumed = asked.since === undefined && asked.from === undefined;
  const end = asked.until === undefined ? "the last 24 hours" : "the 24 hours before --until";
  return { fromMs, toMs, notes: isBeginAssumed ? [`no --since or --from: this looks at ${end}`] : [] };
}

function readFrom({ since, from }: AskedRange, nowMs: number, zone: string): number | undefined {
  if (from !== undefined) return parseInstant(from, { nowMs, zone, edge: "from" });
  if (since === undefined) return undefined;
  const durationMs = parseDuration(since);
  if (durationMs === undefined || durationMs === 0) {
    throw new UserError(
      `--since: "${since}" is no duration. Write it like 15m, 2h, 2d or 1w`,
      exitCode.usage,
    );
  }
  return parseInstant(`${since} ago`, { nowMs, zone, edge: "from" });
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

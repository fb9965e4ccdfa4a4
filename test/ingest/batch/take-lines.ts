import {
  createBatchBuilder,
  type FilledBatch,
  openRange,
  takeBatch,
} from "../../../ingest/batch/batch-builder.ts";
import { eventBounds } from "../../../ingest/batch/event-bounds.ts";
import { createLineIntake, type IntakePolicy, type LineIntake } from "../../../ingest/batch/line-intake.ts";
import type { LineFormat } from "../../../ingest/format/line-format.ts";
import { presets } from "../../../ingest/format/presets.ts";
import { createLineSplitter, feedLines, finishLines } from "../../../ingest/line/split-lines.ts";
import { dayOfEpochDay, dayOfMs, MS_PER_DAY } from "../../../src/day.ts";
import type { ManifestSource } from "../../../src/ledger/manifest.ts";
import { reasons } from "../../../src/reason.ts";
import { parseTerm, type Term } from "../../../src/term.ts";
import { combinedLine } from "../../support/log-lines.ts";

export const now = "2026-11-22T12:00:00Z";

function term(text: string): Term {
  const parsed = parseTerm(text);
  if (parsed === undefined) throw new Error(text);
  return parsed;
}

/** What the lines are read under; whatever is left out is usual. */
export interface World {
  readonly now?: string;
  readonly format?: LineFormat;
  readonly domain?: string | undefined;
  readonly isDomainGiven?: boolean;
  readonly modified?: string;
  /** Raw and analytics terms by class; the first is `standard`, the second that of short.example.org. */
  readonly terms?: readonly (readonly [raw: string, analytics: string])[];
  readonly lineBytesMax?: number;
  readonly quarantineTerm?: string;
  /** Days of raw, by class, and of quarantine whose keys were destroyed. */
  readonly destroyed?: {
    readonly raw?: readonly (readonly string[])[];
    readonly quarantine?: readonly string[];
  };
}

/** What became of them. */
export interface Taken {
  readonly intake: LineIntake;
  readonly filled: FilledBatch;
  readonly source: ManifestSource;
  readonly days: readonly string[];
  readonly quarantine: readonly {
    readonly reason: string;
    readonly estimated: string;
    readonly partition: string;
    readonly line: string;
  }[];
}

/** Takes lines as an ingest does, into one batch. */
export function take(text: string | Buffer, world: World = {}): Taken {
  const terms = world.terms ?? [["2y", "2y"]];
  const classes = terms.map(([raw, analytics], i) => ({
    name: `class-${i}`,
    raw: term(raw),
    analytics: term(analytics),
  }));
  const { raw: ofRaw = [], quarantine: ofQuarantine = [] } = world.destroyed ?? {};
  const closed = { closedRawDays: ofRaw.map(epochDays), closedQuarantineDays: epochDays(ofQuarantine) };
  const policy: IntakePolicy = {
    bounds: eventBounds(Date.parse(world.now ?? now), classes, closed),
    quarantineTerm: term(world.quarantineTerm ?? "90d"),
    rawTerms: classes.map(({ raw }) => raw),
    classOf: (domain) => (domain === "short.example.org" ? 1 : 0),
  };
  const builder = createBatchBuilder({ rows: 1000, bytes: 1e9 }, 256 * 1024, policy.classOf);
  const range = openRange(
    builder,
    { id: "5".repeat(32), head: "a", pieces: [] },
    { name: "access.log", format: "f" },
    0,
  );
  const source = {
    format: world.format ?? presets.combined,
    domain: "domain" in world ? world.domain : "shop.example.org",
    isDomainGiven: world.isDomainGiven ?? false,
    modifiedMs: Date.parse(world.modified ?? now),
  };
  const intake = createLineIntake(builder, range, source, policy);
  const splitter = createLineSplitter(0, world.lineBytesMax ?? 1024 * 1024);
  feedLines(splitter, Buffer.from(text), intake);
  finishLines(splitter, intake);
  range.to = splitter.offset;
  range.pieces.push([splitter.offset, ""]);
  const filled = takeBatch(builder);
  const taken = filled?.manifestSources[0];
  if (filled === undefined || taken === undefined) throw new Error("nothing was read");
  const { timeMs, quarantine } = filled.packed;
  return {
    intake,
    filled,
    source: taken,
    days: Array.from(timeMs, dayOfMs),
    quarantine: Array.from({ length: quarantine.rows }, (_, row) => ({
      reason: reasons[quarantine.reason[row] ?? 0] ?? "",
      estimated: dayOfEpochDay(quarantine.estimatedDay[row] ?? Number.NaN),
      partition: dayOfEpochDay(quarantine.partitionDay[row] ?? Number.NaN),
      line: Buffer.from(
        quarantine.line.bytes.subarray(quarantine.line.offsets[row], quarantine.line.offsets[row + 1]),
      ).toString(),
    })),
  };
}

function epochDays(days: readonly string[]): ReadonlySet<number> {
  return new Set(days.map((text) => Date.parse(text) / MS_PER_DAY));
}

export function lineAt(instant: string): string {
  return combinedLine({ ms: Date.parse(instant) });
}

/** A combined line whose time is written as it stands. */
export function lineWith(time: string): string {
  return `192.0.2.1 - - [${time}] "GET / HTTP/1.1" 200 5 "-" "-"`;
}

import { Presets, SingleBar } from "cli-progress";
import type { IngestProgress } from "./ingest-run.ts";

export interface ProgressBar {
  update(progress: IngestProgress): void;
  stop(): void;
}

/** A bar on a terminal; nothing where nobody looks. */
export function createProgressBar(stream: NodeJS.WritableStream, totalBytes: number): ProgressBar {
  if (!("isTTY" in stream) || stream.isTTY !== true || totalBytes === 0) {
    return { update: () => undefined, stop: () => undefined };
  }
  const bar = new SingleBar(
    {
      stream,
      format: "{bar} {percentage}% | {lines} lines | {duration_formatted} | {eta_formatted} left",
      hideCursor: true,
      clearOnComplete: true,
      // The last state is cleared, so that the account below stands alone.
      stopOnComplete: false,
      fps: 5,
    },
    Presets.shades_classic,
  );
  bar.start(totalBytes, 0, { lines: "0" });
  return {
    update: ({ fileBytes, lines }) =>
      bar.update(Math.min(fileBytes, totalBytes), { lines: lines.toLocaleString("en-US") }),
    stop: () => bar.stop(),
  };
}

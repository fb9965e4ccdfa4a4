import type { ChunkSpan } from "./sealed-run.ts";

/** A gap of so many chunks is read along: that takes less time than a request of its own. */
const GAP_CHUNKS_MAX = 4;

/**
 * The spans to read so that each chunk of `spans` is in one of them, ascending; without those of which `isHeld` says
 * that they are there already. None is longer than `chunksMax`.
 */
export function planRuns(
  spans: readonly ChunkSpan[],
  isHeld: (chunk: number) => boolean,
  chunksMax: number,
): readonly ChunkSpan[] {
  const chunks = [...new Set(spans.flatMap(chunksOf))]
    .filter((chunk) => !isHeld(chunk))
    .sort((a, b) => a - b);
  const runs: ChunkSpan[] = [];
  for (const chunk of chunks) {
    const run = runs.at(-1);
    const isNear =
      run !== undefined && chunk - run.last - 1 <= GAP_CHUNKS_MAX && chunk - run.first < chunksMax;
    if (isNear) runs[runs.length - 1] = { first: run.first, last: chunk };
    else runs.push({ first: chunk, last: chunk });
  }
  return runs;
}

function chunksOf({ first, last }: ChunkSpan): readonly number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

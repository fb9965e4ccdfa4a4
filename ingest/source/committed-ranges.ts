import type { Manifest } from "../../src/ledger/manifest.ts";
import type { Range } from "./match-stream.ts";

/** Which bytes of each stream are committed, by stream id. */
export type CommittedRanges = Map<string, Range[]>;

/** Adds what a batch took. Neighbours become one range, so that a stream read in order costs one. */
export function addCommitted(committed: CommittedRanges, { sources }: Pick<Manifest, "sources">): void {
  for (const { stream, from, to } of sources) {
    const ranges = committed.get(stream) ?? [];
    const last = ranges.at(-1);
    if (last?.to === from) ranges[ranges.length - 1] = { from: last.from, to };
    else ranges.push({ from, to });
    committed.set(stream, ranges);
  }
}

/** True when a batch took bytes that are committed already. */
export function overlapsCommitted(
  committed: CommittedRanges,
  { sources }: Pick<Manifest, "sources">,
): boolean {
  return sources.some(({ stream, from, to }) =>
    (committed.get(stream) ?? []).some((range) => range.from < to && from < range.to),
  );
}

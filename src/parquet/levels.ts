import { type ByteSink, putUint32 } from "./byte-sink.ts";
import { putRunLength } from "./run-length.ts";

/** Which rows have a value. A column that cannot be null has no levels in its pages. */
export interface Levels {
  readonly isNullable: boolean;
  /** 1 for a row that has a value. */
  readonly isPresent: Uint8Array;
}

/** Puts the definition levels of the rows from `start` up to `end`, as a data page of version 1 begins. */
export function putLevels(
  sink: ByteSink,
  { isNullable, isPresent }: Levels,
  start = 0,
  end = isPresent.length,
): void {
  if (!isNullable) return;
  const lengthAt = sink.length;
  putUint32(sink, 0);
  putRunLength(sink, isPresent, 1, start, end);
  const levelsEnd = sink.length;
  sink.length = lengthAt;
  putUint32(sink, levelsEnd - lengthAt - 4);
  sink.length = levelsEnd;
}

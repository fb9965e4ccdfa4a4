import { bytesOfSink, createByteSink, putByte } from "./byte-sink.ts";
import { encoding, type Page } from "./encoded-column.ts";
import { type Levels, putLevels } from "./levels.ts";
import { putRunLength, widthOf } from "./run-length.ts";

/** The pages of a column that is written as a dictionary of `count` entries, plainly encoded, and an index for each value. */
export function dictionaryPages(
  dictionary: Uint8Array,
  count: number,
  indexes: Uint32Array,
  levels: Levels,
): readonly Page[] {
  const width = widthOf(count - 1);
  const body = createByteSink(64 + Math.ceil((indexes.length * width) / 8));
  putLevels(body, levels);
  putByte(body, width);
  putRunLength(body, indexes, width);
  return [
    { kind: "dictionary", count, encoding: encoding.plain, body: dictionary },
    {
      kind: "data",
      count: levels.isPresent.length,
      encoding: encoding.dictionaryIndexes,
      body: bytesOfSink(body),
    },
  ];
}

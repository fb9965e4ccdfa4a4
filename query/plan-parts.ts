import { CREATED_BY } from "../src/parquet/footer.ts";
import { narrowFooter, type ParquetFooter } from "../src/parquet/read-footer.ts";
import type { ByteRange } from "../src/store/object-store.ts";
import { groupCanMatch } from "./group-can-match.ts";
import { neededColumns } from "./needed-columns.ts";
import type { Question } from "./question.ts";

/** Which parts of a Parquet file a question needs. */
export interface PartsPlan {
  /** Of the pages. */
  readonly ranges: readonly ByteRange[];
  /** To be put in the place of the file's own: it names these pages and no others. */
  readonly footer: Uint8Array;
}

/** The row groups that can hold a match, and of them the columns that the question names. */
export function planParts(question: Question, footer: ParquetFooter): PartsPlan {
  const needed = neededColumns(question);
  // Others' bounds may be in other units, or cut short.
  const isOurs = footer.createdBy === CREATED_BY;
  const isKept = footer.groups.map((group) => !isOurs || groupCanMatch(question, footer, group));
  const ranges = footer.groups
    .filter((_, index) => isKept[index] === true)
    .flatMap(({ chunks }) => chunks.filter((_, index) => needed.has(footer.columns[index] ?? "")))
    .map(({ range }) => range);
  return {
    ranges: ranges.filter(({ start, end }) => end > start),
    footer: narrowFooter(
      footer,
      (index) => isKept[index] === true,
      (name) => needed.has(name),
    ),
  };
}

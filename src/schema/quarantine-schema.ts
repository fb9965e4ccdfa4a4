import type { ColumnSchema, TableSchema } from "./table-schema.ts";

const columns = {
  received_at: {
    type: "timestamp",
    isNullable: false,
    about: "When hostlog read the line: one instant for a batch.",
  },
  estimated_day: {
    type: "text",
    isNullable: false,
    about:
      "The UTC day the line is taken to be of: its own time, else the nearest earlier line's, else its file's, else receipt.",
  },
  reason: { type: "text", isNullable: false, about: "Why the line is here: a word from `src/reason.ts`." },
  line: {
    type: "text",
    isNullable: false,
    about: "The line's bytes; of a line over the limit its first 64 KiB.",
  },
  line_bytes: {
    type: "int64",
    isNullable: false,
    about: "The line's length in bytes, its newline not counted.",
  },
  line_sha256: {
    type: "text",
    isNullable: true,
    about: "SHA-256 of the whole line, where only its head is stored.",
  },
  node: { type: "text", isNullable: false, about: "The hosting node that wrote the line." },
  source: { type: "text", isNullable: false, about: "The stream the line stands in: 32 hex digits." },
  source_offset: {
    type: "int64",
    isNullable: false,
    about: "Where the line begins in its stream, in decompressed bytes.",
  },
} as const satisfies Readonly<Record<string, ColumnSchema>>;

export type QuarantineColumnName = keyof typeof columns;

/** Lines that nobody could read, whole, so that they can be read once the format is known. */
export const quarantineSchema = {
  table: "quarantine",
  version: 1,
  columns,
} as const satisfies TableSchema<QuarantineColumnName>;

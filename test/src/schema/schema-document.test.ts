import { expect, it } from "vitest";
import { analyticsSchema } from "../../../src/schema/analytics-schema.ts";
import { quarantineSchema } from "../../../src/schema/quarantine-schema.ts";
import { rawSchema } from "../../../src/schema/raw-schema.ts";
import type { ColumnType, TableSchema } from "../../../src/schema/table-schema.ts";

const parquetTypes: Readonly<Record<ColumnType, string>> = {
  timestamp: "INT64, TIMESTAMP(MILLIS, UTC)",
  text: "BYTE_ARRAY, STRING",
  address: "FIXED_LEN_BYTE_ARRAY(16)",
  int16: "INT32, INT(16, signed)",
  int32: "INT32",
  int64: "INT64",
  double: "DOUBLE",
  boolean: "BOOLEAN",
};

function describeTable({ table, version, columns }: TableSchema): string {
  const rows = Object.entries(columns).map(
    ([name, { type, isNullable, about }]) =>
      `| \`${name}\` | ${parquetTypes[type]} | ${isNullable ? "yes" : "no"} | ${about.replaceAll("|", "\\|")} |`,
  );
  return [
    `## ${table}, version ${version}`,
    "",
    "| column | Parquet type | may be null | what it is |",
    "| --- | --- | --- | --- |",
    ...rows,
    "",
  ].join("\n");
}

it("docs/schema.md says what the schemas say: `npm run golden` rewrites it", async () => {
  const text = [
    "# Columns",
    "",
    "One object holds one view, one UTC day and one retention class. Text is valid UTF-8: a byte that is not, a control byte",
    "and the backslash are written `\\xHH`. Each object carries `hostlog.table` and `hostlog.schema_version` in its metadata.",
    "",
    ...[rawSchema, analyticsSchema, quarantineSchema].map(describeTable),
  ].join("\n");
  await expect(text).toMatchFileSnapshot("../../../docs/schema.md");
});

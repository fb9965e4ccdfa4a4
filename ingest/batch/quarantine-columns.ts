import { type BytesColumn, createByteList } from "../../src/columns/column.ts";
import { dayOfEpochDay } from "../../src/day.ts";
import { reasons } from "../../src/reason.ts";
import type { QuarantineColumns } from "../../src/schema/table-columns.ts";
import { appendText, escapeRule } from "../../src/text.ts";
import type { PackedBatch } from "./line-batch.ts";
import { type BatchOrigin, namesColumn } from "./raw-columns.ts";

/** The quarantine table of a batch: each line's own bytes, and why nobody could read them. */
export function quarantineColumns({ quarantine }: PackedBatch, origin: BatchOrigin): QuarantineColumns {
  const { rows } = quarantine;
  return {
    received_at: { kind: "number", values: new Float64Array(rows).fill(origin.receivedAtMs) },
    estimated_day: dayColumn(quarantine.estimatedDay),
    reason: namesColumn(Uint32Array.from(quarantine.reason), reasons),
    line: lineColumn(quarantine.line.bytes, quarantine.line.offsets, rows),
    line_bytes: { kind: "number", values: quarantine.lineBytes },
    line_sha256: hashColumn(quarantine.sha256, rows),
    node: namesColumn(new Uint32Array(rows), [origin.node]),
    source: namesColumn(quarantine.source, origin.sources),
    source_offset: { kind: "number", values: quarantine.sourceOffset },
  };
}

function dayColumn(epochDays: Int32Array): BytesColumn {
  const distinct = [...new Set(epochDays)];
  const indexOf = new Map(distinct.map((epochDay, index) => [epochDay, index]));
  const indexes = Uint32Array.from(epochDays, (epochDay) => indexOf.get(epochDay) ?? 0);
  return namesColumn(indexes, distinct.map(dayOfEpochDay));
}

/** Nothing was understood of these lines, so nothing is undone: they are stored as they stood in the file. */
function lineColumn(bytes: Uint8Array, offsets: Uint32Array, rows: number): BytesColumn {
  const values = createByteList(bytes.length + 64, rows + 1);
  for (let row = 0; row < rows; row++) {
    appendText(values, bytes, offsets[row] as number, offsets[row + 1] as number, escapeRule.none);
  }
  return { kind: "bytes", codes: Uint32Array.from({ length: rows }, (_, row) => row + 1), values };
}

function hashColumn(sha256: ReadonlyMap<number, string>, rows: number): BytesColumn {
  const indexes = new Uint32Array(rows);
  const hashes = [...sha256.entries()];
  const { values } = namesColumn(
    new Uint32Array(0),
    hashes.map(([, hash]) => hash),
  );
  for (const [index, [row]] of hashes.entries()) indexes[row] = index + 1;
  return { kind: "bytes", codes: indexes, values };
}

import { createHmac } from "node:crypto";
import { type Anonymizer } from "../../anonymize/anonymizer.ts";
import { createAnalyticsOrder } from "../../anonymize/order-analytics.ts";
import type { PackedBatch } from "../../ingest/batch/line-batch.ts";
import { createRawOrder } from "../../ingest/batch/order-raw.ts";
import { quarantineColumns } from "../../ingest/batch/quarantine-columns.ts";
import { type BatchOrigin, rawColumns } from "../../ingest/batch/raw-columns.ts";
import { dayOfEpochDay, MS_PER_DAY } from "../day.ts";
import { QUARANTINE_CLASS } from "../keyring/plan-keys.ts";
import { md5Hex } from "../md5.ts";
import { encodeParquet } from "../parquet/encode-parquet.ts";
import { formatKey } from "../partition.ts";
import type { RecipientBook } from "../recipients/recipient-book.ts";
import { analyticsSchema } from "../schema/analytics-schema.ts";
import { quarantineSchema } from "../schema/quarantine-schema.ts";
import { rawSchema } from "../schema/raw-schema.ts";
import type { TableColumns } from "../schema/table-columns.ts";
import type { TableSchema } from "../schema/table-schema.ts";
import { dayKeyNameOf, type SealedView } from "../seal/day-key-name.ts";
import { sealBytes } from "../seal/seal-bytes.ts";
import { sha256Hex } from "../sha256.ts";
import { version } from "../version.ts";
import type { View } from "../view.ts";

/** A batch on its way from the reader's thread to the encoder's. */
export interface EncodeRequest {
  readonly batch: string;
  readonly packed: PackedBatch;
  readonly origin: BatchOrigin;
  /** Class index of each domain. */
  readonly classes: Uint8Array;
}

/** What holds for every batch of a run. */
export interface EncodeSettings {
  readonly classNames: readonly string[];
  /** Epoch days by class index: older rows have no place in the view any more. */
  readonly oldestRawDay: Int32Array;
  readonly oldestAnalyticsDay: Int32Array;
  /** Makes the names of analytics objects: who cannot read it cannot tell which raw object they belong to. */
  readonly nameSecret: Uint8Array;
  /** For whom raw and quarantine are sealed; undefined for a store that is not sealed. */
  readonly recipients: RecipientBook | undefined;
}

export interface EncodedObject {
  readonly view: View;
  readonly key: string;
  readonly rows: number;
  readonly sha256: string;
  readonly md5: string | undefined;
  readonly bytes: Uint8Array;
}

/**
 * The objects of a batch: for each day and class one of each view, as they will lie in the store. Throws when there
 * is no recipient for one of them: who cuts batches makes sure of that before.
 */
export function encodeBatch(
  request: EncodeRequest,
  settings: EncodeSettings,
  anonymizer: Anonymizer,
): readonly EncodedObject[] {
  const { packed, origin, classes, batch } = request;
  const objects: EncodedObject[] = [];
  if (packed.rows > 0) {
    const raw = rawColumns(packed, origin);
    const orderRaw = createRawOrder(raw);
    const analytics = anonymizer.anonymize(raw, packed.rows);
    const orderAnalytics = createAnalyticsOrder(analytics);
    for (const { epochDay, classIndex, rows } of groupByDayAndClass(packed, classes)) {
      const retentionClass = settings.classNames[classIndex] as string;
      const name = { day: dayOfEpochDay(epochDay), node: origin.node, retentionClass };
      if (epochDay >= (settings.oldestRawDay[classIndex] as number)) {
        const key = formatKey({ ...name, batch, isSealed: settings.recipients !== undefined });
        const bytes = encodeTable(rawSchema, raw, orderRaw(rows), batch);
        objects.push(sealed({ view: "raw", key, rows: rows.length, bytes }, settings.recipients));
      }
      if (epochDay >= (settings.oldestAnalyticsDay[classIndex] as number)) {
        const alias = aliasOf(batch, name.day, retentionClass, settings.nameSecret);
        const key = formatKey({ ...name, batch: alias, isSealed: false });
        const bytes = encodeTable(analyticsSchema, analytics, orderAnalytics(rows));
        objects.push(hashed({ view: "analytics", key, rows: rows.length, bytes }));
      }
    }
  }
  return [...objects, ...encodeQuarantine(request, settings)];
}

function encodeQuarantine(
  { packed, origin, batch }: EncodeRequest,
  { recipients }: EncodeSettings,
): readonly EncodedObject[] {
  const { rows, partitionDay } = packed.quarantine;
  if (rows === 0) return [];
  const columns = quarantineColumns(packed, origin);
  return groupBy(rows, (row) => partitionDay[row] as number).map(([epochDay, selected]) => {
    const name = {
      day: dayOfEpochDay(epochDay),
      node: origin.node,
      retentionClass: QUARANTINE_CLASS,
      isSealed: recipients !== undefined,
    };
    const key = formatKey({ ...name, batch });
    const bytes = encodeTable(quarantineSchema, columns, selected, batch);
    return sealed({ view: "quarantine", key, rows: selected.length, bytes }, recipients);
  });
}

interface PlainObject {
  readonly view: SealedView;
  readonly key: string;
  readonly rows: number;
  readonly bytes: Uint8Array;
}

/** What is recorded is what lies in the store: size and hash are those of the sealed bytes. */
function sealed(plain: PlainObject, recipients: RecipientBook | undefined): EncodedObject {
  const { view, key, rows } = plain;
  const bytes =
    recipients === undefined ? plain.bytes : sealBytes(plain.bytes, [recipientFor(view, key, recipients)]);
  return hashed({ view, key, rows, bytes });
}

function hashed(object: Omit<EncodedObject, "sha256" | "md5">): EncodedObject {
  return { ...object, sha256: sha256Hex(object.bytes), md5: md5Hex(object.bytes) };
}

function recipientFor(view: SealedView, key: string, recipients: RecipientBook): Uint8Array {
  const name = dayKeyNameOf(view, key);
  const answer = name === undefined ? undefined : recipients.recipientOf(name);
  if (answer?.kind === "open") return answer.recipient;
  throw new Error(`there is no recipient for ${view}/${key}, whose rows were taken all the same`);
}

function encodeTable<Schema extends TableSchema>(
  schema: Schema,
  columns: TableColumns<Schema>,
  rows: Uint32Array,
  batch?: string,
): Uint8Array {
  const metadata = {
    "hostlog.program": `hostlog ${version}`,
    ...(batch === undefined ? {} : { "hostlog.batch": batch }),
  };
  return encodeParquet({ schema, columns, rows, metadata });
}

interface RowGroup {
  readonly epochDay: number;
  readonly classIndex: number;
  readonly rows: Uint32Array;
}

/** At most 8 classes are allowed; the factor leaves room without ever joining two days. */
const CLASSES = 256;

function groupByDayAndClass({ rows, timeMs, domain }: PackedBatch, classes: Uint8Array): readonly RowGroup[] {
  const groupOf = (row: number): number =>
    Math.floor((timeMs[row] as number) / MS_PER_DAY) * CLASSES + (classes[domain[row] as number] as number);
  return groupBy(rows, groupOf).map(([group, selected]) => ({
    epochDay: Math.floor(group / CLASSES),
    classIndex: group - Math.floor(group / CLASSES) * CLASSES,
    rows: selected,
  }));
}

/** Rows by group, groups in ascending order, rows in their own. */
function groupBy(count: number, groupOf: (row: number) => number): readonly [number, Uint32Array][] {
  const sizes = new Map<number, number>();
  for (let row = 0; row < count; row++) {
    const group = groupOf(row);
    sizes.set(group, (sizes.get(group) ?? 0) + 1);
  }
  const groups = new Map(
    [...sizes].map(([group, size]) => [group, { rows: new Uint32Array(size), filled: 0 }]),
  );
  for (let row = 0; row < count; row++) {
    const group = groups.get(groupOf(row));
    if (group !== undefined) group.rows[group.filled++] = row;
  }
  return [...groups].sort(([a], [b]) => a - b).map(([group, { rows }]) => [group, rows]);
}

function aliasOf(batch: string, day: string, retentionClass: string, secret: Uint8Array): string {
  return createHmac("sha256", secret).update(`${batch} ${day} ${retentionClass}`).digest("hex").slice(0, 32);
}

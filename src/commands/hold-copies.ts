import type { DayObject } from "../../query/batches.ts";
import { type CopiedRows, type CopyPlace, type CopyWish, copyRows } from "../../query/io/copy-rows.ts";
import type { Day } from "../day.ts";
import { UserError } from "../errors.ts";
import { exitCode } from "../exit-code.ts";
import { type Hold, holdClassOf } from "../holds/hold-state.ts";
import { batchOfInputs } from "../holds/plan-copies.ts";
import type { Attachment, RecordedObject } from "../ledger/recorded-object.ts";
import { md5Hex } from "../md5.ts";
import { formatKey, HOLD_NODE } from "../partition.ts";
import { sealBytes } from "../seal/seal-bytes.ts";
import { sha256Hex } from "../sha256.ts";
import type { ObjectStore } from "../store/object-store.ts";
import type { HoldKeys } from "./hold-keys.ts";

/** Where copies for a hold lie, and what they are read with. */
export interface CopiesPlace {
  readonly hold: Hold;
  /** Undefined for a store that is not sealed. */
  readonly keys: HoldKeys | undefined;
  readonly raw: ObjectStore;
  readonly copyPlace: CopyPlace;
}

/**
 * Puts a copy where its day and the list of its inputs say, sealed for the hold. One that lies there already must hold the
 * same rows. Returns it as it lies there; undefined when there is no row to keep. The rows are overwritten in memory.
 */
export async function putCopy(
  place: CopiesPlace,
  day: Day,
  inputs: Attachment,
  { parquet, rows }: Pick<CopiedRows, "parquet" | "rows">,
): Promise<RecordedObject | undefined> {
  if (parquet === undefined) return undefined;
  const { hold, keys, raw } = place;
  const recipient = await keys?.recipientOf(hold, day);
  const key = formatKey({
    day,
    node: HOLD_NODE,
    retentionClass: holdClassOf(hold),
    batch: batchOfInputs(inputs),
    isSealed: recipient !== undefined,
  });
  const bytes = recipient === undefined ? parquet : sealBytes(parquet, [recipient]);
  try {
    if ((await raw.create(key, bytes)) === "created") return recordedObject(key, rows, bytes);
    return await compareCopy(place, { key, day }, parquet);
  } finally {
    parquet.fill(0);
  }
}

/**
 * The copy that a process made that was stopped before it could record it. As long as all is there of which it was made
 * (`inputs`, else undefined), it must hold just the rows that are to be kept.
 */
export async function readStoppedCopy(
  place: CopiesPlace,
  copy: DayObject,
  inputs: Pick<CopyWish, "objects" | "domains" | "networks"> | undefined,
): Promise<RecordedObject> {
  const wish = inputs && { ...inputs, day: copy.day, fileRows: Number.POSITIVE_INFINITY };
  for await (const found of wish === undefined ? [] : copyRows(wish, place.copyPlace)) {
    const isWhole = found.lookedThrough.length === wish?.objects.length;
    if (isWhole) return compareCopy(place, copy, found.parquet ?? Buffer.of());
    found.parquet?.fill(0);
  }
  return compareCopy(place, copy);
}

/** What lies there, read and written anew: the same rows give the same bytes, whichever version wrote it. */
async function compareCopy(
  { raw, copyPlace }: CopiesPlace,
  { key, day }: Pick<DayObject, "key" | "day">,
  expected?: Uint8Array,
): Promise<RecordedObject> {
  const bytes = await raw.read(key);
  const object = { key, day, sizeBytes: bytes.length };
  const wish = { day, objects: [object], domains: [], networks: [], fileRows: Number.POSITIVE_INFINITY };
  for await (const { parquet, rows, lookedThrough } of copyRows(wish, copyPlace)) {
    const isSame = expected === undefined || Buffer.compare(parquet ?? Buffer.of(), expected) === 0;
    parquet?.fill(0);
    if (lookedThrough.length === 1 && isSame) return recordedObject(key, rows, bytes);
  }
  throw new UserError(
    `${key} in ${raw.url} lies where a hold's copy belongs, and does not hold its rows: find out who wrote it, and remove it`,
    exitCode.integrity,
  );
}

function recordedObject(key: string, rows: number, bytes: Uint8Array): RecordedObject {
  const md5 = md5Hex(bytes);
  const object = { view: "raw", key, rows, sizeBytes: bytes.length, sha256: sha256Hex(bytes) } as const;
  return md5 === undefined ? object : { ...object, md5 };
}

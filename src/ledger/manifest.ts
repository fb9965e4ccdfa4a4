import { promisify } from "node:util";
import { gunzip, gunzipSync, gzip } from "node:zlib";
import { sha256Hex } from "../sha256.ts";
import type { RecordedObject } from "./record.ts";

/**
 * Which bytes of which streams a batch took, and what became of each line. It is stored beside the chain,
 * compressed, and named by its hash in the batch's record. It is there before any object of the batch, and says
 * which objects these will be: of several imports that cut the same batch, the one whose manifest is there goes
 * on.
 */
export interface Manifest {
  readonly version: 1;
  readonly node: string;
  readonly batch: string;
  /** See {@link objectsHash}. Manifests of earlier releases have none. */
  readonly objects?: string;
  readonly sources: readonly ManifestSource[];
}

/** One contiguous range of one stream, in decompressed bytes. */
export interface ManifestSource {
  readonly stream: string;
  /** What finds the stream again: see `headFingerprint`. */
  readonly head: string;
  /** The file's name when it was read, for people. */
  readonly name: string;
  readonly format: string;
  readonly from: number;
  readonly to: number;
  /**
   * Consecutive pieces that fill the range: where each ends, and its keyed hash (see `createPieceHash`). Pieces let a shorter or longer
   * copy of the same log be recognised.
   */
  readonly pieces: readonly (readonly [to: number, sha256: string])[];
  readonly lines: number;
  readonly stored: number;
  /** Runs of lines in quarantine: from, to, reason, lines. */
  readonly quarantined: readonly (readonly [from: number, to: number, reason: string, lines: number])[];
  /** Runs of lines past their term: from, to, lines. */
  readonly refused: readonly (readonly [from: number, to: number, lines: number])[];
  /** True when the last line had no newline: the file was taken as finished. */
  readonly endsUnterminated: boolean;
}

const compress = promisify(gzip);
const decompress = promisify(gunzip);

/** A manifest of more than this, decompressed, was not written by us. */
const MANIFEST_BYTES_MAX = 512 * 1024 * 1024;

/** Of so few compressed bytes it takes longer to hand them to another thread than to unpack them. */
const UNPACKED_AT_ONCE_BYTES_MAX = 16 * 1024;

export function manifestKey(node: string, batch: string): string {
  return `manifests/${node}/${batch}.json.gz`;
}

/** The id of a batch: it follows from what the batch took, so that sending it twice is sending it once. */
export function batchId(
  schemaVersion: number,
  node: string,
  ranges: readonly { readonly stream: string; readonly from: number; readonly to: number }[],
): string {
  const sorted = ranges
    .map(({ stream, from, to }) => `${stream} ${from} ${to}`)
    .sort()
    .join("\n");
  return sha256Hex(`hostlog batch\n${schemaVersion}\n${node}\n${sorted}\n`).slice(0, 32);
}

/**
 * SHA-256 of what a record says of its batch's objects: a JSON array, without spaces and in the record's order,
 * with `[view, key, rows, sizeBytes, sha256]` for each.
 */
export function objectsHash(objects: readonly RecordedObject[]): string {
  return sha256Hex(
    JSON.stringify(
      objects.map(({ view, key, rows, sizeBytes, sha256 }) => [view, key, rows, sizeBytes, sha256]),
    ),
  );
}

export async function encodeManifest(manifest: Manifest): Promise<Uint8Array> {
  return await compress(JSON.stringify(manifest), { level: 6 });
}

/** Throws when the bytes are no manifest. */
export async function decodeManifest(bytes: Uint8Array): Promise<Manifest> {
  const limit = { maxOutputLength: MANIFEST_BYTES_MAX };
  const isSmall = bytes.length <= UNPACKED_AT_ONCE_BYTES_MAX;
  const text = isSmall ? gunzipSync(bytes, limit) : await decompress(bytes, limit);
  const manifest: unknown = JSON.parse(text.toString("utf8"));
  const isManifest =
    typeof manifest === "object" && manifest !== null && "version" in manifest && manifest.version === 1;
  if (!isManifest) throw new Error("no manifest of version 1");
  return manifest as Manifest;
}

import { z } from "zod";
import type { KeyExport } from "./key-export.ts";
import type { KeyEntry } from "./keyring.ts";
import { KEYRING_VERSION, readChecked } from "./read-checked.ts";
import { instantText } from "./text-patterns.ts";

export const exportSchema = z.strictObject({
  number: z.int().positive(),
  at: instantText,
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  keys: z.int().nonnegative(),
  newest_key_at: z.union([instantText, z.null()]),
  gone: z.union([z.strictObject({ at: instantText, reason: z.string() }), z.null()]),
});

const schema = z.strictObject({
  version: z.literal(KEYRING_VERSION),
  exports: z.array(exportSchema),
});

/** `exports.json`, in the order of their numbers. */
export function formatExports(exports: readonly KeyExport[]): Uint8Array {
  const fields: z.infer<typeof schema> = { version: KEYRING_VERSION, exports: exports.map(exportFields) };
  return Buffer.from(`${JSON.stringify(fields, null, 2)}\n`);
}

/** Throws UserError that names `path`. */
export function parseExports(bytes: Uint8Array, path: string): readonly KeyExport[] {
  return readChecked(bytes, schema, path).exports.map(exportOf);
}

export function exportFields(entry: KeyExport): z.infer<typeof exportSchema> {
  const { number, at, sha256, keys, newestKeyAt, gone } = entry;
  return { number, at, sha256, keys, newest_key_at: newestKeyAt ?? null, gone: gone ?? null };
}

export function exportOf(fields: z.infer<typeof exportSchema>): KeyExport {
  const { number, at, sha256, keys, newest_key_at, gone } = fields;
  return { number, at, sha256, keys, newestKeyAt: newest_key_at ?? undefined, gone: gone ?? undefined };
}

/**
 * The exports that hold one of these keys and are not confirmed gone, by number. A kept key is in every export
 * that holds a key as young as itself: so a clock that was set back hides none. A destroyed one remembers its own.
 */
export function exportsHolding(
  exports: readonly KeyExport[],
  keys: readonly Pick<KeyEntry, "createdAt" | "destroyedAt" | "exportedIn">[],
): readonly number[] {
  const holds = ({ number, newestKeyAt }: KeyExport): boolean =>
    keys.some((key) =>
      key.destroyedAt === undefined
        ? newestKeyAt !== undefined && Date.parse(key.createdAt) <= Date.parse(newestKeyAt)
        : key.exportedIn?.includes(number) === true,
    );
  return exports.filter((one) => one.gone === undefined && holds(one)).map(({ number }) => number);
}

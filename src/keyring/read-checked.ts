import type { z } from "zod";
import { UserError } from "../errors.ts";
import { exitCode } from "../exit-code.ts";

/** The version of every file of a keyring, and of exports. */
export const KEYRING_VERSION = 1;

/**
 * What a file of a keyring holds. Throws UserError, which names the file, for one of a newer version and for one
 * that is damaged; never with what stands in it.
 */
export function readChecked<Shape>(bytes: Uint8Array, schema: z.ZodType<Shape>, path: string): Shape {
  const value = readJson(bytes);
  if (isNewer(value)) {
    throw new UserError(
      `${path} was made by a newer version of hostlog; use that version or a later one`,
      exitCode.config,
    );
  }
  const read = schema.safeParse(value);
  if (read.success) return read.data;
  throw damaged(path, "it is not as this program writes it");
}

/** Of a file of the keyring that cannot be used as it is. */
export function damaged(path: string, how: string, options?: ErrorOptions): UserError {
  return new UserError(
    `${path} is damaged: ${how}; put back a copy, or restore the keyring from an export ("hostlog keys restore")`,
    exitCode.integrity,
    options,
  );
}

function readJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
}

function isNewer(value: unknown): boolean {
  if (typeof value !== "object" || value === null || !("version" in value)) return false;
  return typeof value.version === "number" && value.version > KEYRING_VERSION;
}

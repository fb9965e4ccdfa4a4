import type { CompiledFormat } from "./compile-walk.ts";

/** Says for each part of a format, one line each, what becomes of it: `$remote_addr: client`. */
export function describeFormat({ parts }: CompiledFormat): readonly string[] {
  return parts.map(
    ({ source, becomes }) => `${source}: ${becomes.length === 0 ? "not kept" : becomes.join(", ")}`,
  );
}

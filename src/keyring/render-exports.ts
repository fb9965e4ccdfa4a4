import type { KeyExport } from "./key-export.ts";
import type { KeyEntry } from "./keyring.ts";
import { renderTable } from "./render-table.ts";

/** Exports for a terminal, with how many keys that were destroyed here each still holds. */
export function renderExportsTable(exports: readonly KeyExport[], entries: readonly KeyEntry[]): string {
  if (exports.length === 0) return "no export was ever made\n";
  const rows = exports.map((one) => [
    String(one.number),
    one.at,
    one.keys.toLocaleString("en-US"),
    destroyedIn(one, entries).toLocaleString("en-US"),
    one.sha256.slice(0, 16),
    one.gone === undefined ? "outstanding" : `gone since ${one.gone.at}: ${one.gone.reason}`,
  ]);
  const table = renderTable(
    [["EXPORT", "AT", "KEYS", "DESTROYED HERE", "SHA256", "STATE"], ...rows],
    [0, 2, 3],
  );
  return `${table.join("\n")}\n`;
}

/** Exports for programs, on one line. */
export function renderExportsJson(exports: readonly KeyExport[], entries: readonly KeyEntry[]): string {
  const fields = exports.map((one) => ({
    number: one.number,
    at: one.at,
    keys: one.keys,
    destroyed_here: destroyedIn(one, entries),
    sha256: one.sha256,
    gone: one.gone ?? null,
  }));
  return `${JSON.stringify({ kind: "exports", exports: fields })}\n`;
}

function destroyedIn({ number }: KeyExport, entries: readonly KeyEntry[]): number {
  return entries.filter(
    ({ destroyedAt, exportedIn }) => destroyedAt !== undefined && exportedIn?.includes(number) === true,
  ).length;
}

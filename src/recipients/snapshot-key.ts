/** Below the root of what is published. */
export const SNAPSHOT_PREFIX = "recipients/";

export function snapshotKey(generation: number): string {
  return `${SNAPSHOT_PREFIX}${String(generation).padStart(12, "0")}.json`;
}

/** Undefined for what is no snapshot's name. */
export function generationOf(key: string): number | undefined {
  const digits = /^recipients\/(\d{12})\.json$/.exec(key)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** The folder below a root for what the probe writes. `parseKey` takes nothing in it for an object of ours. */
export const PROBE_FOLDER = "probe/";

/** A probe that began longer ago has died: it takes seconds. */
const ABANDONED_AFTER_MS = 3_600_000;

const pattern = /^probe\/(\d{1,15})-[0-9a-f]{1,32}\//;

/** The folder of one run of the probe, `probe/MS-RANDOM`: when it began, and what tells it from others. */
export function probeRun(nowMs: number, random: string): string {
  return `${PROBE_FOLDER}${Math.floor(nowMs)}-${random}`;
}

/** True for an object of a run that cannot still be going on. */
export function isAbandoned(key: string, nowMs: number): boolean {
  const [, beganMs] = pattern.exec(key) ?? [];
  return beganMs !== undefined && nowMs - Number(beganMs) > ABANDONED_AFTER_MS;
}

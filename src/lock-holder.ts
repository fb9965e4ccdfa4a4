/** A process as seen from one machine or container: where its number means something, and when it began. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Field 22 of /proc/PID/stat, which no two processes with one number share; null without /proc. */
  readonly startTicks: string | null;
  /** Changes with every boot; null without /proc. */
  readonly bootId: string | null;
  /** Inside it `pid` has its meaning; null without /proc. */
  readonly pidNamespace: string | null;
  readonly hostName: string;
}

export interface LockHolder extends ProcessIdentity {
  /** Of this one acquisition. */
  readonly token: string;
  /** What is being done, for people. */
  readonly purpose: string;
}

/** What can be found out about the number of a lock's holder. */
export interface SeenProcess {
  /** Of the process that has the number now; undefined when none is seen, or it is a zombie. */
  readonly startTicks: string | undefined;
  /** True when the number is in use at all, seen or hidden (the `hidepid` option of /proc). */
  readonly isInUse: boolean;
}

/**
 * A holder touches its file every few seconds. One in another container or on another machine that has not
 * for this long is dead: long enough for a process that is busy, short enough for a restart.
 */
export const SILENT_MS_MAX = 60_000;

/**
 * Whether a lock's holder still lives: `live` on this machine, `elsewhere` when that can be told only by the
 * touches of its file, the last of which is `silentMs` ago.
 */
export function judgeHolder(
  holder: ProcessIdentity,
  observer: ProcessIdentity,
  seen: SeenProcess,
  silentMs: number,
): "live" | "elsewhere" | "dead" {
  const byTouch = silentMs > SILENT_MS_MAX ? "dead" : "elsewhere";
  if (holder.bootId !== observer.bootId) return holder.hostName === observer.hostName ? "dead" : byTouch;
  if (holder.bootId === null && holder.hostName !== observer.hostName) return byTouch;
  if (holder.pidNamespace !== observer.pidNamespace) return byTouch;
  if (seen.startTicks !== undefined && holder.startTicks !== null) {
    return seen.startTicks === holder.startTicks ? "live" : "dead";
  }
  return seen.isInUse ? byTouch : "dead";
}

/** Undefined for what is no holder. */
export function parseHolder(text: string): LockHolder | undefined {
  const fields = objectOf(text);
  const { pid, startTicks, bootId, pidNamespace, hostName, token, purpose } = fields;
  // Zero and negative numbers name groups of processes.
  if (!Number.isSafeInteger(pid) || Number(pid) <= 0 || typeof hostName !== "string") return undefined;
  if (!isText(startTicks) || !isText(bootId) || !isText(pidNamespace)) return undefined;
  if (typeof token !== "string" || typeof purpose !== "string") return undefined;
  return { pid: Number(pid), startTicks, bootId, pidNamespace, hostName, token, purpose };
}

function isText(value: unknown): value is string | null {
  return value === null || typeof value === "string";
}

function objectOf(text: string): Partial<Record<keyof LockHolder, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : {};
  } catch {
    return {};
  }
}

/** State and start of a process from /proc/PID/stat; its second field may hold spaces and parentheses. */
export function parseProcessStat(
  stat: string,
): { readonly state: string; readonly startTicks: string } | undefined {
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [state] = fields;
  // The third field is the first behind the name; the start is the 22nd.
  const startTicks = fields[19];
  return state === undefined || startTicks === undefined ? undefined : { state, startTicks };
}

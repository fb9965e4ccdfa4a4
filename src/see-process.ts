import { readFile, readlink } from "node:fs/promises";
import { hostname } from "node:os";
import { type ProcessIdentity, parseProcessStat, type SeenProcess } from "./lock-holder.ts";

export async function thisProcess(): Promise<ProcessIdentity> {
  const stat = await orUndefined(readFile("/proc/self/stat", "utf8"));
  const bootId = await orUndefined(readFile("/proc/sys/kernel/random/boot_id", "utf8"));
  return {
    pid: process.pid,
    startTicks: (stat === undefined ? undefined : parseProcessStat(stat)?.startTicks) ?? null,
    bootId: bootId?.trim() ?? null,
    pidNamespace: (await orUndefined(readlink("/proc/self/ns/pid"))) ?? null,
    hostName: hostname(),
  };
}

/** What is to be seen here of the process that has this number now. */
export async function seeProcess(pid: number): Promise<SeenProcess> {
  const stat = await orUndefined(readFile(`/proc/${pid}/stat`, "utf8"));
  const parsed = stat === undefined ? undefined : parseProcessStat(stat);
  // A zombie has ended, and only waits for its parent to ask how.
  const isZombie = parsed?.state === "Z" || parsed?.state === "X";
  return {
    startTicks: isZombie ? undefined : parsed?.startTicks,
    isInUse: !isZombie && isInUse(pid),
  };
}

function isInUse(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

/** Without /proc, or where it hides something, there is nothing to see. */
async function orUndefined(reading: Promise<string>): Promise<string | undefined> {
  return reading.catch(() => undefined);
}

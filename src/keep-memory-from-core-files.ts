import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";

/** By its path: what runs at the start of every command is not looked up in anybody's PATH. Part of util-linux. */
const PRLIMIT = "/usr/bin/prlimit";

/**
 * Keeps all of this process's memory out of core files, those that its owner asked for included: a node's memory holds
 * lines, and a custodian's holds keys. Threads are part of the process, and processes started from here on inherit it.
 *
 * Two things are done. The kernel is told to leave all memory out of a core (core(5), "Controlling which mappings are
 * written to the core dump"). What it writes then are the threads' registers, and a register may hold what was copied
 * last, up to 64 bytes of it; so, where cores are wanted at all, there is none: a limit of one byte is too small for a
 * file, and tells the kernel to start no program for it either (core(5), "Piping core dumps to a program").
 *
 * Linux alone has this; elsewhere, and where /proc or prlimit is missing, nothing happens, and `doctor` says so.
 */
export function keepMemoryFromCoreFiles(): void {
  try {
    writeFileSync("/proc/self/coredump_filter", "0");
    if (!mayWriteCores()) return;
    spawnSync(PRLIMIT, ["--pid", String(process.pid), "--core=1:"], { stdio: "ignore" });
  } catch {
    // Nothing is worse than before, and there is nobody to tell yet.
  }
}

/** A limit of 0 is enough where cores are files; a program is given its core in spite of it. */
export function mayWriteCores(): boolean {
  const [, soft] = /^Max core file size +(\S+)/m.exec(readFileSync("/proc/self/limits", "utf8")) ?? [];
  if (soft === "1") return false;
  return soft !== "0" || readFileSync("/proc/sys/kernel/core_pattern", "utf8").startsWith("|");
}

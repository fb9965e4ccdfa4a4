import { rmSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * Runs `use` with a new folder that only this user can enter, and removes it with all it holds, also when the
 * process is told to exit. A SIGKILL leaves it behind.
 */
export async function withScratchDirectory<Result>(
  use: (directory: string) => Promise<Result>,
): Promise<Result> {
  // mkdtemp makes it 0700: what lies in it are visitors' addresses.
  const directory = await mkdtemp(join(tmpdir(), "hostlog-query-"));
  // The second signal ends the process where it stands, and no `finally` runs.
  const removeNow = (): void => rmSync(directory, { recursive: true, force: true });
  process.once("exit", removeNow);
  try {
    return await use(directory);
  } finally {
    process.removeListener("exit", removeNow);
    await rm(directory, { recursive: true, force: true });
  }
}

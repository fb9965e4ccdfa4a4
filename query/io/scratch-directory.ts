import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Runs `use` with a new folder that only this user can enter, and removes it with all it holds, whatever happens. */
export async function withScratchDirectory<Result>(
  use: (directory: string) => Promise<Result>,
): Promise<Result> {
  // mkdtemp makes it 0700: what lies in it are visitors' addresses.
  const directory = await mkdtemp(join(tmpdir(), "hostlog-query-"));
  try {
    return await use(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

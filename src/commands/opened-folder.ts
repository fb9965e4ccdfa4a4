import { statfs } from "node:fs/promises";
import type { OpenedFolder } from "../../query/io/unsealing.ts";
import { UserError } from "../errors.ts";
import { exitCode } from "../exit-code.ts";
import { formatBytes } from "../format-bytes.ts";
import { openMemoryFolder } from "../memory-folder.ts";
import { terminalText } from "../terminal-text.ts";
import type { Context } from "./context.ts";

/**
 * Where a look-up opens sealed objects: in memory where there is room for `neededBytes`; else in `scratchDirectory`,
 * and then it says so. Throws UserError where they do not fit there either.
 */
export async function openOpenedFolder(
  { memoryDirectories, stderr }: Pick<Context, "memoryDirectories" | "stderr">,
  scratchDirectory: string,
  neededBytes: number,
): Promise<OpenedFolder> {
  const memory = await openMemoryFolder(memoryDirectories, "query", neededBytes);
  if (!("unusableBecause" in memory)) return memory;
  const because = memory.unusableBecause;
  const { bavail, bsize } = await statfs(scratchDirectory);
  const roomBytes = bavail * bsize;
  if (roomBytes < neededBytes) {
    throw new UserError(
      `the sealed objects of one day need ${formatBytes(neededBytes)} while they are read: ${because}, ` +
        `and ${scratchDirectory} has room for ${formatBytes(roomBytes)}. Free some, then ask again`,
      exitCode.tryAgain,
    );
  }
  stderr.write(
    terminalText(`sealed objects are opened on disk, in ${scratchDirectory}, because ${because}`).concat(
      "\n",
    ),
  );
  return { path: scratchDirectory, roomBytes, close: async () => undefined };
}

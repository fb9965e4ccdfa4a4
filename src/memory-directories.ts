import { isAbsolute } from "node:path";

/** Where Linux keeps what processes share in memory. Source: man 7 shm_overview. */
const SHARED_MEMORY = "/dev/shm";

/**
 * Folders that are likely to be in memory, in the order to try them: $HOSTLOG_MEMORY alone where it is given; else
 * /dev/shm and $XDG_RUNTIME_DIR. A relative path is ignored, as the XDG Base Directory Specification wants it.
 */
export function memoryDirectoriesOf(
  environment: Readonly<Record<string, string | undefined>>,
): readonly string[] {
  const { HOSTLOG_MEMORY: given = "", XDG_RUNTIME_DIR: runtime = "" } = environment;
  return (given === "" ? [SHARED_MEMORY, runtime] : [given]).filter((path) => isAbsolute(path));
}

import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/** What tsc ends with when it found mistakes in types and wrote the program all the same. */
const WRITTEN_WITH_MISTAKES = 2;

/**
 * Builds the program before the tests, some of which run it as its users do. Only what changed is compiled.
 * Mistakes in types are shown and do not stop the tests: `npm run types` is where they count.
 */
export function setup(): void {
  const root = fileURLToPath(new URL("..", import.meta.url));
  const compiler = fileURLToPath(new URL("../node_modules/typescript/bin/tsc", import.meta.url));
  const { status } = spawnSync(process.execPath, [compiler, "-p", "tsconfig.build.json"], {
    cwd: root,
    stdio: "inherit",
  });
  if (status !== 0 && status !== WRITTEN_WITH_MISTAKES) {
    throw new Error(`the program could not be built: tsc ended with ${status}`);
  }
}

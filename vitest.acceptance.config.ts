import { defineConfig } from "vitest/config";

/** Logs and cases of other programs, which are not part of this repository: HOSTLOG_CORPUS says where they lie. */
export default defineConfig({
  test: {
    include: ["test/acceptance/**/*.acceptance.ts"],
    setupFiles: ["test/setup.ts"],
    globalSetup: ["test/build-program.ts"],
    testTimeout: 300_000,
    pool: "forks",
    maxWorkers: 2,
  },
});

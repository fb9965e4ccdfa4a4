import { defineConfig } from "vitest/config";

/** Drills that take minutes: one at a time, so that what they measure is not each other. */
export default defineConfig({
  test: {
    include: ["test/long/**/*.test.ts"],
    // It needs a server: `npm run test:s3`, with its own config.
    exclude: ["test/long/s3-*.test.ts"],
    setupFiles: ["test/setup.ts"],
    globalSetup: ["test/build-program.ts"],
    testTimeout: 30 * 60_000,
    hookTimeout: 30 * 60_000,
    pool: "forks",
    fileParallelism: false,
  },
});

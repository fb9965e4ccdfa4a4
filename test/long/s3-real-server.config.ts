import { defineConfig } from "vitest/config";

/**
 * Tests on an S3 server that others wrote. They need one, so only this config knows of them; what they must be
 * told is in `test/support/real-s3.ts`. One file at a time: some of them bring the server down.
 */
export default defineConfig({
  test: {
    include: ["test/long/s3-*.test.ts"],
    setupFiles: ["test/setup.ts"],
    globalSetup: ["test/build-program.ts"],
    testTimeout: 180_000,
    hookTimeout: 120_000,
    pool: "forks",
    fileParallelism: false,
  },
});

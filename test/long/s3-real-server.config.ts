import { defineConfig } from "vitest/config";

// A test that needs a server must not be skipped silently, so only this config knows of it.
export default defineConfig({
  test: {
    include: ["test/long/s3-real-server.test.ts"],
    setupFiles: ["test/setup.ts"],
    testTimeout: 120_000,
    hookTimeout: 60_000,
    pool: "forks",
  },
});

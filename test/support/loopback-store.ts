import { afterEach, beforeEach, vi } from "vitest";
import type { S3Settings } from "../../config/config.ts";
import type { ObjectStore } from "../../src/store/object-store.ts";
import type { Patience } from "../../src/store/s3/s3-place.ts";
import { type TransferSizes, usualSizes } from "../../src/store/s3/transfer-sizes.ts";
import { openS3Store } from "../../src/store/s3-store.ts";
import { type S3Server, startS3Server } from "./s3-server.ts";

/** Enough for a busy machine to come to an end with honest answers. */
const patience: Patience = { attemptMs: 10_000, budgetMs: 10_000, firstDelayMs: 5 };

/** For what takes too long: an honest answer takes less, even on a busy machine. */
export const hurry: Patience = { ...patience, attemptMs: 500 };

/** For trouble that stays. */
export const impatience: Patience = { attemptMs: 100, budgetMs: 250, firstDelayMs: 5 };

/** Such that a few kilobytes are large. */
export const smallSizes: TransferSizes = {
  partsAboveBytes: 3000,
  partBytes: 1000,
  putMaxBytes: 8000,
  pieceBytes: 1000,
  width: 4,
};

export interface LoopbackWorld {
  readonly server: S3Server;
  /** A store at s3://logs/host on this server. */
  open(options?: {
    readonly patience?: Patience;
    readonly sizes?: TransferSizes;
    readonly settings?: Partial<S3Settings>;
  }): Promise<ObjectStore>;
}

/** For each test of the file a server of its own, and credentials for it. */
export function useLoopbackServer(): LoopbackWorld {
  let server: S3Server;
  beforeEach(async () => {
    vi.stubEnv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE");
    vi.stubEnv("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI");
    server = await startS3Server();
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    await server.close();
  });
  return {
    get server() {
      return server;
    },
    open: ({ patience: chosen = patience, sizes = usualSizes, settings = {} } = {}) =>
      openS3Store(
        { bucket: "logs", prefix: "host" },
        { region: "us-east-1", forcePathStyle: true, endpoint: server.endpoint, ...settings },
        chosen,
        sizes,
      ),
  };
}

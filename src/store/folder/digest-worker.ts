import { parentPort } from "node:worker_threads";
import type { ObjectDigest } from "../object-store.ts";
import { createSyncFileDigest } from "./digest-file.ts";

/** What a thread is asked: to read the file of a key, and to say what it comes to. */
export interface DigestRequest {
  readonly id: number;
  readonly root: string;
  readonly key: string;
}

export type DigestAnswer =
  | { readonly kind: "read"; readonly id: number; readonly digest: ObjectDigest | undefined }
  /** The system's error, whose code a copy between threads would lose. */
  | { readonly kind: "refused"; readonly id: number; readonly message: string; readonly code: string };

const digest = createSyncFileDigest();

parentPort?.on("message", (requests: readonly DigestRequest[]) => {
  parentPort?.postMessage(requests.map(answer), []);
});

function answer({ id, root, key }: DigestRequest): DigestAnswer {
  try {
    return { kind: "read", id, digest: digest(root, key) };
  } catch (error) {
    if (error instanceof Error && "code" in error) {
      return { kind: "refused", id, message: error.message, code: String(error.code) };
    }
    throw error;
  }
}

import { parentPort } from "node:worker_threads";
import { SealBrokenError } from "../../src/seal/seal-broken-error.ts";
import type { SealedRun } from "../sealed-run.ts";
import { writeRun } from "./write-run.ts";

/** What a worker is asked: to open a run and to write it to a file that the asker has opened, and closes. */
export interface UnsealRequest {
  readonly run: SealedRun;
  readonly descriptor: number;
}

export type UnsealAnswer =
  | { readonly kind: "written" }
  | { readonly kind: "broken"; readonly message: string }
  /** The system's error, whose code a copy between threads would lose. */
  | { readonly kind: "refused"; readonly message: string; readonly code: string };

parentPort?.on("message", ({ run, descriptor }: UnsealRequest) => {
  parentPort?.postMessage(answer(run, descriptor), []);
  run.fileKey.fill(0);
});

function answer(run: SealedRun, descriptor: number): UnsealAnswer {
  try {
    writeRun(run, descriptor);
    return { kind: "written" };
  } catch (error) {
    if (error instanceof SealBrokenError) return { kind: "broken", message: error.message };
    if (error instanceof Error && "code" in error) {
      return { kind: "refused", message: error.message, code: String(error.code) };
    }
    throw error;
  }
}

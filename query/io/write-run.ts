import { writeSync } from "node:fs";
import { openRun, type SealedRun } from "../sealed-run.ts";

/**
 * Opens a run and writes its plain bytes where they belong in the file. Throws SealBrokenError, and the system's
 * error; then some of them may be there.
 */
export function writeRun(run: SealedRun, descriptor: number): void {
  for (const { at, plain } of openRun(run)) {
    for (let done = 0; done < plain.length; ) {
      done += writeSync(descriptor, plain, done, plain.length - done, at + done);
    }
  }
}

import { join } from "node:path";
import { onTestFinished } from "vitest";
import { createOpenContext, type Surroundings } from "../../src/commands/context.ts";
import { verifyCommand } from "../../src/commands/verify.ts";
import { UserError } from "../../src/errors.ts";
import type { SealMode } from "../../src/seal/seal-mode.ts";
import { createFolderStore } from "../../src/store/folder-store.ts";
import type { ObjectStore } from "../../src/store/object-store.ts";
import { createCommandWorld, runCommand } from "../support/command-world.ts";
import { testStoreId } from "../support/ledger-writer.ts";
import type { Roots } from "../support/recorded-batch.ts";

/** A store in a folder, for `hostlog verify`. */
export interface VerifyWorld {
  readonly roots: Roots;
  /** Where the store's roots lie, and beside them the state. */
  readonly folder: string;
  run(words?: readonly string[], change?: Partial<Surroundings>): Promise<Verified>;
}

export interface Verified {
  readonly stdout: string;
  readonly stderr: string;
  /** 0 when nothing was thrown. */
  readonly status: number;
  readonly error: UserError | undefined;
}

export async function createVerifyWorld(seal: SealMode = "none"): Promise<VerifyWorld> {
  const world = await createCommandWorld();
  onTestFinished(() => world.end());
  const folder = join(world.folder, "store");
  const open = (name: string): ObjectStore => createFolderStore(join(folder, name), name);
  const identity = {
    version: 1,
    id: testStoreId,
    created_at: "2026-11-01T00:00:00.000Z",
    drill: false,
    seal,
  };
  await open("published").create("store.json", Buffer.from(JSON.stringify(identity)));
  const roots = {
    raw: open("raw"),
    analytics: open("analytics"),
    quarantine: open("quarantine"),
    ledger: open("ledger"),
  };
  return {
    roots,
    folder,
    async run(words = [], change = {}) {
      const openContext = createOpenContext({ ...world.surroundings, ...change });
      let error: UserError | undefined;
      try {
        await runCommand(verifyCommand(openContext), "--store", folder, ...words);
      } catch (thrown) {
        if (!(thrown instanceof UserError)) throw thrown;
        error = thrown;
      }
      const [stdout, stderr] = [world.takeOutput(), world.takeErrors()];
      return { stdout, stderr, status: error?.exitCode ?? 0, error };
    },
  };
}

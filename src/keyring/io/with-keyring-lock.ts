import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { UserError } from "../../errors.ts";
import { exitCode } from "../../exit-code.ts";
import { withLock } from "../../lock-file.ts";
import { finishChange } from "./change-together.ts";
import { keyringFiles } from "./keyring-folder.ts";

/** Whoever holds the lock needs it for a second or two; only a rotation of very many keys takes longer. */
const WAIT_MS_MAX = 30_000;
const ASK_EVERY_MS = 50;

/**
 * Runs `act` while nobody else changes the keyring, after bringing to its end what a killed process had decided.
 * Throws UserError to try again when another holds the lock for long.
 */
export async function withKeyringLock<Result>(
  folder: string,
  purpose: string,
  act: () => Promise<Result>,
  waitMsMax: number = WAIT_MS_MAX,
): Promise<Result> {
  const giveUpAt = performance.now() + waitMsMax;
  for (;;) {
    let isHeld = false;
    try {
      return await withLock(join(folder, keyringFiles.lock), purpose, async () => {
        isHeld = true;
        await finishChange(folder);
        return await act();
      });
    } catch (error) {
      const isBusy = !isHeld && error instanceof UserError && error.exitCode === exitCode.tryAgain;
      if (!isBusy || performance.now() > giveUpAt) throw error;
    }
    await pause(ASK_EVERY_MS);
  }
}

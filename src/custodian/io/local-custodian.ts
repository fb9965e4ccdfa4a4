import { setImmediate as turn } from "node:timers/promises";
import type { UnlockedKeyring } from "../../keyring/keyring.ts";
import { type Admit, admitWithinLimits } from "../admission.ts";
import type { Custodian } from "../custodian.ts";
import { openHeaders } from "../open-headers.ts";
import { splitRequest } from "../request-limits.ts";

/**
 * A custodian in this process: whoever asks holds the keyring. It admits what `hostlog custodian` would; it keeps
 * no log of its own, which would be the asker's to turn off. It closes the keyring when it is closed.
 */
export function createLocalCustodian(unlocked: UnlockedKeyring, admit: Admit = admitWithinLimits): Custodian {
  return {
    name: `the keyring in ${unlocked.keyring.folder}`,
    async openHeaders(request) {
      const answers = [];
      for (const part of splitRequest(request)) {
        answers.push(
          ...(await openHeaders(part, { admit, identityOf: unlocked.identityOf, pause: () => turn() })),
        );
      }
      return answers;
    },
    async close() {
      unlocked.close();
    },
  };
}

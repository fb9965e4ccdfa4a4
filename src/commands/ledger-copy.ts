import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { UserError } from "../errors.ts";
import { exitCode } from "../exit-code.ts";
import { formatBytes } from "../format-bytes.ts";
import { counted } from "../keyring/counted.ts";
import { isInsideStore } from "../keyring/is-inside-store.ts";
import { type CopyDifference, copyLedger as copyAll } from "../ledger/copy-ledger.ts";
import { openStore } from "../store/open-store.ts";
import { terminalLines } from "../terminal-text.ts";
import type { Context } from "./context.ts";
import { s3SettingsOf } from "./s3-settings-of.ts";

/** How many differences are named before the rest is counted. */
const DIFFERENCES_SHOWN_MAX = 20;

/** `ledger copy`. Throws UserError when the ledger is not what was copied from it before. */
export async function copyLedger(context: Context, folder: string): Promise<void> {
  const path = resolve(folder);
  if (isInsideStore(path, context.config.roots)) {
    throw new UserError(
      `${path} lies in the store itself: who changes the store changes the copy; copy into a folder elsewhere`,
      exitCode.usage,
    );
  }
  const ledger = await context.openRoot("ledger");
  const copy = await openStore(pathToFileURL(path).href, s3SettingsOf("ledger", context.config.s3));
  const { copied, copiedBytes, known, differences } = await copyAll(ledger, copy);
  context.stdout.write(
    terminalLines(
      `${counted(copied, "object")} copied to ${path} (${formatBytes(copiedBytes)}); ${counted(known, "object")} from before\n`,
    ),
  );
  if (differences.length === 0) return;
  const shown = differences.slice(0, DIFFERENCES_SHOWN_MAX).map((one) => `! ${describe(one)}\n`);
  context.stdout.write(terminalLines(shown.join("")));
  throw new UserError(
    `${counted(differences.length, "object")} of the ledger in ${ledger.url} ${differences.length === 1 ? "is" : "are"} not what was copied before, see above: nothing is ever replaced there, so that somebody changed the one or the other. The copy was left as it is; "hostlog ledger verify" with a pinned head says which of the two is the ledger`,
    exitCode.integrity,
  );
}

function describe({ key, kind }: CopyDifference): string {
  return kind === "gone"
    ? `${key} is in the copy, and gone from the ledger`
    : `${key} is another object in the ledger than in the copy`;
}

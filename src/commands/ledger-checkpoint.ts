import { UserError } from "../errors.ts";
import { exitCode } from "../exit-code.ts";
import { writeCheckpoint } from "../ledger/write-checkpoint.ts";
import { terminalLines } from "../terminal-text.ts";
import type { Context } from "./context.ts";
import { stampOf } from "./keys-place.ts";
import { openControl } from "./ledger-writer.ts";

/** `ledger checkpoint`: prints what `ledger verify --head` takes. Throws UserError when a chain is broken. */
export async function makeCheckpoint(context: Context): Promise<void> {
  const control = await openControl(context);
  const { sequence, sha256, firstUses, findings } = await writeCheckpoint(
    control,
    stampOf(context),
    control.writers,
  );
  context.stdout.write(`${sequence}:${sha256}\n`);
  for (const { chain, key } of firstUses) {
    context.stderr.write(
      terminalLines(`chain ${chain}: ${key} was seen for the first time and is accepted\n`),
    );
  }
  if (findings.length === 0) return;
  throw new UserError(
    `the checkpoint is written, and ${findings.join("; ")}. Run "hostlog ledger verify", which says more`,
    exitCode.integrity,
  );
}

import { UserError } from "../errors.ts";
import { exitCode } from "../exit-code.ts";
import { isSeriousFinding } from "../ledger/ledger-finding.ts";
import { isSigningKey } from "../ledger/record-signer.ts";
import { renderLedgerJson, renderLedgerText } from "../ledger/render-ledger.ts";
import { verifyLedger } from "../ledger/verify-ledger.ts";
import type { PinnedHead } from "../ledger/watch-checkpoints.ts";
import { readStoreIdentity } from "../store-identity.ts";
import { terminalLines } from "../terminal-text.ts";
import type { CommonOptions, Context } from "./context.ts";

export interface VerifyOptions extends CommonOptions {
  readonly head?: string;
  readonly key: readonly string[];
  readonly output: "text" | "json";
}

/** `ledger verify`. Throws UserError where something is not as it was written. */
export async function verifyChains(context: Context, options: VerifyOptions): Promise<void> {
  const pinnedHead = options.head === undefined ? undefined : readHead(options.head);
  const wrongKey = options.key.find((key) => !isSigningKey(key));
  if (wrongKey !== undefined) {
    throw new UserError(`--key ${wrongKey} is no key: hostlog ledger key shows one`, exitCode.usage);
  }
  const pinnedKeys = options.key.length > 0 ? options.key : context.config.ledger.keys;
  const ledger = await context.openRoot("ledger");
  const identity = await readStoreIdentity(await context.openRoot("published"));
  const question = { ledger, storeId: identity?.id, pinnedKeys, pinnedHead };
  const report = await verifyLedger(question);
  context.stdout.write(
    options.output === "json"
      ? renderLedgerJson(report, question)
      : terminalLines(renderLedgerText(report, question)),
  );
  const { findings } = report;
  if (findings.length === 0) return;
  if (findings.some(isSeriousFinding)) {
    throw new UserError(
      "the ledger is not what was written, see above: change nothing, keep this output, compare with a copy (hostlog ledger copy) and find out who wrote to the store",
      exitCode.integrity,
    );
  }
  throw new UserError(
    "keys that nobody has accepted signed records, see above. If the machine was installed anew: hostlog ledger accept KEY --name NAME --chain NODE; if not, find out who has written there",
    exitCode.partial,
  );
}

function readHead(text: string): PinnedHead {
  const [, sequence, sha256] = /^([1-9]\d{0,11}):([0-9a-f]{64})$/.exec(text.trim()) ?? [];
  if (sequence !== undefined && sha256 !== undefined) return { sequence: Number(sequence), sha256 };
  throw new UserError(
    `--head ${text} is not what hostlog ledger checkpoint prints: a number, a colon and 64 hex digits`,
    exitCode.usage,
  );
}

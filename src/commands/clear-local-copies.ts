import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { openNodeLedger } from "../../ingest/io/node-ledger.ts";
import { createSpool, type Spool } from "../../ingest/io/spool.ts";
import { withdraw } from "../../ingest/io/take-back.ts";
import { type RetentionPolicy, ruleFor } from "../../retention/rule-for.ts";
import { type Day, dayOfMs } from "../day.ts";
import { UserError } from "../errors.ts";
import { exitCode } from "../exit-code.ts";
import { counted } from "../keyring/counted.ts";
import type { BatchRecord } from "../ledger/record.ts";
import { withLock } from "../lock-file.ts";
import { sweepMemoryFolders } from "../memory-folder.ts";
import { isNodeName, parseKey } from "../partition.ts";
import { sweepFolders } from "../scratch-folder.ts";
import type { StoreIdentity } from "../store-identity.ts";
import type { Context } from "./context.ts";
import { ledgerWriterOf } from "./ledger-writer.ts";
import { openViews } from "./retention-sight.ts";

/**
 * Removes from this machine what lies outside the store: batches in a node's spool with something past its term (what of
 * their lines is not, the next ingest reads from their files anew), and what look-ups left that were killed. Returns what
 * could not be removed, in words. A node that is at its spool right now sees to it itself, and is passed over.
 */
export async function clearLocalCopies(
  context: Context,
  identity: StoreIdentity,
  policy: RetentionPolicy,
): Promise<readonly string[]> {
  const today = dayOfMs(context.nowMs);
  const troubles: string[] = [];
  const spools = join(context.stateDirectory, "spool", identity.id);
  for (const node of (await namesIn(spools)).filter(isNodeName)) {
    const spool = createSpool(join(spools, node));
    await attempt(troubles, `the spool of node ${node}`, () =>
      unlessInUse(context, node, () =>
        clearSpool(context, identity, { node, spool }, isPastTerm(policy, today)),
      ),
    );
  }
  await attempt(troubles, "what look-ups left", async () => {
    const scratch = join(context.stateDirectory, "scratch");
    if ((await namesIn(scratch)).length > 0) await sweepFolders(scratch);
    await sweepMemoryFolders(context.memoryDirectories);
  });
  return troubles;
}

type IsPastTerm = (record: BatchRecord) => boolean;

function isPastTerm(policy: RetentionPolicy, today: Day): IsPastTerm {
  return ({ objects }) =>
    objects.some(({ view, key }) => {
      const name = parseKey(key);
      return name !== undefined && ruleFor({ view, ...name }, policy).dueDay <= today;
    });
}

async function clearSpool(
  context: Context,
  identity: StoreIdentity,
  { node, spool }: { readonly node: string; readonly spool: Spool },
  isPast: IsPastTerm,
): Promise<void> {
  const past = (await spool.records()).filter(isPast);
  if (past.length === 0) return;
  const writer = await ledgerWriterOf(context, identity);
  const ledger = await openNodeLedger(writer, node);
  const roots = { ...(await openViews(context)), ledger: writer.ledger };
  for (const record of past) await withdraw(record, { roots, spool, ledger });
  context.stderr.write(
    `spool of node ${node}: ${counted(past.length, "batch")} with lines past their term removed; the other lines of it are read from their files by the next ingest\n`,
  );
}

async function unlessInUse(context: Context, node: string, act: () => Promise<void>): Promise<void> {
  const lock = join(context.stateDirectory, `ingest-${node}.lock`);
  let isFree = false;
  try {
    await withLock(lock, "retention run", async () => {
      isFree = true;
      await act();
    });
  } catch (error) {
    const isInUse = !isFree && error instanceof UserError && error.exitCode === exitCode.tryAgain;
    if (!isInUse) throw error;
    context.stderr.write(`note: the spool of node ${node} is in use, and is left to its ingest\n`);
  }
}

async function attempt(troubles: string[], what: string, act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (error) {
    troubles.push(`${what}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw error;
  }
}

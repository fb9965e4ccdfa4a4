import { join } from "node:path";
import { Command } from "commander";
import { type AuditResult, auditStore } from "../audit/audit-store.ts";
import { coverSources, type NodeCoverage } from "../audit/cover-sources.ts";
import { type Finding, isSerious } from "../audit/finding.ts";
import { readIndex, writeIndex } from "../audit/io/index-file.ts";
import { type AuditPlace, restoreAudit, saveAudit } from "../audit/save-audit.ts";
import type { StoreAudit } from "../audit/store-audit.ts";
import { dayOfMs, daysBetween, MS_PER_DAY } from "../day.ts";
import { UserError } from "../errors.ts";
import { exitCode } from "../exit-code.ts";
import { counted } from "../keyring/counted.ts";
import type { ObjectStore } from "../store/object-store.ts";
import { readStoreIdentity } from "../store-identity.ts";
import { lastDayKept } from "../term.ts";
import { terminalLines } from "../terminal-text.ts";
import { withAuditCounter } from "./audit-counter.ts";
import { addCommonOptions, type CommonOptions, type Context, type OpenContext } from "./context.ts";
import { readRecorded } from "./read-recorded.ts";
import { type AuditShown, countMore, renderAudit, renderAuditJson } from "./render-audit.ts";

interface VerifyOptions extends CommonOptions {
  readonly output: string;
  readonly sources?: boolean;
  readonly read?: boolean;
  readonly full?: boolean;
}

export function verifyCommand(openContext: OpenContext): Command {
  const command = new Command("verify")
    .description("compare the store with the ledger: every recorded object, every byte range of every source")
    .option("--read", "read each object and compare its hash too; goes on where an interrupted run ended")
    .option("--full", "read every record again, also those that an earlier run on this machine has checked")
    .option("--sources", "say for each source which bytes are stored, quarantined and refused")
    .option("--output <kind>", "text or json", "text")
    .addHelpText(
      "after",
      "\nExit codes: 0 all is as recorded, 2 names that are not hostlog's, hidden versions or no leave to look for them, records by keys nobody accepted, 3 something is missing, changed, without a record for too long, overlaps or is not sealed as it should be, or a chain is broken, 75 asked to end before all was read.",
    );
  return addCommonOptions(command).action(async (options: VerifyOptions) => {
    if (options.output !== "text" && options.output !== "json") {
      throw new UserError(`--output is text or json, not "${options.output}"`, exitCode.usage);
    }
    await verify(await openContext(options), options);
  });
}

async function verify(context: Context, options: VerifyOptions): Promise<void> {
  const stores = {
    raw: await context.openRoot("raw"),
    analytics: await context.openRoot("analytics"),
    quarantine: await context.openRoot("quarantine"),
  };
  const ledger = await context.openRoot("ledger");
  const identity = await readStoreIdentity(await context.openRoot("published"));
  const pinnedKeys = context.config.ledger.keys;
  const place = identity === undefined ? undefined : { storeId: identity.id, pinnedKeys };
  const { audit, state, isLasting } = await withAuditCounter(context, async (onProgress) =>
    auditStore({
      ledger,
      stores,
      state: options.full === true ? undefined : await readState(context, place),
      storeId: identity?.id,
      seal: identity?.seal,
      pinnedKeys,
      nowMs: context.nowMs,
      inFlightMs: inFlightMs(context),
      onProgress,
    }),
  );
  if (place !== undefined && isLasting) await writeState(context, place, state);
  const isReading = options.read === true && identity !== undefined;
  const shown: AuditShown = {
    seal: identity?.seal,
    read: isReading ? await readRecorded(context, identity.id, stores, state) : undefined,
    sources: options.sources === true ? await sourcesOf(ledger) : undefined,
  };
  context.stdout.write(
    options.output === "json" ? renderAuditJson(audit, shown) : terminalLines(renderAudit(audit, shown)),
  );
  refuseFindings(audit, shown);
}

function indexPath({ stateDirectory }: Context, { storeId }: AuditPlace): string {
  return join(stateDirectory, "audit", `${storeId}.index`);
}

/** What an earlier run has checked; undefined where there is nothing to go on from. */
async function readState(
  context: Context,
  place: AuditPlace | undefined,
): Promise<AuditResult["state"] | undefined> {
  const saved = place === undefined ? undefined : await readIndex(indexPath(context, place));
  return place === undefined || saved === undefined ? undefined : restoreAudit(saved, place);
}

/** Without a place to write to, as on an auditor's machine, every run is a full one. */
async function writeState(context: Context, place: AuditPlace, state: AuditResult["state"]): Promise<void> {
  try {
    await writeIndex(indexPath(context, place), saveAudit(state, place));
  } catch (error) {
    if (!(error instanceof Error) || !("syscall" in error)) throw error;
    context.stderr.write(
      `note: what was checked could not be noted for the next run, which will read every record again: ${error.message}\n`,
    );
  }
}

function refuseFindings({ findings, more }: StoreAudit, { read }: AuditShown): void {
  const isBad = findings.some(isSerious) || (read?.findings.length ?? 0) > 0;
  if (isBad) {
    const all = findings.length + countMore(more) + (read?.findings.length ?? 0);
    throw new UserError(
      `${counted(all, "finding")}: the store is not as recorded, see above`,
      exitCode.integrity,
    );
  }
  if (read?.isDone === false) {
    throw new UserError("asked to end before all was read; run it again, it goes on", exitCode.tryAgain);
  }
  if (findings.length > 0) throw new UserError(explainRest(findings), exitCode.partial);
}

/** Of findings that are not serious. */
function explainRest(findings: readonly Finding[]): string {
  const sentences: Partial<Record<Finding["kind"], string>> = {
    foreign: "somebody put names into the store that hostlog neither writes nor removes",
    hidden:
      "the store keeps more than it lists, see above: copies that no look-up shows. retention run destroys them with the objects they belong to; to have none, keep no versions in these buckets, and let a lifecycle rule end unfinished uploads",
    "not-seen":
      "these credentials may not look for older versions and unfinished uploads, so that nobody knows whether something destroyed is still kept: run it with an auditor's (hostlog setup s3 --role auditor)",
    unaccepted: "records are signed by keys that nobody has accepted, see above",
    takeover: "a key has taken over the control chain and is not pinned, see above",
  };
  const kinds = new Set(findings.map(({ kind }) => kind));
  return [...kinds].flatMap((kind) => sentences[kind] ?? []).join("; and ");
}

async function sourcesOf(ledger: ObjectStore): Promise<readonly NodeCoverage[]> {
  const sources: NodeCoverage[] = [];
  for await (const ofNode of coverSources(ledger)) sources.push(ofNode);
  return sources;
}

/** A term is a calendar period; from today on it has so many days. */
function inFlightMs({ config, nowMs }: Context): number {
  const today = dayOfMs(nowMs);
  return daysBetween(today, lastDayKept(today, config.ledger.inFlightTerm)) * MS_PER_DAY;
}

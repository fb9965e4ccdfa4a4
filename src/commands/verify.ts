import { join } from "node:path";
import { Command } from "commander";
import { type AuditState, restoreAudit, saveAudit } from "../audit/audit-state.ts";
import { auditStore, type StoreAudit } from "../audit/audit-store.ts";
import { coverSources, type NodeCoverage } from "../audit/cover-sources.ts";
import { type Finding, isSerious } from "../audit/finding.ts";
import { readIndex, writeIndex } from "../audit/io/index-file.ts";
import { dayOfMs, daysBetween, MS_PER_DAY } from "../day.ts";
import { UserError } from "../errors.ts";
import { exitCode } from "../exit-code.ts";
import { counted } from "../keyring/counted.ts";
import type { ObjectStore } from "../store/object-store.ts";
import { readStoreIdentity } from "../store-identity.ts";
import { lastDayKept } from "../term.ts";
import { terminalLines } from "../terminal-text.ts";
import type { View } from "../view.ts";
import { addCommonOptions, type CommonOptions, type Context, type OpenContext } from "./context.ts";
import { readRecorded } from "./read-recorded.ts";
import { type AuditShown, renderAudit } from "./render-audit.ts";

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
      "\nExit codes: 0 all is as recorded, 2 names that are not hostlog's, hidden versions or no leave to look for them, records by keys nobody accepted, 3 something is missing, changed, without a record for too long, overlaps or is not sealed as it should be, 75 asked to end before all was read.",
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
  const path = join(context.stateDirectory, "audit", `${identity?.id ?? "none"}.index`);
  const storeId = identity?.id ?? "";
  const saved = options.full === true ? undefined : await readIndex(path);
  const known = saved === undefined ? undefined : restoreAudit(saved, storeId);
  const audit = await auditStore({
    ledger,
    stores,
    state: known,
    seal: identity?.seal,
    pinnedKeys: context.config.ledger.keys,
    nowMs: context.nowMs,
    inFlightMs: inFlightMs(context),
  });
  if (known !== undefined && !audit.isResumed) {
    context.stderr.write(
      "note: the ledger is not the one that was verified here before: everything was read anew; hostlog ledger verify says whether it was changed\n",
    );
  }
  if (audit.state !== undefined && identity !== undefined) {
    await writeIndex(path, saveAudit(audit.state, storeId));
  }
  const shown: AuditShown = {
    seal: identity?.seal,
    read: await readObjects(context, options, { storeId, stores, state: audit.state }),
    coverage: options.sources === true ? await coverageOf(ledger) : undefined,
  };
  context.stdout.write(
    options.output === "json" ? renderJson(audit, shown) : terminalLines(renderAudit(audit, shown)),
  );
  refuseFindings(audit, shown);
}

interface Readable {
  readonly storeId: string;
  readonly stores: Readonly<Record<View, ObjectStore>>;
  readonly state: AuditState | undefined;
}

async function readObjects(
  context: Context,
  { read }: VerifyOptions,
  { storeId, stores, state }: Readable,
): Promise<AuditShown["read"]> {
  if (read !== true || storeId === "") return undefined;
  if (state === undefined) {
    context.stderr.write("note: a chain is broken, so that nobody knows all hashes: no object was read\n");
    return undefined;
  }
  return readRecorded(context, storeId, stores, state);
}

function refuseFindings({ findings, more }: StoreAudit, { read }: AuditShown): void {
  const serious = findings.filter(isSerious).length + (read?.findings.length ?? 0);
  if (serious > 0) {
    const rest = Object.values(more).reduce((sum, number) => sum + number, 0);
    throw new UserError(
      `${counted(serious + rest, "finding")}: the store is not as recorded, see above`,
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
  const has = (kind: Finding["kind"]): boolean => findings.some((finding) => finding.kind === kind);
  return [
    ...(has("foreign") ? ["somebody put names into the store that hostlog neither writes nor removes"] : []),
    ...(has("hidden")
      ? [
          "the store keeps more than it lists, see above: copies that no look-up shows. retention run destroys them with the objects they belong to; to have none, keep no versions in these buckets, and let a lifecycle rule end unfinished uploads",
        ]
      : []),
    ...(has("not-seen")
      ? [
          "these credentials may not look for older versions and unfinished uploads, so that nobody knows whether something destroyed is still kept: run it with an auditor's (hostlog setup s3 --role auditor)",
        ]
      : []),
    ...(has("unaccepted") ? ["records are signed by keys that nobody has accepted, see above"] : []),
  ].join("; and ");
}

async function coverageOf(ledger: ObjectStore): Promise<readonly NodeCoverage[]> {
  const coverage: NodeCoverage[] = [];
  for await (const ofNode of coverSources(ledger)) coverage.push(ofNode);
  return coverage;
}

function renderJson({ state: _, ...audit }: StoreAudit, { seal, read, coverage }: AuditShown): string {
  return `${JSON.stringify({ seal: seal ?? null, ...audit, read, coverage })}\n`;
}

/** A term is a calendar period; from today on it has so many days. */
function inFlightMs({ config, nowMs }: Context): number {
  const today = dayOfMs(nowMs);
  return daysBetween(today, lastDayKept(today, config.ledger.inFlightTerm)) * MS_PER_DAY;
}

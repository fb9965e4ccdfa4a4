import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Command, Option } from "commander";
import { lastPurgeTimeMs } from "../../config/purge-times.ts";
import type { PurgeReport } from "../../retention/execute-purge.ts";
import { createFileJournal } from "../../retention/io/file-journal.ts";
import { readLastPurge, writeLastPurge } from "../../retention/io/last-purge.ts";
import { listViews } from "../../retention/io/list-views.ts";
import { runPurge } from "../../retention/io/run-purge.ts";
import { schedulePurge } from "../../retention/io/schedule-purge.ts";
import { type PurgePlan, planPurge } from "../../retention/plan-purge.ts";
import { renderPlanJson, renderPlanTable } from "../../retention/render-plan.ts";
import { renderReportJson, renderReportTable } from "../../retention/render-report.ts";
import type { RecordedKeys } from "../../retention/settle-purges.ts";
import { dayOfMs } from "../day.ts";
import { UserError } from "../errors.ts";
import { exitCode } from "../exit-code.ts";
import { appendRecord, type ChainHead, readChain } from "../ledger/chain.ts";
import type { KeysDestroyedRecord } from "../ledger/key-record.ts";
import type { PurgeRecord } from "../ledger/purge-record.ts";
import { withLock } from "../lock-file.ts";
import { CONTROL_CHAIN } from "../partition.ts";
import { sha256Hex } from "../sha256.ts";
import type { ObjectStore } from "../store/object-store.ts";
import { probedPlaceOf } from "../store/probe-creation.ts";
import { readStoreIdentity } from "../store-identity.ts";
import { terminalLines } from "../terminal-text.ts";
import type { View } from "../view.ts";
import { addCommonOptions, type CommonOptions, type Context, type OpenContext } from "./context.ts";
import { type ControlWriter, openControl } from "./ledger-writer.ts";
import {
  type DueKeys,
  describeShredded,
  findDueKeys,
  keysElsewhereText,
  shredDueKeys,
} from "./shred-due-keys.ts";

interface PlanOptions extends CommonOptions {
  readonly output?: "table" | "json";
}

interface RunOptions extends PlanOptions {
  readonly dryRun?: boolean;
}

/** `hostlog retention plan | run | schedule`. */
export function retentionCommand(openContext: OpenContext): Command {
  const retention = new Command("retention").description("destroy what is past its term, and record it");
  addCommonOptions(retention.command("plan"))
    .description("show what is due and why; changes nothing")
    .addOption(outputOption())
    .action(async (options: PlanOptions) => showPlan(await openContext(options), options));
  addCommonOptions(retention.command("run"))
    .description(
      "destroy what is due, keys first (exit code 2: some of it could not be removed, or copies of keys are outstanding; 75: nothing was done)",
    )
    .addOption(outputOption())
    .option("--dry-run", "show the same plan and stop there")
    .action(async (options: RunOptions) => {
      const context = await openContext(options);
      await (options.dryRun === true ? showPlan(context, options) : runOnce(context, options));
    });
  addCommonOptions(retention.command("schedule"))
    .description("run at the times of the config's retention.schedule until told to end")
    .action(async (options: CommonOptions) => runOnSchedule(openContext, options));
  return retention;
}

function outputOption(): Option {
  return new Option("--output <form>", "by default a table on a terminal, else JSON").choices([
    "table",
    "json",
  ]);
}

async function showPlan(context: Context, options: PlanOptions): Promise<void> {
  await noteEmptyStore(context);
  const listings = await listViews(await openViews(context));
  const plan = planPurge({ listings, policy: context.config, today: dayOfMs(context.nowMs) });
  writePlan(context, options, plan, await findDueKeys(context));
}

/** Throws UserError when anything that is due is still there afterwards. */
async function runOnce(context: Context, options: PlanOptions): Promise<void> {
  await refuseDrill(context);
  await noteEmptyStore(context);
  const lock = join(context.stateDirectory, "retention.lock");
  const { report, shredded } = await withLock(lock, "retention run", async () => {
    const done = await runInContext(context, options);
    const isWhole = done.report.isComplete && done.report.failures.length === 0;
    if (isWhole && !context.nowIsArgument) await writeLastPurge(context.stateDirectory, context.nowMs);
    return done;
  });
  writeReport(context, options, report);
  if (report.failures.length > 0) {
    throw new UserError(
      "not everything that is due could be removed; put right what is named above and run it again",
      exitCode.partial,
    );
  }
  if (!report.isComplete) {
    throw new UserError("ended before all that is due was removed; run it again", exitCode.partial);
  }
  refuseOutstanding(shredded);
}

/** What is destroyed here and lies in an export still is not destroyed. */
function refuseOutstanding(shredded: KeysDestroyedRecord | undefined): void {
  if (shredded === undefined || shredded.exportsOutstanding.length === 0) return;
  throw new UserError(
    "exports hold keys still that were destroyed here: replace them with a new one (hostlog keys export), destroy every copy of the old, then note it with hostlog keys gone NUMBER --reason TEXT",
    exitCode.partial,
  );
}

interface Done {
  readonly report: PurgeReport;
  readonly shredded: KeysDestroyedRecord | undefined;
}

async function runInContext(context: Context, options: PlanOptions): Promise<Done> {
  const ledger = await context.openRoot("ledger");
  const found = await findDueKeys(context);
  let shredded: KeysDestroyedRecord | undefined;
  const report = await runPurge({
    stores: await openViews(context),
    ledger,
    policy: context.config,
    today: dayOfMs(context.nowMs),
    stamp: {
      at: new Date(context.nowMs).toISOString(),
      clock: context.nowIsArgument ? "argument" : "system",
    },
    record: createRecord(await openControl(context)),
    recordedKeys: createRecordedKeys(ledger),
    journal: createFileJournal(join(context.stateDirectory, "purges", storeMark(context))),
    wait: (delayMs) => delay(delayMs),
    signal: context.signal,
    show: (plan) => writePlan(context, options, plan, found),
    shred: async (plan) => {
      shredded = await shred(context, found, plan);
    },
  });
  return { report, shredded };
}

/** Before the objects, so that a run which is killed between the two has not left what can be opened. */
async function shred(
  context: Context,
  found: DueKeys,
  { destroy }: PurgePlan,
): Promise<KeysDestroyedRecord | undefined> {
  if (found.kind === "elsewhere" && destroy.some(({ view }) => view !== "analytics")) {
    context.stderr.write(keysElsewhereText);
  }
  const record = await shredDueKeys(context, found);
  if (record !== undefined) context.stderr.write(describeShredded(record));
  return record;
}

/**
 * Tells stores apart that share a state directory: what was begun in one must not be looked for in another,
 * where it is not, and so be taken for destroyed.
 */
function storeMark({ config }: Context): string {
  const { raw, analytics, quarantine, ledger } = config.roots;
  const places = [raw, analytics, quarantine, ledger].map((url) =>
    probedPlaceOf(url, config.s3.endpoint, process.env),
  );
  return sha256Hex(JSON.stringify(places)).slice(0, 16);
}

async function runOnSchedule(openContext: OpenContext, options: CommonOptions): Promise<void> {
  const { config, nowMs, nowIsArgument, stateDirectory, signal, stderr } = await openContext(options);
  if (nowIsArgument) {
    throw new UserError("a schedule needs the real clock: use retention run with --now", exitCode.usage);
  }
  const expression = config.retentionSchedule;
  const lastMs = await readLastPurge(stateDirectory);
  stderr.write(`retention: runs at ${expression} (UTC)\n`);
  await schedulePurge({
    expression,
    isMissed: lastMs === undefined || lastMs < lastPurgeTimeMs(expression, nowMs),
    signal,
    run: async () => {
      try {
        // Opened anew, for the clock of this run and for a config that has changed.
        await runOnce(await openContext(options), {});
      } catch (error) {
        // A full disk or a store that is away must not end the schedule; a mistake in the program must.
        if (!(error instanceof UserError || (error instanceof Error && "syscall" in error))) throw error;
        stderr.write(`retention: ${error.message} (at the latest, the next scheduled run tries again)\n`);
      }
    },
  });
}

/** A purge under a made-up date destroys what real visitors and investigators may still count on. */
async function refuseDrill(context: Context): Promise<void> {
  if (!context.nowIsArgument) return;
  const published = await context.openRoot("published");
  const identity = await readStoreIdentity(published);
  if (identity?.isDrill === true) return;
  throw new UserError(
    `${published.url} is not of a store made for drills: with --now a purge could destroy what is not due; use retention plan, or leave --now out`,
    exitCode.usage,
  );
}

/** A mistyped URL looks like a store in which nothing is due. */
async function noteEmptyStore(context: Context): Promise<void> {
  const published = await context.openRoot("published");
  if ((await readStoreIdentity(published)) !== undefined) return;
  context.stderr.write(`note: nothing was ever put into the store of ${published.url}; is the URL right?\n`);
}

async function openViews(context: Context): Promise<Readonly<Record<View, ObjectStore>>> {
  return {
    raw: await context.openRoot("raw"),
    analytics: await context.openRoot("analytics"),
    quarantine: await context.openRoot("quarantine"),
  };
}

function createRecord(control: ControlWriter): (body: PurgeRecord) => Promise<void> {
  let head: ChainHead = control.head;
  return async (body) => {
    head = await appendRecord(control, CONTROL_CHAIN, body, { head });
  };
}

function createRecordedKeys(ledger: ObjectStore): RecordedKeys {
  return async ({ view, day }) => {
    const keys = new Set<string>();
    for await (const { record } of readChain(ledger, CONTROL_CHAIN)) {
      const { body } = record;
      if (body.kind !== "purge" || body.view !== view || body.day !== day) continue;
      for (const { key } of body.objects) keys.add(key);
    }
    return keys;
  };
}

function writePlan(context: Context, options: PlanOptions, plan: PurgePlan, found: DueKeys): void {
  const keys = found.kind === "here" ? found.due : undefined;
  context.stdout.write(isTable(context, options) ? renderPlanTable(plan, keys) : renderPlanJson(plan, keys));
}

function writeReport(context: Context, options: PlanOptions, report: PurgeReport): void {
  context.stdout.write(
    isTable(context, options) ? terminalLines(renderReportTable(report)) : renderReportJson(report),
  );
}

function isTable({ stdout }: Context, { output }: PlanOptions): boolean {
  if (output !== undefined) return output === "table";
  return "isTTY" in stdout && stdout.isTTY === true;
}

import { Command, Option } from "commander";
import { views } from "../view.ts";
import { addCommonOptions, type OpenContext } from "./context.ts";
import { type CertificateOptions, showCertificates } from "./retention-certificate.ts";
import { type OutputOptions, outputOption } from "./retention-options.ts";
import { showPlan } from "./retention-plan.ts";
import { runOnSchedule, type ScheduleOptions } from "./retention-schedule.ts";
import { runAndMeasure, type StatusOptions, showStatus } from "./retention-status.ts";
import { approvePlan, cancelPlan, type VerdictOptions } from "./retention-verdict.ts";

interface RunOptions extends OutputOptions {
  readonly metrics?: string;
  readonly dryRun?: boolean;
}

/** `hostlog retention plan | run | approve | cancel | certificate | schedule | status`. */
export function retentionCommand(openContext: OpenContext): Command {
  const retention = new Command("retention").description("destroy what is past its term, and prove it");
  addCommonOptions(retention.command("plan"))
    .description("show what is due, what waits and what stays, and why; changes nothing")
    .addOption(outputOption())
    .action(async (options: OutputOptions) => showPlan(await openContext(options), options));
  addCommonOptions(retention.command("run"))
    .description("destroy what is due, keys first, list again, and certify it")
    .addOption(outputOption())
    .option("--dry-run", "show the same plan and stop there")
    .addOption(metricsOption())
    .option(
      "--clock-is-right",
      "go on though the ledger has records of the future: this machine's clock is right",
    )
    .addHelpText("after", runExitCodes)
    .action(async (options: RunOptions) => {
      const context = await openContext(options);
      await (options.dryRun === true ? showPlan(context, options) : runAndMeasure(context, options));
    });
  addVerdicts(retention, openContext);
  addCertificate(retention, openContext);
  addCommonOptions(retention.command("schedule"))
    .description(
      "run at the times of the config's retention.schedule, and write hourly checkpoints, until told to end",
    )
    .addOption(metricsOption())
    .action(async (options: ScheduleOptions) => runOnSchedule(openContext, options));
  addStatus(retention, openContext);
  return retention;
}

function metricsOption(): Option {
  return new Option("--metrics <file>", "write metrics there for Prometheus, after each run");
}

function addStatus(retention: Command, openContext: OpenContext): void {
  addCommonOptions(retention.command("status"))
    .description("say what lies in the store since when, and what somebody has to see to; changes nothing")
    .addOption(
      new Option("--output <form>", "text, json or what Prometheus reads")
        .choices(["text", "json", "prometheus"])
        .default("text"),
    )
    .addHelpText(
      "after",
      "\nExit codes, for monitors: 0 nothing to see to; 2 something is overdue or waits, no run for 26 hours, an alarm of a hold or of an export; 3 the ledger is broken; 75 the store cannot be reached.",
    )
    .action(async (options: StatusOptions) => showStatus(await openContext(options), options));
}

const runExitCodes =
  "\nExit codes: 0 all that may go is gone; 2 something could not be removed or listed, waits for somebody (a plan to approve, too many keys at once, a hold), or lies in an old export of keys; 3 the ledger is not as it was; 75 nothing was done: a clock is in doubt, or another run is at it.";

function addVerdicts(retention: Command, openContext: OpenContext): void {
  const byOption = (): Option => new Option("--by <name>", "who decides it (default: this machine)");
  addCommonOptions(retention.command("approve"))
    .description("let a plan go ahead that a guard has stopped")
    .argument("<plan>", "its number, as retention plan shows it")
    .requiredOption("--reason <text>", "why it is right, for the ledger")
    .addOption(byOption())
    .action(async (plan: string, options: VerdictOptions) =>
      approvePlan(await openContext(options), plan, options),
    );
  addCommonOptions(retention.command("cancel"))
    .description("stop a plan; what is past the two years goes all the same")
    .argument("<plan>", "its number, as retention plan shows it")
    .requiredOption("--reason <text>", "why, for the ledger")
    .addOption(byOption())
    .action(async (plan: string, options: VerdictOptions) =>
      cancelPlan(await openContext(options), plan, options),
    );
}

function addCertificate(retention: Command, openContext: OpenContext): void {
  addCommonOptions(retention.command("certificate"))
    .description("print and check the certificates of what was destroyed")
    .argument("[day]", "the UTC day of the events, such as 2024-11-20")
    .option("--destroyed-on <day>", "those that were written on this UTC day")
    .addOption(new Option("--view <view>", "of one view only").choices(views))
    .addOption(
      new Option("--output <form>", "a page for people, or JSON").choices(["text", "json"]).default("text"),
    )
    .addHelpText(
      "after",
      "\nExit codes: 0 what is printed holds; 3 one of the certificates does not; 64 there is none.",
    )
    .action(async (day: string | undefined, options: CertificateOptions) =>
      showCertificates(await openContext(options), day, options),
    );
}

import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { dayOfMs } from "../day.ts";
import { given } from "../doctor/answer.ts";
import { countVerdicts, exitCodeOf, type Finding, type FindingGroup, notTried } from "../doctor/finding.ts";
import { askStore } from "../doctor/io/ask.ts";
import { examineRoot } from "../doctor/io/examine-root.ts";
import { probeFolder } from "../doctor/io/probe-folder.ts";
import { probeKeys } from "../doctor/io/probe-keys.ts";
import { judgeFolder } from "../doctor/judge-folder.ts";
import { judgeKeys, judgeSeal } from "../doctor/judge-keys.ts";
import { judgeServer } from "../doctor/judge-server.ts";
import { judgeApart } from "../doctor/judge-state.ts";
import { renderReportJson, renderReportText } from "../doctor/render-report.ts";
import type { S3RootSighting, ServerSighting } from "../doctor/s3-observations.ts";
import { termDaysOf } from "../doctor/term-days.ts";
import { UserError } from "../errors.ts";
import { exitCode } from "../exit-code.ts";
import { probeKeyOf } from "../store/probe-creation.ts";
import { readStoreIdentity } from "../store-identity.ts";
import { terminalLines } from "../terminal-text.ts";
import { addCommonOptions, type CommonOptions, type Context, type OpenContext } from "./context.ts";
import { keyringFolderOf } from "./keyring-of.ts";
import { s3SettingsOf } from "./s3-settings-of.ts";

interface DoctorOptions extends CommonOptions {
  readonly output: string;
  readonly readOnly?: boolean;
}

const roots = ["raw", "analytics", "quarantine", "ledger", "published"] as const;

export function doctorCommand(openContext: OpenContext): Command {
  const command = new Command("doctor")
    .description(
      "try what the store can do and keep: permissions, conditional puts, checksums, removal, clocks, keys",
    )
    .option("--read-only", "write no probe objects: only settings are read")
    .option("--output <kind>", "text or json", "text")
    .addHelpText("after", helpText);
  return addCommonOptions(command).action(async (options: DoctorOptions) => {
    if (options.output !== "text" && options.output !== "json") {
      throw new UserError(`--output is text or json, not "${options.output}"`, exitCode.usage);
    }
    const context = await openContext(options);
    const { groups, isAway } = await examine(context, options.readOnly !== true);
    context.stdout.write(
      options.output === "json" ? renderReportJson(groups) : terminalLines(renderReportText(groups)),
    );
    finish(groups, isAway || context.signal.aborted);
  });
}

const helpText = `
Small objects are written below probe/ in each root and removed again, where these credentials may do both.
What they may not do is "not tried": run it with the credentials of each role, and with an administrator's.
Exit codes: 0 nothing is wrong, 2 warnings, 78 something must not be used like this, 75 ended early.`;

interface Examination {
  readonly groups: readonly FindingGroup[];
  /** True when the S3 server did not answer: that may pass. */
  readonly isAway: boolean;
}

async function examine(context: Context, writes: boolean): Promise<Examination> {
  const groups: FindingGroup[] = [];
  let sighting: S3RootSighting | undefined;
  // Real time even in a drill: the probe's objects are dated by it.
  const nowMs = Date.now();
  for (const subject of roots) {
    const url = context.config.roots[subject];
    const untried = reasonNotToTry(url, sighting, context.signal);
    if (untried !== undefined) {
      groups.push({ subject, place: url, findings: [untried] });
      continue;
    }
    const examined = await examineRoot({
      subject,
      url,
      writes,
      settings: s3SettingsOf(subject, context.config.s3),
      openStore: () => context.openRoot(subject),
      termDays: termDaysOf(subject, context.config, dayOfMs(context.nowMs)),
      fixedKey: subject === "ledger" ? probeKeyOf(context.config.node, "doctor", nowMs) : undefined,
      nowMs,
      signal: context.signal,
    });
    sighting = examined.sighting ?? sighting;
    groups.push(examined.group);
  }
  const ofServer = sighting === undefined ? [] : [serverGroup(sighting.server)];
  const state = await examineState(context, writes);
  const keys = await examineKeys(context, writes, reasonNotToAsk(groups, context.signal));
  return { groups: [...ofServer, ...groups, state, keys], isAway: foundNobody(sighting) };
}

function reasonNotToTry(
  url: string,
  sighting: S3RootSighting | undefined,
  { aborted }: AbortSignal,
): Finding | undefined {
  if (aborted) return notTried("reach", "it was asked to end before this was tried", "Run it again.");
  // Every root would wait as long again for a server that is away.
  return url.startsWith("s3://") && foundNobody(sighting)
    ? notTried("reach", "the server could not be reached", "See the root before this one.")
    : undefined;
}

/** What is published says how the store is kept; where it cannot be reached, that has been said. */
function reasonNotToAsk(groups: readonly FindingGroup[], { aborted }: AbortSignal): Finding | undefined {
  if (aborted) return notTried("seal", "it was asked to end before this was tried", "Run it again.");
  const published = groups.find(({ subject }) => subject === "published")?.findings ?? [];
  return published.some(({ check, verdict }) => check === "reach" && verdict !== "ok")
    ? notTried("seal", "what is published could not be reached", "See the root published.")
    : undefined;
}

function foundNobody(sighting: S3RootSighting | undefined): boolean {
  return sighting?.kind === "unreached" && sighting.reach.kind === "failed" && sighting.reach.mayPass;
}

function serverGroup(server: ServerSighting | undefined): FindingGroup {
  return { subject: "server", place: server?.host ?? "not reached", findings: judgeServer(server) };
}

async function examineState({ config, stateDirectory }: Context, writes: boolean): Promise<FindingGroup> {
  const seen = await probeFolder({ path: stateDirectory, store: undefined, writes, nowMs: Date.now() });
  const rootPaths = Object.values(config.roots)
    .filter((url) => url.startsWith("file://"))
    .map((url) => fileURLToPath(url));
  const findings = [...judgeFolder("state", seen), judgeApart(stateDirectory, rootPaths)];
  return { subject: "state", place: stateDirectory, findings };
}

/** Of a store that does not seal there is nothing more to say than that. */
async function examineKeys(
  context: Context,
  writes: boolean,
  untried: Finding | undefined,
): Promise<FindingGroup> {
  const { config, keysDirectory, stateDirectory, memoryDirectories, nowMs } = context;
  const group = { subject: "keys", place: keysDirectory } as const;
  if (untried !== undefined) return { ...group, findings: [untried] };
  const identity = await askStore(async () => readStoreIdentity(await context.openRoot("published")));
  const isGiven = identity.kind === "given";
  const seal = judgeSeal(isGiven ? given(identity.value?.seal) : identity);
  if (!isGiven || identity.value?.seal !== "age") return { ...group, findings: [seal] };
  const seen = await probeKeys({
    config,
    storeId: identity.value.id,
    published: await context.openRoot("published"),
    keyringFolder: keyringFolderOf(context, identity.value.id),
    stateDirectory,
    memoryDirectories,
    today: dayOfMs(nowMs),
    writes,
  });
  return { ...group, findings: [seal, ...judgeKeys(seen)] };
}

function finish(groups: readonly FindingGroup[], hasMissed: boolean): void {
  const code = exitCodeOf(groups, hasMissed);
  const { refused, warning } = countVerdicts(groups);
  if (code === exitCode.config) {
    throw new UserError(`${refused} of these must be put right before the store is used, see REFUSED`, code);
  }
  if (code === exitCode.tryAgain) throw new UserError("not all could be tried; run it again", code);
  if (code === exitCode.partial) {
    throw new UserError(`${warning} warnings: it works, and not as well as it could, see above`, code);
  }
}

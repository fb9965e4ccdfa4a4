import { resolve } from "node:path";
import { Command, Option } from "commander";
import { parseInstant } from "../../config/parse-instant.ts";
import { describeStep } from "../access/describe-step.ts";
import type { SetupStep } from "../access/plan-setup.ts";
import { readGrant } from "../access/read-grant.ts";
import { renderSetupJson, renderSetupText } from "../access/render-setup.ts";
import { type Role, type RoleKind, roleKinds, userNameOf } from "../access/role.ts";
import { type RootPlace, s3Roots } from "../access/s3-roots.ts";
import { assumedTraits, knownTraits, type ServerTraits, weaknessesOf } from "../access/server-traits.ts";
import { keyNotes, setupWish } from "../access/setup-wish.ts";
import { checkSeal } from "../check-seal.ts";
import { UserError } from "../errors.ts";
import { exitCode } from "../exit-code.ts";
import { isNodeName } from "../partition.ts";
import { newestSnapshot } from "../recipients/io/newest-snapshot.ts";
import { ensureStoreIdentity, readStoreIdentity, type StoreIdentity } from "../store-identity.ts";
import { terminalLines } from "../terminal-text.ts";
import {
  addCommonOptions,
  type CommonOptions,
  type Context,
  type OpenContext,
  type Surroundings,
} from "./context.ts";

interface SetupOptions extends CommonOptions {
  readonly role: readonly RoleKind[];
  readonly node: readonly string[];
  readonly day: readonly string[];
  readonly until?: string;
  readonly userPrefix: string;
  readonly conditionalPuts?: ServerTraits["conditionalPuts"] | "ask";
  readonly apply?: boolean;
  readonly dryRun?: boolean;
  readonly credentials?: string;
  readonly output: "text" | "json";
}

/** What was asked for, read and checked. */
interface Asked {
  readonly places: readonly RootPlace[];
  readonly roles: readonly Role[];
  readonly notes: readonly string[];
}

const explanation = `
Without --apply nothing is asked of the server and nothing is changed: what is wanted is printed, to be set by
other means. With --apply it is made with the credentials at hand, which must be an administrator's: first the
plan is shown, then each step is told when it is done. What others have set in a bucket stays.
All roles are set up unless --role names some; a node needs its --node. An investigator reads no logs but those
of the days of a grant, until it ends: --role investigator --day 2026-11-20..2026-11-22 --until 2026-11-22T18:00Z
Exit codes: 0 done, 64 usage, 75 the server could not be reached (run again), 78 the server cannot do it, or these
credentials may not.`;

/** `hostlog setup s3`: buckets, and a user with a policy for each role. */
export function setupCommand(openContext: OpenContext, surroundings: Surroundings): Command {
  const setup = new Command("setup").description("set up what a store needs at its server");
  addCommonOptions(setup.command("s3"))
    .description("print, or make, the settings of the buckets and a least policy for each role")
    .addOption(
      new Option("--role <role>", `${roleKinds.join(", ")} (repeatable; default: all)`)
        .argParser(collectRole)
        .default([]),
    )
    .option("--node <name>", "a hosting node that ships to the store (repeatable)", collect, [])
    .option("--day <day>", "a day that the investigator may read, or D..D (repeatable)", collect, [])
    .option("--until <instant>", "when the investigator's grant ends, at most 24 hours ahead")
    .option("--user-prefix <name>", "how the users' names begin", readUserPrefix, "hostlog")
    .addOption(
      new Option(
        "--conditional-puts <how>",
        "whether policies can forbid to replace objects (default: as is known of the server)",
      ).choices(["ask", "enforced", "unknown-to-server"]),
    )
    .option("--apply", "make it at the server")
    .option("--dry-run", "with --apply: show the plan and stop there")
    .option(
      "--credentials <file>",
      "with --apply: give users without an access key one, appended to this file",
    )
    .addOption(new Option("--output <kind>", "text or json").choices(["text", "json"]).default("text"))
    .addHelpText("after", explanation)
    .action(async (options: SetupOptions) => {
      const context = await openContext(options);
      const asked = readAsked(options, context);
      await (options.apply === true
        ? applySetup(options, asked, context, surroundings)
        : printSetup(options, asked, context, surroundings));
    });
  return setup;
}

function readAsked(options: SetupOptions, { config, nowMs }: Context): Asked {
  if (options.apply !== true && (options.dryRun === true || options.credentials !== undefined)) {
    throw mistake("--dry-run and --credentials go with --apply");
  }
  const places = s3Roots(config.roots);
  if (places.length === 0) {
    throw mistake("no root of this store lies in S3: a folder needs no setting up, its mode is its policy");
  }
  const inFolders = Object.entries(config.roots).filter(
    ([root]) => !places.some((place) => place.root === root),
  );
  const notes = inFolders.map(([root]) => `${root} lies in a folder and is passed over.`);
  const roles = rolesAsked(options, nowMs);
  if (options.role.length === 0 && options.node.length === 0) {
    notes.push("no node is named, so none is set up: name them with --node.");
  }
  return { places, roles, notes };
}

function rolesAsked(
  { role: named, node: nodes, day: days, until, userPrefix }: SetupOptions,
  nowMs: number,
): readonly Role[] {
  const kinds = named.length === 0 ? roleKinds : roleKinds.filter((kind) => named.includes(kind));
  const grant = readGrant(days, until === undefined ? undefined : instantOf(until), nowMs);
  if (grant !== undefined && !kinds.includes("investigator")) {
    throw mistake("--day and --until are for --role investigator");
  }
  if (nodes.length > 0 && !kinds.includes("node")) throw mistake("--node is for --role node");
  if (named.includes("node") && nodes.length === 0)
    throw mistake("--role node needs the node's name: --node web-17");
  const senseless = nodes.find((node) => !isNodeName(node));
  if (senseless !== undefined) {
    throw mistake(`"${senseless}" is no node name: use lower-case letters, digits, dots and hyphens`);
  }
  const roles = kinds.flatMap((kind): readonly Role[] => {
    if (kind === "node") return [...new Set(nodes)].map((node) => ({ kind, node }));
    return [kind === "investigator" ? { kind, grant } : { kind }];
  });
  const tooLong = roles
    .map((role) => userNameOf(role, userPrefix))
    .find((name) => name.length > USER_NAME_MAX);
  if (tooLong === undefined) return roles;
  throw mistake(
    `no user can be named ${tooLong}: ${USER_NAME_MAX} characters are the most; take a shorter --user-prefix`,
  );
}

/** Source: IAM user guide, "IAM and AWS STS quotas". */
const USER_NAME_MAX = 64;

function printSetup(
  { conditionalPuts, userPrefix, output }: SetupOptions,
  { places, roles, notes }: Asked,
  { config, stdout }: Context,
  { environment }: Surroundings,
): void {
  const endpoint =
    config.s3.endpoint ?? environment["AWS_ENDPOINT_URL_S3"] ?? environment["AWS_ENDPOINT_URL"];
  const region = config.s3.region ?? environment["AWS_REGION"] ?? environment["AWS_DEFAULT_REGION"];
  const chosen = conditionalPuts === "ask" ? undefined : conditionalPuts;
  const known = knownTraits(endpoint, region);
  const { traits, notes: assumptions } = assumedTraits(known, chosen);
  const { encryption } = config.s3;
  const wish = setupWish({ places, roles, encryption, traits, userPrefix, terms: config });
  const said = [
    ...notes,
    ...assumptions,
    ...weaknessesOf(traits),
    ...keyNotes(known, config.s3.encryption),
    ...(config.seal === "none" ? [] : [KEYS_NEXT]),
  ];
  stdout.write(output === "json" ? renderSetupJson(wish, said) : terminalLines(renderSetupText(wish, said)));
}

/** What a store that seals needs before a node can ship to it. */
const KEYS_NEXT =
  'nodes can ship once there are keys to seal for: next, on the machine of the people who may open raw, and with the custodian\'s credentials, run "hostlog init --team".';

/** Undefined where nothing is left to do for keys: recipients are published, or the store does not seal. */
async function nextStepForKeys(
  context: Context,
  identity: StoreIdentity | undefined,
): Promise<string | undefined> {
  if ((identity?.seal ?? context.config.seal) === "none") return undefined;
  if (identity === undefined) return KEYS_NEXT;
  return (await newestSnapshot(await context.openRoot("published"))) === undefined ? KEYS_NEXT : undefined;
}

/** Under a made-up clock a grant could last for years. */
function refuseMadeUpClock({ nowIsArgument }: Context, identity: StoreIdentity | undefined): void {
  if (!nowIsArgument || identity === undefined || identity.isDrill) return;
  throw new UserError(
    "this store holds real visits: with --now a grant would end by a made-up clock; leave --now out, or use a store of its own for drills",
    exitCode.usage,
  );
}

async function applySetup(
  options: SetupOptions,
  { places, roles, notes }: Asked,
  context: Context,
  { environment, workingDirectory }: Surroundings,
): Promise<void> {
  const { prepareSetup, noUserServiceError } = await import("../setup/run-setup.ts");
  const at = new Date(context.nowMs).toISOString();
  const hasPublished = places.some(({ root }) => root === "published");
  let identity: StoreIdentity | undefined;
  const prepared = await prepareSetup({
    terms: context.config,
    settings: context.config.s3,
    environment,
    places,
    roles,
    userPrefix: options.userPrefix,
    nowMs: context.nowMs,
    isKeepingGrants: options.role.length === 0 && options.day.length === 0,
    credentialsFile:
      options.credentials === undefined ? undefined : resolve(workingDirectory, options.credentials),
    conditionalPuts: options.conditionalPuts,
    isDry: options.dryRun === true,
    signal: context.signal,
    hasIdentity: async () => {
      identity = await readStoreIdentity(await context.openRoot("published"));
      refuseMadeUpClock(context, identity);
      if (identity !== undefined) checkSeal(context.config.seal, identity);
      return hasPublished && identity !== undefined;
    },
    makeIdentity: async () =>
      ensureStoreIdentity(await context.openRoot("published"), {
        at,
        isDrill: context.nowIsArgument,
        seal: context.config.seal ?? "age",
      }),
  });
  const { plan, wish, hasUserService } = prepared;
  const say = (text: string): void => {
    if (options.output === "text") context.stdout.write(terminalLines(`${text}\n`));
  };
  const done: SetupStep[] = [];
  if (plan.steps.length === 0) say("nothing to change");
  for (const step of plan.steps) say(`to do: ${describeStep(step)}`);
  if (options.dryRun !== true) {
    await prepared.apply((step) => {
      done.push(step);
      say(`done:  ${describeStep(step)}`);
    });
  }
  const next = await nextStepForKeys(context, identity);
  const said = [...notes, ...plan.notes, ...(next === undefined ? [] : [next])];
  for (const note of said) say(`note:  ${note}`);
  if (options.output === "json") {
    const steps = plan.steps.map((step) => ({ what: describeStep(step), done: done.includes(step) }));
    context.stdout.write(`${JSON.stringify({ steps, notes: said })}\n`);
  }
  if (hasUserService) return;
  say(renderSetupText({ buckets: [], users: wish.users }, []));
  throw noUserServiceError();
}

function collect(value: string, previous: readonly string[]): readonly string[] {
  return [...previous, value];
}

function collectRole(value: string, previous: readonly RoleKind[]): readonly RoleKind[] {
  const kind = roleKinds.find((known) => known === value);
  if (kind === undefined) throw mistake(`there is no role "${value}": write one of ${roleKinds.join(", ")}`);
  return [...previous, kind];
}

/** Source: IAM user guide, "IAM identifiers": a user's name has at most 64 characters, of `[\w+=,.@-]`. */
function readUserPrefix(value: string): string {
  if (/^[A-Za-z][A-Za-z0-9-]{0,30}$/.test(value)) return value;
  throw mistake(`--user-prefix "${value}": use letters, digits and hyphens, at most 31 of them`);
}

function instantOf(text: string): number {
  const instant = parseInstant(text);
  if (instant !== undefined) return instant;
  throw mistake(`--until ${text} is no instant: write it as 2026-11-22T18:00Z`);
}

function mistake(message: string): UserError {
  return new UserError(message, exitCode.usage);
}

import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Command } from "commander";
import { onTestFinished } from "vitest";
import { createOpenContext, type OpenContext } from "../../../src/commands/context.ts";
import { holdCommand } from "../../../src/commands/hold.ts";
import { keysCommand } from "../../../src/commands/keys.ts";
import { queryCommand } from "../../../src/commands/query.ts";
import { UserError } from "../../../src/errors.ts";
import { type CommandWorld, createCommandWorld, runCommand } from "../../support/command-world.ts";
import { clfTime } from "../../support/log-lines.ts";
import { startWarmHostlog, type WarmHostlog } from "../../support/warm-hostlog.ts";

/** What was logged, line by line; each can be told from all others by its path. */
export interface KnownLine {
  readonly day: string;
  readonly site: string;
  readonly client: string;
  readonly path: string;
}

/** Nothing else in the world is at these addresses. */
export const held = {
  single: "203.0.113.77",
  networkMember: "2001:db8:77:1::9",
  network: "2001:db8:77::/48",
  list: "203.0.113.77, 192.0.2.200",
} as const;

export const days = ["2026-02-01", "2026-02-02", "2026-02-03"] as const;
const sites = ["shop.example.org", "blog.example.net"] as const;
const clients = ["192.0.2.10", held.single, held.networkMember, held.list, "2001:db8:78::1"] as const;

/** Some bytes that are no UTF-8, a backslash, a tab, a quote. */
const agents = ["Mozilla/5.0", "x\\xffy", "tab\\x09 and \\x22", "größe 漢字 ", ""] as const;

export function knownLines(serial = ""): readonly KnownLine[] {
  return days.flatMap((day) =>
    sites.flatMap((site) =>
      clients.map((client, index) => ({ day, site, client, path: `/${day}/${site}/${index}${serial}` })),
    ),
  );
}

function logText(lines: readonly KnownLine[]): string {
  return lines
    .map(({ day, client, path }, index) => {
      const time = clfTime(Date.parse(`${day}T10:00:00Z`) + index * 1000);
      const agent = agents[index % agents.length] ?? "";
      return `"${client}" [${time}] "GET ${path}?q=${index} HTTP/1.1" 200 ${index} "${agent}" 0.${index}\n`;
    })
    .join("");
}

let warm: WarmHostlog | undefined;

/** For the end of a test file: the process that takes lines, and the stores that were made. */
export async function endWorlds(...made: readonly string[]): Promise<void> {
  await warm?.end();
  warm = undefined;
  for (const folder of made) await rm(folder, { recursive: true, force: true });
}

export interface HoldWorld {
  readonly folder: string;
  readonly store: string;
  /** Runs a command in this process, as the command line would. */
  run(command: MakeCommand, words: readonly string[], options?: RunOptions): Promise<Ended>;
  /** Takes these lines, by site, as a node does. */
  ingest(lines: readonly KnownLine[], now: string): Promise<void>;
  /** `hold add`, and its id. */
  add(words: readonly string[], options?: RunOptions): Promise<Ended & { readonly id: string }>;
  /** The paths of all rows that a look-up finds, in order. */
  paths(words: readonly string[], now?: string): Promise<readonly string[]>;
}

export type MakeCommand = (openContext: OpenContext) => Command;

export interface RunOptions {
  readonly now?: string;
  /** Puts something between a command and the world. */
  readonly change?: (openContext: OpenContext) => OpenContext;
  readonly world?: Partial<CommandWorld["surroundings"]>;
}

export interface Ended {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export const commands = {
  hold: holdCommand,
  query: queryCommand,
  keys: keysCommand,
} satisfies Readonly<Record<string, MakeCommand>>;

/** When holds are placed. */
export const placedAt = "2026-02-04T01:00:00Z";

/** A store with {@link knownLines} and, where it is sealed, a small keyring. Copied for each test: keys take long. */
export async function makeStore(seal: "age" | "none"): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "hostlog-hold-"));
  await writeConfig(folder, seal);
  await ingestInto(folder, knownLines(), "2026-02-04T00:00:00Z");
  return folder;
}

export async function copyWorld(made: string, seal: "age" | "none"): Promise<HoldWorld> {
  const folder = await mkdtemp(join(tmpdir(), "hostlog-hold-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await cp(made, folder, { recursive: true });
  await writeConfig(folder, seal);
  const run = (command: MakeCommand, words: readonly string[], options: RunOptions = {}): Promise<Ended> =>
    runIn(folder, command, words, options);
  return {
    folder,
    store: join(folder, "store"),
    run,
    ingest: (lines, now) => ingestInto(folder, lines, now),
    async add(words, options) {
      const ended = await run(
        commands.hold,
        ["add", "--case", "K 12/26", "--basis", "order 7", ...words],
        options,
      );
      return { ...ended, id: /^hold ([0-9a-f]{8}) is placed/.exec(ended.stdout)?.[1] ?? "none" };
    },
    async paths(words, now = placedAt) {
      const asked = ["--output", "ndjson", "--columns", "path", ...words];
      const { status, stdout, stderr } = await run(commands.query, asked, { now });
      if (status !== 0) throw new Error(`the look-up ended with ${status}: ${stderr}`);
      const lines = stdout.split("\n").filter((line) => line !== "");
      return lines.map((line) => (JSON.parse(line) as { path: string }).path).sort();
    },
  };
}

function writeConfig(folder: string, seal: "age" | "none"): Promise<void> {
  const text = `node: web01
store: file://${folder}/store
state: ${folder}/state
seal: ${seal}
keys: { folder: ${folder}/keys }
classes: { standard: 30d }
quarantine: { term: 30d }
`;
  return writeFile(join(folder, "hostlog.yaml"), text);
}

async function runIn(
  folder: string,
  command: MakeCommand,
  words: readonly string[],
  { now = placedAt, change = (openContext) => openContext, world = {} }: RunOptions,
): Promise<Ended> {
  const own = await createCommandWorld({ workingDirectory: folder, homeDirectory: folder, ...world });
  const openContext = change(createOpenContext(own.surroundings));
  try {
    const [verb = "", ...rest] = words;
    const common = ["--config", join(folder, "hostlog.yaml"), "--now", now];
    const made = command(openContext);
    const args = made.commands.length > 0 ? [verb, ...common, ...rest] : [...common, ...words];
    await runCommand(made, ...args);
    return { status: 0, stdout: own.takeOutput(), stderr: own.takeErrors() };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return {
      status: error.exitCode,
      stdout: own.takeOutput(),
      stderr: `${own.takeErrors()}hostlog: ${error.message}\n`,
    };
  } finally {
    await own.end();
  }
}

async function ingestInto(folder: string, lines: readonly KnownLine[], now: string): Promise<void> {
  const logs = await mkdtemp(join(folder, "logs-"));
  for (const site of sites) {
    const ofSite = lines.filter((line) => line.site === site);
    if (ofSite.length === 0) continue;
    await writeFile(join(logs, `${site}.access.log`), logText(ofSite));
  }
  await mkdir(join(folder, "keys"), { recursive: true, mode: 0o700 });
  const words = [
    "ingest",
    "--config",
    join(folder, "hostlog.yaml"),
    "--now",
    now,
    "--format",
    'nginx:"$http_x_forwarded_for" [$time_local] "$request" $status $body_bytes_sent "$http_user_agent" $request_time',
    "--domain-from-file",
    "{domain}.access.log",
    join(logs, "*.log"),
  ];
  warm ??= startWarmHostlog();
  const environment = { HOSTLOG_KEYS: join(folder, "keys") };
  const { status, stderr } = await warm.run(words, { directory: folder, environment });
  if (status !== 0) throw new Error(`hostlog ingest ended with ${status}: ${stderr}`);
  await rm(logs, { recursive: true });
}

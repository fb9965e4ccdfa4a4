import { execFile } from "node:child_process";
import { promisify } from "node:util";

/** What one run of a variant took and made. Times are of the measured part alone. */
export interface Measurement {
  /** Lines or rows. */
  readonly count: number;
  /** User and system time of all threads. */
  readonly cpuSeconds: number;
  readonly wallSeconds: number;
  readonly outputBytes: number;
}

/** A way to do the job, by its name. The first is what the others are compared with. */
export type Variants = Readonly<Record<string, () => Promise<Measurement>>>;

export interface BenchmarkOptions {
  /** The file that calls, `import.meta.filename`: it is run again, once for each variant and round. */
  readonly script: string;
  readonly variants: Variants;
  readonly rounds: number;
  /** What `count` counts: `lines` or `rows`. */
  readonly unit: string;
  /** Passed on to the runs. */
  readonly arguments: readonly string[];
}

interface Run extends Measurement {
  readonly peakRssBytes: number;
}

const runAlone = promisify(execFile);
const VARIANT_FLAG = "--variant=";

/**
 * Runs each variant in a process of its own, in turn, `rounds` times, and prints the medians as a table. In
 * turn, because on a machine that others use too only what ran at the same time compares; medians, because
 * one disturbed run must not count; processes, because peak memory and compiled code are a process's own.
 */
export async function runBenchmark(options: BenchmarkOptions): Promise<void> {
  const flag = process.argv.find((argument) => argument.startsWith(VARIANT_FLAG));
  if (flag !== undefined) return runVariant(options.variants, flag.slice(VARIANT_FLAG.length));
  const names = Object.keys(options.variants);
  const runs = new Map<string, Run[]>(names.map((name) => [name, []]));
  for (let round = 0; round < options.rounds; round++) {
    for (const name of names) {
      const run = await startRun(options, name);
      runs.get(name)?.push(run);
      process.stderr.write(
        `round ${round + 1}: ${name}: ${run.cpuSeconds.toFixed(2)} s CPU, ${run.wallSeconds.toFixed(2)} s\n`,
      );
    }
  }
  process.stdout.write(`${tableOf(runs, options.unit)}\n`);
}

/** Measures `work`, which returns how much it did. Call it as often as there are parts; {@link total} adds them. */
export async function measure(
  work: () => Promise<{ readonly count: number; readonly outputBytes: number }>,
): Promise<Measurement> {
  const cpuBefore = process.cpuUsage();
  const wallBefore = performance.now();
  const done = await work();
  const cpu = process.cpuUsage(cpuBefore);
  return {
    ...done,
    cpuSeconds: (cpu.user + cpu.system) / 1e6,
    wallSeconds: (performance.now() - wallBefore) / 1000,
  };
}

export function total(parts: readonly Measurement[]): Measurement {
  const sum = (of: (part: Measurement) => number): number =>
    parts.reduce((before, part) => before + of(part), 0);
  return {
    count: sum((part) => part.count),
    cpuSeconds: sum((part) => part.cpuSeconds),
    wallSeconds: sum((part) => part.wallSeconds),
    outputBytes: sum((part) => part.outputBytes),
  };
}

async function runVariant(variants: Variants, name: string): Promise<void> {
  const variant = variants[name];
  if (variant === undefined) throw new Error(`no variant ${name}`);
  const run: Run = { ...(await variant()), peakRssBytes: process.resourceUsage().maxRSS * 1024 };
  process.stdout.write(JSON.stringify(run));
}

async function startRun({ script, arguments: given }: BenchmarkOptions, name: string): Promise<Run> {
  const { stdout } = await runAlone(process.execPath, ["--expose-gc", script, ...given, VARIANT_FLAG + name]);
  return JSON.parse(stdout) as Run;
}

function tableOf(runs: ReadonlyMap<string, readonly Run[]>, unit: string): string {
  const header = [
    "variant",
    `${unit}/CPU s`,
    "ratio",
    `${unit}/s`,
    "ratio",
    `bytes/${unit.slice(0, -1)}`,
    "peak RSS",
  ];
  const [first] = [...runs.values()];
  const perCpu = (run: Run): number => run.count / run.cpuSeconds;
  const perWall = (run: Run): number => run.count / run.wallSeconds;
  const rows = [...runs].map(([name, of]) => [
    name,
    thousands(median(of.map(perCpu))),
    ratio(of, first ?? [], perCpu),
    thousands(median(of.map(perWall))),
    ratio(of, first ?? [], perWall),
    median(of.map((run) => run.outputBytes / run.count)).toFixed(1),
    `${Math.round(median(of.map((run) => run.peakRssBytes)) / 2 ** 20)} MiB`,
  ]);
  return [header, header.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** The median of the rounds' own ratios: within a round both ran under the same load. */
function ratio(of: readonly Run[], against: readonly Run[], speed: (run: Run) => number): string {
  const ratios = of.flatMap((run, round) => {
    const other = against[round];
    return other === undefined ? [] : [speed(run) / speed(other)];
  });
  return median(ratios).toFixed(2);
}

/** Of an even number, the mean of the two in the middle. */
export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const upper = sorted[Math.floor(middle)] ?? Number.NaN;
  return Number.isInteger(middle) ? (upper + (sorted[middle - 1] ?? Number.NaN)) / 2 : upper;
}

function thousands(value: number): string {
  return `${Math.round(value / 1000)} k`;
}

// Checks who imports whom, by the rules of .dependency-cruiser.mjs. A check that saw no file has checked nothing,
// and dependency-cruiser calls that a success: here it fails.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const folders = ["src", "config", "ingest", "anonymize", "retention", "query", "test"];

const program = fileURLToPath(new URL("../node_modules/.bin/depcruise", import.meta.url));
const { status, stdout } = spawnSync(
  process.execPath,
  [program, "--config", ".dependency-cruiser.mjs", "--output-type", "json", ...folders],
  { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"], maxBuffer: 1 << 28 },
);
if (stdout === "") process.exit(status ?? 1);

const { modules, summary } = JSON.parse(stdout);
const seen = modules.map(({ source }) => source).filter((source) => folders.includes(source.split("/")[0]));

// test/tidy.test.ts compares the files that were seen with the files that there are.
if (process.argv.includes("--list")) {
  process.stdout.write(seen.map((source) => `${source}\n`).join(""));
  process.exit(0);
}

const comments = new Map(summary.ruleSetUsed.forbidden.map(({ name, comment }) => [name, comment]));
for (const { rule, from, to, cycle } of summary.violations) {
  const path = cycle === undefined ? [from, to] : [from, ...cycle.map(({ name }) => name)];
  process.stderr.write(`${rule.name}: ${path.join(" → ")}\n    ${comments.get(rule.name)}\n`);
}
const counts = `${summary.violations.length} violations, ${seen.length} files, ${summary.totalDependenciesCruised} imports`;
process.stdout.write(`boundaries: ${counts}\n`);
if (seen.length === 0) process.stderr.write("boundaries: no file was seen, so nothing was checked\n");
process.exit(seen.length === 0 || summary.violations.length > 0 ? 1 : 0);

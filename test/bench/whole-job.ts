import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runDuckdbJob } from "./duckdb-job.ts";
import { runBenchmark } from "./harness.ts";
import { ingestToFolder, parseAlone, parseToColumns } from "./hostlog-job.ts";
import { writeLog } from "./write-log.ts";

/**
 * `npm run bench [-- [--quick] [FILE]]`: the whole way from a log in vhost_combined to both views, its parts, and
 * DuckDB doing the same in SQL. Without a file it makes one.
 */
const given = process.argv.slice(2).filter((argument) => !argument.startsWith("--variant="));
const isQuick = given.includes("--quick");
const isChild = process.argv.some((argument) => argument.startsWith("--variant="));
const [file, folderOfParent] = given.filter((argument) => argument !== "--quick");
const folder = folderOfParent ?? (await mkdtemp(join(tmpdir(), "hostlog-bench-")));
const log = file ?? join(folder, "access.log");
if (!isChild && file === undefined) await writeLog(log, isQuick ? 100_000 : 1_000_000);

try {
  await runBenchmark({
    script: import.meta.filename,
    arguments: [log, folder],
    rounds: isQuick ? 1 : 5,
    unit: "lines",
    variants: {
      "DuckDB SQL, 1 thread": () => runDuckdbJob(log, 1),
      "DuckDB SQL, 2 threads": () => runDuckdbJob(log, 2),
      "hostlog: parse alone": () => parseAlone(log),
      "hostlog: parse to columns": () => parseToColumns(log),
      "hostlog ingest to a folder": () => ingestToFolder(log, folder, "age"),
      "hostlog ingest, not sealed": () => ingestToFolder(log, folder, "none"),
    },
  });
} finally {
  if (!isChild) await rm(folder, { recursive: true, force: true });
}

import { runDuckdbJob } from "./duckdb-job.ts";
import { runBenchmark } from "./harness.ts";

/** `npm run bench -- FILE`: the whole way from a log in vhost_combined to both views. */
const [log] = process.argv.slice(2);
if (log === undefined) throw new Error("give a log file in the vhost_combined format");

await runBenchmark({
  script: import.meta.filename,
  arguments: [log],
  rounds: 5,
  unit: "lines",
  variants: {
    "DuckDB SQL, 1 thread": () => runDuckdbJob(log, 1),
    "DuckDB SQL, 2 threads": () => runDuckdbJob(log, 2),
  },
});

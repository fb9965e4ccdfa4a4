import fc from "fast-check";

// In CI a landing must never fail by luck: the seed is fixed. `npm run fuzz` is where luck is wanted.
const runs = process.env["HOSTLOG_FUZZ_RUNS"];
if (runs !== undefined) fc.configureGlobal({ numRuns: Number(runs) });
else fc.configureGlobal({ seed: 20_261_122, numRuns: 100 });

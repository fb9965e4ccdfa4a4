// Prints "PASSED FAILED" for a report of vitest's JSON reporter, and how its program ended. A run that left no report,
// ran no test, or ended badly though no test failed, counts as one failure.
import { readFileSync } from "node:fs";

const [path, status] = process.argv.slice(2);
const { numPassedTests: passed, numFailedTests: failed } = readReport(path);
const isSilentFailure = failed === 0 && (passed === 0 || status !== "0");
process.stdout.write(`${passed} ${isSilentFailure ? 1 : failed}\n`);

function readReport(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return { numPassedTests: 0, numFailedTests: 0 };
  }
}

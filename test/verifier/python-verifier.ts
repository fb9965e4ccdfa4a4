import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Question } from "./question.ts";

const script = fileURLToPath(new URL("second-verifier.py", import.meta.url));

/** Where they are missing, nothing is shown of the text of docs/ledger.md: then what needs them is skipped, and says so. */
const missingTools: string = ["python3", "openssl"]
  .filter((program) => spawnSync(program, ["version"]).error !== undefined)
  .join(" and ");

if (missingTools !== "") {
  const message = `${missingTools} missing, the second verifier of ledgers is not run`;
  if (process.env["HOSTLOG_TEST_REQUIRE_PYTHON"] === "1") throw new Error(message);
  process.stderr.write(`${message}\n`);
}

/** The second verifier: one process for many ledgers, which remembers the signatures that it has seen. */
export interface PythonVerifier {
  /** What it prints. One question at a time. */
  ask(question: Question): Promise<unknown>;
  end(): Promise<void>;
}

/** Undefined where Python or openssl is missing. */
export function startPythonVerifier(): PythonVerifier | undefined {
  if (missingTools !== "") return undefined;
  const child = spawn("python3", ["-B", script], { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async ask({ folder, keys = [], head = null, store = null }) {
      child.stdin.write(`${JSON.stringify({ folder, keys, head, store })}\n`);
      const { value, done } = await lines.next();
      if (done === true) throw new Error("the second verifier ended, see above");
      return JSON.parse(value) as unknown;
    },
    async end() {
      if (child.exitCode !== null) return;
      child.stdin.end();
      await once(child, "close");
    },
  };
}

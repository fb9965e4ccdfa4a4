import { spawn, spawnSync } from "node:child_process";
import { readdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { readLine } from "../../src/commands/ask-secret.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

describe("readLine", () => {
  it.each([
    ["granite\r", "granite", ""],
    ["granite\n", "granite", ""],
    ["one\rtwo\r", "one", "two\r"],
    ["ab\u007fc\b\bd\r", "d", ""],
    ["wrong\u0015right\r", "right", ""],
    ["pässwörd 🗝\r", "pässwörd 🗝", ""],
    ["🗝\u007f\r", "", ""],
  ])("reads %j as %j", (typed, answer, rest) => {
    expect(readLine(typed)).toEqual({ kind: "answer", answer, rest });
  });

  it("waits for the end of the line, and stops at the keys that interrupt", () => {
    expect(readLine("granite")).toEqual({ kind: "more" });
    expect(readLine("granite\u0003")).toEqual({ kind: "stopped" });
    expect(readLine("\u0004")).toEqual({ kind: "stopped" });
    expect(readLine("x".repeat(2000))).toEqual({ kind: "stopped" });
  });
});

/** Of util-linux: it gives a program a terminal. */
const terminal = "script";
const hasTerminal = spawnSync(terminal, ["--version"], { stdio: "ignore" }).status === 0;

const program = fileURLToPath(new URL("../../dist/src/main.js", import.meta.url));

/** Runs the built program on a terminal of its own, and types each answer once its question is there. */
async function onTerminal(
  directory: string,
  command: string,
  answers: readonly (readonly [question: string, answer: string])[],
): Promise<{ readonly screen: string; readonly status: number | null }> {
  const child = spawn(terminal, ["-qefc", `"${process.execPath}" "${program}" ${command}`, "/dev/null"], {
    cwd: directory,
    env: { PATH: process.env["PATH"], HOME: directory, HOSTLOG_KEYS: `${directory}/keys` },
  });
  let screen = "";
  const left = [...answers];
  child.stdout.on("data", (chunk: Buffer) => {
    screen += chunk.toString();
    const [next] = left;
    if (next === undefined || !screen.includes(next[0])) return;
    left.shift();
    child.stdin.write(`${next[1]}\r`);
  });
  const status = await new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
  return { screen, status };
}

describe.skipIf(!hasTerminal)(
  `a passphrase on a terminal${hasTerminal ? "" : " (SKIPPED, script of util-linux is missing)"}`,
  () => {
    it("is asked for twice, never shown, and refused when the two differ", async () => {
      const folder = await temporaryFolder();
      const { screen, status } = await onTerminal(folder, "init --team --store store", [
        ["new passphrase: ", "granite lantern tuesday orbit"],
        ["the same again: ", "granite lantern tuesday orbits"],
      ]);
      expect(screen).toContain("the two passphrases differ");
      expect(screen).not.toContain("granite");
      expect(status).toBe(64);
      expect(await readdir(folder)).toEqual([]);
    });
  },
);

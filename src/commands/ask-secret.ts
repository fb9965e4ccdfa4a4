import type { ReadStream } from "node:tty";
import { UserError } from "../errors.ts";
import { exitCode } from "../exit-code.ts";

/** Asks on the terminal without an echo; undefined where nobody is there to answer. */
export type AskSecret = (question: string) => Promise<string | undefined>;

/** What is typed at most: a longer answer is a file that was pasted by mistake. */
const ANSWER_CHARACTERS_MAX = 1024;

const ENTER: ReadonlySet<string> = new Set(["\r", "\n"]);
const END_OF_INPUT = "\u0004";
const INTERRUPT = "\u0003";
const ERASE_LINE = "\u0015";
const ERASE: ReadonlySet<string> = new Set(["\b", "\u007f"]);

/** The question goes to standard error, so that standard output stays what the command answers. */
export const askOnTerminal: AskSecret = async (question) => {
  const { stdin, stderr } = process;
  if (!stdin.isTTY || !stderr.isTTY) return undefined;
  // Before the question: whoever answers at once is not shown either.
  stdin.setRawMode(true);
  stderr.write(question);
  try {
    return await readAnswer(stdin);
  } finally {
    stdin.setRawMode(false);
    stdin.pause();
    stderr.write("\n");
  }
};

function readAnswer(stdin: ReadStream): Promise<string> {
  return new Promise((resolve, reject) => {
    let typed = "";
    const end = (act: () => void): void => {
      stdin.removeListener("data", onData);
      act();
    };
    const onData = (chunk: Buffer | string): void => {
      typed += chunk.toString();
      const reading = readLine(typed);
      if (reading.kind === "more") return;
      end(() => {
        if (reading.kind === "stopped") {
          reject(new UserError("stopped at the question; nothing was done", exitCode.usage));
          return;
        }
        // The answer to the next question may have been typed ahead.
        if (reading.rest !== "") stdin.unshift(reading.rest);
        resolve(reading.answer);
      });
    };
    stdin.setEncoding("utf8");
    stdin.on("data", onData);
    // It was paused behind the question before.
    stdin.resume();
  });
}

type Reading =
  | { readonly kind: "answer"; readonly answer: string; readonly rest: string }
  | { readonly kind: "more" }
  | { readonly kind: "stopped" };

/** What a person meant by what was typed so far, with the keys of a terminal that edit a line. */
export function readLine(typed: string): Reading {
  const characters = Array.from(typed);
  const answer: string[] = [];
  for (const [index, character] of characters.entries()) {
    if (ENTER.has(character)) {
      return { kind: "answer", answer: answer.join(""), rest: characters.slice(index + 1).join("") };
    }
    if (character === INTERRUPT || character === END_OF_INPUT) return { kind: "stopped" };
    if (character === ERASE_LINE) answer.length = 0;
    else if (ERASE.has(character)) answer.pop();
    else answer.push(character);
    if (answer.length > ANSWER_CHARACTERS_MAX) return { kind: "stopped" };
  }
  return { kind: "more" };
}

import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { type Finished, programEnvironment } from "./run-hostlog.ts";

const script = fileURLToPath(new URL("warm-hostlog.mjs", import.meta.url));

type Answer = Finished | { readonly bug: string };

/** The built commands, loaded once. What the program is as a process, its start, its signals and its end, is not here. */
export interface WarmHostlog {
  /** As `runHostlog`, one at a time. */
  run(args: readonly string[], options: WarmOptions): Promise<Finished>;
  end(): Promise<void>;
}

export interface WarmOptions {
  readonly directory: string;
  readonly environment?: Readonly<Record<string, string>>;
}

export function startWarmHostlog(): WarmHostlog {
  const child = fork(script);
  let settle: (answer: Answer) => void = () => undefined;
  child.on("message", (answer: Answer) => settle(answer));
  child.on("close", (code, signal) => settle({ bug: `the commands' process ended: ${code ?? signal}` }));
  return {
    async run(args, { directory, environment = {} }) {
      const answer = await new Promise<Answer>((resolve) => {
        settle = resolve;
        child.send({ args, directory, environment: programEnvironment(directory, environment) });
      });
      if ("bug" in answer) throw new Error(answer.bug);
      return answer;
    },
    async end() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill();
      await once(child, "close");
    },
  };
}

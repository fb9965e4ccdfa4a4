import { Option } from "commander";
import type { CommonOptions, Context } from "./context.ts";

/** How what retention does and would do is written. */
export interface OutputOptions extends CommonOptions {
  readonly output?: "table" | "json";
  /** A person says that this machine's clock is right, though the ledger has records of the future. */
  readonly clockIsRight?: boolean;
}

export function outputOption(): Option {
  return new Option("--output <form>", "by default a table on a terminal, else JSON").choices([
    "table",
    "json",
  ]);
}

export function isTable({ stdout }: Context, { output }: OutputOptions): boolean {
  if (output !== undefined) return output === "table";
  return "isTTY" in stdout && stdout.isTTY === true;
}

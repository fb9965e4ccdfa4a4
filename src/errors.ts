import type { ExitCode } from "./exit-code.ts";

/**
 * Something that the person who called can put right. The message says what is wrong and what to do; it is
 * printed without a stack. It never holds a visitor's address, path or agent.
 */
export class UserError extends Error {
  override readonly name = "UserError";
  readonly exitCode: ExitCode;

  constructor(message: string, exitCode: ExitCode, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

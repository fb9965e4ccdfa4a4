import { UserError } from "../../src/errors.ts";
import { exitCode } from "../../src/exit-code.ts";

/** A mistake in a format that the operator gave, at a position in its text: 1-based, in characters. */
export function formatError(text: string, position: number, message: string): UserError {
  const shown = text.slice(position - 1, position + 19);
  return new UserError(`log format, character ${position} (at \`${shown}\`): ${message}`, exitCode.config);
}

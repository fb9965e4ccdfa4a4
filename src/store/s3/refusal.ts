import { s3TroubleOf } from "./s3-trouble.ts";

/**
 * How a server says that it will not do an operation at all: these credentials may not, or it does not know
 * the operation (501, 405). Undefined for anything else.
 */
export type Refusal = "denied" | "unsupported";

export function refusalOf(error: unknown): Refusal | undefined {
  if (!(error instanceof Error)) return undefined;
  if (error.name === "AccessDenied") return "denied";
  return s3TroubleOf(error) === "unsupported" ? "unsupported" : undefined;
}

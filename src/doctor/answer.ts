import { type Check, type Finding, notTried, warning } from "./finding.ts";

/** What came of a question to a store. */
export type Answer<Value> =
  | { readonly kind: "given"; readonly value: Value }
  /** These credentials may not. */
  | { readonly kind: "denied" }
  /** The server does not know what was asked for (501, 405). */
  | { readonly kind: "unsupported" }
  /** Nobody asked, for this reason: a clause. */
  | { readonly kind: "not-asked"; readonly reason: string }
  /** It failed; the message says why and what to do. */
  | { readonly kind: "failed"; readonly message: string; readonly mayPass: boolean };

export function given<Value>(value: Value): Answer<Value> {
  return { kind: "given", value };
}

export type NoAnswer = Exclude<Answer<never>, { readonly kind: "given" }>;

export function notAsked(reason: string): NoAnswer {
  return { kind: "not-asked", reason };
}

/** What is to be said where the answer is not what was hoped for. */
export interface Otherwise {
  /** What these credentials may not: "see whether the bucket keeps versions". */
  readonly act: string;
  /** What hangs on the question, for who does not know. */
  readonly unknown: string;
  /** When the server does not know the operation. Undefined: not tried. */
  readonly unsupported?: Finding;
  /** When it failed. Undefined: a warning with the message. */
  readonly failed?: (message: string) => Finding;
}

/** Judges a value; where there is none, says so in the one way for all checks. */
export function judge<Value>(
  check: Check,
  answer: Answer<Value>,
  otherwise: Otherwise,
  judgeValue: (value: Value) => Finding,
): Finding {
  switch (answer.kind) {
    case "given":
      return judgeValue(answer.value);
    case "denied":
      return notTried(check, `these credentials may not ${otherwise.act}`, otherwise.unknown);
    case "not-asked":
      return notTried(check, answer.reason, otherwise.unknown);
    case "unsupported":
      return (
        otherwise.unsupported ??
        notTried(check, `the server does not let anybody ${otherwise.act}`, otherwise.unknown)
      );
    case "failed":
      return (
        otherwise.failed?.(answer.message) ??
        warning(check, `it could not be found out: ${answer.message}`, otherwise.unknown)
      );
  }
}

import type { TimeToken } from "./compile-time.ts";
import type { keep, shape } from "./walk.ts";

/** What a value of a line may become. Each is taken once; of several that could be it, the best. */
export type Slot =
  | "client"
  | "remoteUser"
  | "method"
  | "path"
  | "query"
  | "protocol"
  | "referrer"
  | "userAgent"
  | "domain"
  | "requestHost"
  | "status"
  | "bytesSent"
  | "durationMs";

/** What a variable or directive means: how its value looks, what it fills, how good a source of that it is. */
export interface Meaning {
  readonly shape: (typeof shape)[keyof typeof shape];
  readonly keep: (typeof keep)[keyof typeof keep];
  readonly slots: readonly Slot[];
  /** 0 is the best source of the slots; of equals the first in the format is taken. */
  readonly rank: number;
  readonly unitMs: number;
}

/** A piece of a format: literal text, a value, or (part of) the time. */
export type FormatToken =
  | { readonly kind: "literal"; readonly text: string }
  | { readonly kind: "value"; readonly source: string; readonly position: number; readonly meaning: Meaning }
  | {
      readonly kind: "time";
      readonly source: string;
      readonly position: number;
      readonly time: readonly TimeToken[];
    };

export type ValueToken = Extract<FormatToken, { kind: "value" }>;
export type TimeTokens = Extract<FormatToken, { kind: "time" }>;

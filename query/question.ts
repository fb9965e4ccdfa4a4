import type { Network } from "../src/address.ts";
import type { DomainFilter } from "./domain-filter.ts";
import type { ResultColumn } from "./result-column.ts";
import type { StatusRange } from "./status-range.ts";
import type { PathPattern } from "./text-pattern.ts";
import type { QueryView } from "./view-schema.ts";

/**
 * What is asked, with everything that people write in several ways written in one. Filters of one kind are
 * alternatives; all kinds that are given must hold; an empty list asks for nothing. Made by `readQuestion`.
 */
export interface Question {
  readonly view: QueryView;
  readonly fromMs: number;
  /** Exclusive. */
  readonly toMs: number;
  readonly domains: readonly DomainFilter[];
  readonly networks: readonly Network[];
  readonly paths: readonly PathPattern[];
  readonly statuses: readonly StatusRange[];
  /** Upper case; compared without regard to case. */
  readonly methods: readonly string[];
  /** Stored text; found anywhere in the agent, without regard to case. */
  readonly agent: string | undefined;
  /** Undefined: every row. */
  readonly limit: number | undefined;
  readonly columns: readonly ResultColumn[];
  /** The id of a hold: what was copied for it is asked, and nothing else. Without it, everything but such copies. */
  readonly hold?: string;
}

import type { Day } from "../day.ts";
import type { View } from "../view.ts";

/**
 * Certifies that objects of one view and day were destroyed because their term had ended. It is written
 * when a new listing no longer shows them; a day of very many objects has several such records.
 */
export interface PurgeRecord {
  readonly kind: "purge";
  readonly view: View;
  readonly day: Day;
  /** When the run began, ISO 8601. */
  readonly at: string;
  /** `argument` when the clock was given by `--now`, which only a store made for drills allows. */
  readonly clock: "system" | "argument";
  /** The rules under which the objects were due. */
  readonly policy: readonly PurgeRule[];
  /** What is gone. Sizes as they were listed before. */
  readonly objects: readonly PurgedObject[];
  /** Objects of this view and day that were due too and could not be removed. They have no record yet. */
  readonly failures: number;
}

export interface PurgedObject {
  /** Below the view's root. */
  readonly key: string;
  readonly sizeBytes: number;
}

export interface PurgeRule {
  /**
   * `class`: the term the config gave to the class. `ceiling`: the config no longer knew the class, so that
   * only the longest term applied. `quarantine`: the one term of quarantine, whatever the class.
   */
  readonly kind: "class" | "ceiling" | "quarantine";
  /** As in the objects' keys. */
  readonly retentionClass: string;
  /** Such as `2y`. */
  readonly term: string;
  /** The day from whose 00:00 UTC the objects had to be gone. */
  readonly dueDay: Day;
}

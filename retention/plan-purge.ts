import { addDays, type Day } from "../src/day.ts";
import { parseKey } from "../src/partition.ts";
import type { StoredObject } from "../src/store/object-store.ts";
import { lastDayKept } from "../src/term.ts";
import { type View, views } from "../src/view.ts";
import { type RetentionPolicy, type Rule, ruleFor } from "./rule-for.ts";

/** Every listed object stands in exactly one of the three lists, with the reason it is there. */
export interface PurgePlan {
  readonly today: Day;
  readonly destroy: readonly Expired[];
  readonly keep: readonly Kept[];
  /** Objects that hostlog does not write. They are reported and never deleted. */
  readonly unrecognised: readonly ListedObject[];
}

export interface ListedObject extends StoredObject {
  readonly view: View;
}

/** An object whose name says what it holds. */
export interface NamedObject extends ListedObject {
  readonly day: Day;
  readonly retentionClass: string;
}

export interface Expired extends NamedObject {
  /** The day from whose 00:00 UTC it had to be gone. */
  readonly dueDay: Day;
  readonly rule: Rule;
}

export interface Kept extends NamedObject {
  readonly because: KeepReason;
}

export type KeepReason = {
  readonly kind: "term";
  /** It is due the day after. */
  readonly lastDay: Day;
  readonly rule: Rule;
};

/**
 * Decides what a purge destroys. Pure: the same listings, policy and day give the same plan, so that what
 * `retention plan` shows is what `retention run` does.
 */
export function planPurge({
  listings,
  policy,
  today,
}: {
  readonly listings: Readonly<Record<View, readonly StoredObject[]>>;
  readonly policy: RetentionPolicy;
  readonly today: Day;
}): PurgePlan {
  const destroy: Expired[] = [];
  const keep: Kept[] = [];
  const unrecognised: ListedObject[] = [];
  for (const view of views) {
    for (const { key, sizeBytes } of listings[view]) {
      const name = parseKey(key);
      if (name === undefined) {
        unrecognised.push({ view, key, sizeBytes });
        continue;
      }
      const object = { view, key, sizeBytes, day: name.day, retentionClass: name.retentionClass };
      const rule = ruleFor(view, name.retentionClass, policy);
      const lastDay = lastDayKept(name.day, rule.term);
      if (today > lastDay) destroy.push({ ...object, dueDay: addDays(lastDay, 1), rule });
      else keep.push({ ...object, because: { kind: "term", lastDay, rule } });
    }
  }
  return { today, destroy, keep, unrecognised };
}

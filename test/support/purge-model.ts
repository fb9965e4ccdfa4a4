import { decidePurge } from "../../retention/decide-purge.ts";
import { groupName } from "../../retention/group-name.ts";
import type { ListedGroup } from "../../retention/listing-summary.ts";
import type { PurgeDecision } from "../../retention/purge-decision.ts";
import type { RetentionPolicy } from "../../retention/rule-for.ts";
import type { RecordBody } from "../../src/ledger/record.ts";
import { policyOf, stateOf } from "./purge-objects.ts";

/**
 * A store and its control chain, on which decisions are made and carried out: everything that a run does to them, and
 * nothing of how. Time is what the caller says.
 */
export interface PurgeModel {
  groups: ListedGroup[];
  readonly records: RecordBody[];
  policy: RetentionPolicy;
  lastCheckpointMs: number | undefined;
}

export function modelOf(groups: readonly ListedGroup[], policy: RetentionPolicy = policyOf()): PurgeModel {
  return { groups: [...groups], records: [], policy, lastCheckpointMs: undefined };
}

export function decideIn(model: PurgeModel, at: string | number, storeMs?: number): PurgeDecision {
  const state = stateOf(model.records);
  const ms = typeof at === "number" ? at : Date.parse(at);
  return decidePurge({
    groups: model.groups,
    unrecognised: [],
    policy: model.policy,
    state,
    now: { ms, isArgument: false },
    clocks: { storeMs, newestRecordMs: state.newestRecordMs },
  });
}

/**
 * A whole run, or one that is killed before its effect number `effects` (0: before the first). Returns the decision.
 */
export function runIn(
  model: PurgeModel,
  at: string | number,
  effects = Number.POSITIVE_INFINITY,
): PurgeDecision {
  const decision = decideIn(model, at);
  for (const [index, effect] of effectsOf(model, decision).entries()) {
    if (index >= effects) return decision;
    effect();
  }
  return decision;
}

type Effect = () => void;

/** In the order in which a run has them. */
function effectsOf(model: PurgeModel, decision: PurgeDecision): readonly Effect[] {
  if (decision.refusals.length > 0) return [];
  const stamp = { at: new Date(decision.nowMs).toISOString(), clock: "system" } as const;
  const numbers = new Map<string, number>();
  const { policyRecord } = decision;
  return [
    ...(policyRecord === undefined ? [] : [() => void model.records.push({ ...policyRecord, ...stamp })]),
    ...decision.plans.map(({ kind, ...plan }) => () => {
      numbers.set(kind, model.records.push({ kind: "purge-planned", ...stamp, ...plan }));
    }),
    ...decision.resume.flatMap(({ sequence, record }) =>
      purgeEffects(model, () => sequence, {
        ...stamp,
        group: record.group,
        rule: record.rule,
        plan: record.plan,
      }),
    ),
    ...decision.destroy.flatMap(({ group, rule, plan }) => {
      const { view, day, retentionClass } = group;
      const name = { view, day, retentionClass };
      let begun = 0;
      const fields = { ...stamp, group: name, rule, plan: 0 };
      const begin = (): void => {
        fields.plan = typeof plan === "number" ? plan : (numbers.get(plan) ?? 0);
        begun = model.records.push({ kind: "purge-begun", ...fields, inventory });
      };
      return [begin, ...purgeEffects(model, () => begun, fields)];
    }),
    () => void model.records.push({ kind: "retention-ran", ...stamp, clocks, certified: 0, overdue: 0 }),
  ];
}

const inventory = { key: "inventories/0.json.gz", sizeBytes: 0, sha256: "0".repeat(64) };
const clocks = { local: "", store: null };

type PurgeFields = Pick<
  Extract<RecordBody, { readonly kind: "purge-certificate" }>,
  "at" | "clock" | "group" | "rule" | "plan"
>;

/** Objects go in two steps, so that a kill can come between them. */
function purgeEffects(model: PurgeModel, begun: () => number, fields: PurgeFields): readonly Effect[] {
  const name = groupName(fields.group);
  return [
    () => {
      model.groups = model.groups.map((group) =>
        groupName(group) === name && group.objects > 1
          ? { ...group, objects: group.objects - 1, sizeBytes: group.sizeBytes / 2 }
          : group,
      );
    },
    () => {
      model.groups = model.groups.filter((group) => groupName(group) !== name);
    },
    () =>
      void model.records.push({
        kind: "purge-certificate",
        ...fields,
        begun: begun(),
        inventory,
        objects: 1,
        versions: 0,
        deleteMarkers: 0,
        uploads: 0,
        rows: 0,
        sizeBytes: 0,
        unrecordedObjects: 0,
        clocks,
        keys: { kind: "none" },
        holds: [],
        verification: { at: fields.at, listings: 1 },
        exceptions: [],
        by: "test",
      }),
  ];
}

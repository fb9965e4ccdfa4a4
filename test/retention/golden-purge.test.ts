import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { type Config } from "../../config/config.ts";
import { parseConfig } from "../../config/parse-config.ts";
import { decidePurge } from "../../retention/decide-purge.ts";
import { createListingSummary, type ListingSummary } from "../../retention/listing-summary.ts";
import type { PurgeDecision, WaitReason } from "../../retention/purge-decision.ts";
import { renderPlanTable } from "../../retention/render-plan-table.ts";
import type { RuledGroup } from "../../retention/ruled-group.ts";
import type { RecordBody } from "../../src/ledger/record.ts";
import { terminalText } from "../../src/terminal-text.ts";
import { views } from "../../src/view.ts";
import { stateOf } from "../support/purge-objects.ts";

/**
 * One folder a case: `objects.txt` (a line each: view, key, bytes), `policy.json` (`now`, what the store's clock says if it
 * has one, and parts of a config), perhaps `records.json` (what the control chain holds), and what comes of it.
 */
const folder = new URL("../golden/purge/", import.meta.url).pathname;

const policySchema = z.looseObject({ now: z.string(), storeClock: z.string().optional() });

describe("decidePurge, case by case", () => {
  it.each(readdirSync(folder))("%s", async (name) => {
    const { now, storeClock, ...settings } = policySchema.parse(JSON.parse(read(name, "policy.json")));
    const { classes, quarantineTerm } = configOf(JSON.stringify({ store: "s3://logs", ...settings }));
    const listed = listingIn(read(name, "objects.txt"));
    const state = stateOf(recordsIn(name));
    const decision = decidePurge({
      groups: listed.groups(),
      unrecognised: listed.unrecognised,
      policy: { classes, quarantineTerm, holds: [] },
      state,
      now: { ms: Date.parse(now), isArgument: false },
      clocks: {
        storeMs: storeClock === undefined ? undefined : Date.parse(storeClock),
        newestRecordMs: state.newestRecordMs,
      },
    });
    await expect(`${listing(decision)}\n${renderPlanTable(decision)}`).toMatchFileSnapshot(
      join(folder, name, "expected.txt"),
    );
  });
});

function read(name: string, file: string): string {
  return readFileSync(join(folder, name, file), "utf8");
}

function recordsIn(name: string): readonly RecordBody[] {
  return existsSync(join(folder, name, "records.json")) ? JSON.parse(read(name, "records.json")) : [];
}

function configOf(text: string): Config {
  const parsed = parseConfig(text, { node: "web-1" });
  if (parsed.kind === "config") return parsed.config;
  throw new Error(JSON.stringify(parsed.problems));
}

function listingIn(text: string): ListingSummary {
  const summary = createListingSummary();
  for (const line of text.trim().split("\n").filter(Boolean)) {
    const [viewText, key = "", size] = line.split(" ");
    const view = views.find((candidate) => candidate === viewText);
    if (view === undefined) throw new Error(`no view in ${line}`);
    summary.take(view, { key, sizeBytes: Number(size) });
  }
  return summary;
}

function listing({ plans, destroy, resume, waiting, keep, overdue, unrecognised }: PurgeDecision): string {
  const lines = [
    ...plans.map(
      ({ kind, groups, notBefore }) => `record a plan (${kind}) of ${groups.length}, not before ${notBefore}`,
    ),
    ...resume.map(
      ({ sequence, listed }) => `resume ${sequence}${listed === undefined ? "" : ` ${textOf(listed)}`}`,
    ),
    ...destroy.map((one) => `destroy ${textOf(one)}, plan ${one.plan}`),
    ...waiting.map((one) => `wait ${textOf(one)}, ${reasonOf(one.because)}`),
    ...keep.map((one) => `keep ${textOf(one)}`),
    ...overdue.map((one) => `overdue ${textOf(one)}, since ${one.since}`),
    ...unrecognised.map(({ view, key }) => `unrecognised ${view} ${terminalText(key)}`),
  ];
  return `${lines.join("\n")}\n`;
}

function textOf({ group, rule }: RuledGroup): string {
  return `${group.view} ${group.day} ${group.retentionClass} due ${rule.dueDay}: ${rule.kind} ${rule.term}`;
}

function reasonOf(because: WaitReason): string {
  if (because.kind === "refused") return because.kind;
  return `${because.kind}, plan ${because.plan}${because.kind === "grace" ? `, until ${because.until}` : ""}`;
}

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { type Config } from "../../config/config.ts";
import { parseConfig } from "../../config/parse-config.ts";
import { type PurgePlan, planPurge } from "../../retention/plan-purge.ts";
import { renderPlanTable } from "../../retention/render-plan.ts";
import type { StoredObject } from "../../src/store/object-store.ts";
import { formatTerm } from "../../src/term.ts";
import { type View, views } from "../../src/view.ts";
import { dayOf } from "../support/purge-objects.ts";

/**
 * One folder a case: `objects.txt` (a line each: view, key, bytes), `policy.json` (`today`, and parts of a
 * config), and what comes of it.
 */
const folder = new URL("../golden/purge/", import.meta.url).pathname;

const policySchema = z.looseObject({ today: z.string() });

describe("planPurge, case by case", () => {
  it.each(readdirSync(folder))("%s", async (name) => {
    const { today, ...settings } = policySchema.parse(JSON.parse(read(name, "policy.json")));
    const plan = planPurge({
      listings: listingsIn(read(name, "objects.txt")),
      policy: configOf(JSON.stringify({ store: "s3://logs", ...settings })),
      today: dayOf(today),
    });
    await expect(`${listing(plan)}\n${renderPlanTable(plan)}`).toMatchFileSnapshot(
      join(folder, name, "expected.txt"),
    );
  });
});

function read(name: string, file: string): string {
  return readFileSync(join(folder, name, file), "utf8");
}

function configOf(text: string): Config {
  const parsed = parseConfig(text, { node: "web-1" });
  if (parsed.kind === "config") return parsed.config;
  throw new Error(JSON.stringify(parsed.problems));
}

function listingsIn(text: string): Readonly<Record<View, readonly StoredObject[]>> {
  const listings: Record<View, StoredObject[]> = { raw: [], analytics: [], quarantine: [] };
  for (const line of text.trim().split("\n").filter(Boolean)) {
    const [viewText, key = "", size] = line.split(" ");
    const view = views.find((candidate) => candidate === viewText);
    if (view === undefined) throw new Error(`no view in ${line}`);
    listings[view].push({ key, sizeBytes: Number(size) });
  }
  return listings;
}

function listing({ destroy, keep, unrecognised }: PurgePlan): string {
  const lines = [
    ...destroy.map(
      ({ view, key, dueDay, rule }) =>
        `destroy ${view} ${key} due ${dueDay}: ${rule.kind} ${formatTerm(rule.term)}`,
    ),
    ...keep.map(
      ({ view, key, because }) =>
        `keep ${view} ${key} through ${because.lastDay}: ${because.rule.kind} ${formatTerm(because.rule.term)}`,
    ),
    ...unrecognised.map(({ view, key }) => `unrecognised ${view} ${encodeURI(key)}`),
  ];
  return `${lines.join("\n")}\n`;
}

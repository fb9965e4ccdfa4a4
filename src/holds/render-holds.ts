import type { Day } from "../day.ts";
import { counted } from "../keyring/counted.ts";
import { renderTable } from "../keyring/render-table.ts";
import type { HoldScope } from "./hold-scope.ts";
import { type Hold, isLive, lastDayOf } from "./hold-state.ts";

export interface ListedHold {
  readonly hold: Hold;
  /** Undefined for who cannot open it: how much it names is known to everybody. */
  readonly scope: HoldScope | undefined;
}

/** Beyond this a cell says how many more there are. */
const VALUES_SHOWN = 3;

/** Holds for a terminal. */
export function renderHoldsTable(listed: readonly ListedHold[], today: Day): string {
  if (listed.length === 0) return "there is no hold\n";
  const rows = listed.map(({ hold, scope }) => [
    hold.id,
    hold.case,
    hold.firstDay,
    hold.lastDay,
    stateText(hold, today),
    rowsOf(hold).toLocaleString("en-US"),
    scope === undefined ? scopeCountText(hold) : scopeText(scope),
  ]);
  const table = renderTable([["HOLD", "CASE", "FROM", "TO", "KEPT", "ROWS", "FOR"], ...rows], [5]);
  return `${table.join("\n")}\n`;
}

/** Holds for programs, on one line. */
export function renderHoldsJson(listed: readonly ListedHold[], today: Day): string {
  const fields = listed.map(({ hold, scope }) => ({
    hold: hold.id,
    case: hold.case,
    basis: hold.basis,
    first_day: hold.firstDay,
    last_day: hold.lastDay,
    placed_at: hold.placedAt,
    last_day_kept: lastDayOf(hold),
    lifted_at: hold.liftedAt ?? null,
    is_live: isLive(hold, today),
    domain_count: hold.domains,
    address_count: hold.addresses,
    scope: scope === undefined ? null : { domains: scope.domains, addresses: scope.addresses },
    days_looked_through: hold.copied.size,
    rows: rowsOf(hold),
    objects: [...hold.copied.values()].flat().flatMap(({ outputs }) => outputs.map(({ key }) => key)),
  }));
  return `${JSON.stringify({ kind: "holds", today, holds: fields })}\n`;
}

function rowsOf({ copied }: Hold): number {
  return [...copied.values()].flat().reduce((sum, { rows }) => sum + rows, 0);
}

function stateText(hold: Hold, today: Day): string {
  if (isLive(hold, today)) return `until ${hold.end}`;
  return hold.liftedAt === undefined ? `ended ${hold.end}` : `lifted ${hold.liftedAt.slice(0, 10)}`;
}

/** How much a hold names, for who may not know what. */
export function scopeCountText({ domains, addresses }: Pick<Hold, "domains" | "addresses">): string {
  return `${counted(domains, "domain")}, ${addresses} ${addresses === 1 ? "address" : "addresses"}`;
}

function scopeText({ domains, addresses }: HoldScope): string {
  return [domains, addresses]
    .filter((values) => values.length > 0)
    .map(valuesText)
    .join(" from ");
}

function valuesText(values: readonly string[]): string {
  const rest = values.length - VALUES_SHOWN;
  return values.slice(0, VALUES_SHOWN).join(", ") + (rest > 0 ? ` and ${rest} more` : "");
}

import { isHoldClass } from "../partition.ts";
import { counted } from "./counted.ts";
import type { KeyringReport } from "./plan-report.ts";
import type { SeriesReport } from "./plan-series.ts";
import { renderTable } from "./render-table.ts";

/** A report for a terminal: who holds the keys, how many there are of which days, then what is alarming. */
export function renderReportTable({
  keyring,
  series,
  published,
  exports,
  alarms,
  today,
}: KeyringReport): string {
  const people = keyring.people.length === 0 ? ["a passphrase"] : keyring.people;
  const lines = [
    `keyring    ${keyring.kind}, in ${keyring.folder}`,
    `store      ${keyring.storeId}`,
    `provider   ${keyring.providerKey}`,
    `custodian  ${keyring.custodianRecipient}`,
    ...(keyring.kind === "small"
      ? []
      : people.map((person, index) => (index === 0 ? "opened by" : "").padEnd(11) + person)),
    `published  ${published === undefined ? "nothing" : `generation ${published.generation}, ${age(published.ageDays)}`}`,
    `exports    ${exports.outstanding.length === 0 ? "none" : `${exports.outstanding.join(", ")}, the newest of ${exports.newestAt}`}`,
    "",
    ...renderTable(
      [["VIEW", "CLASS", "FROM", "TO", "KEPT", "DESTROYED", "DAYS LEFT"], ...series.map((one) => rowOf(one))],
      [4, 5, 6],
    ),
    "",
    ...(alarms.length === 0 ? [`${today}: nothing to do`] : alarms.map(({ text }) => `! ${text}`)),
  ];
  return `${lines.join("\n")}\n`;
}

function rowOf(series: SeriesReport): readonly string[] {
  const { view, retentionClass, firstDay, lastDay, kept, destroyed, daysLeft } = series;
  return [
    view,
    retentionClass,
    firstDay,
    lastDay,
    kept.toLocaleString("en-US"),
    destroyed.toLocaleString("en-US"),
    daysLeft === undefined ? endText(retentionClass) : daysLeft.toLocaleString("en-US"),
  ];
}

/** Why no more keys are made of a class. */
function endText(retentionClass: string): string {
  return isHoldClass(retentionClass) ? "a hold's" : "no such class now";
}

function age(days: number): string {
  return days === 0 ? "of today" : `${counted(days, "day")} old`;
}

/** A report for programs, on one line. */
export function renderReportJson({
  keyring,
  series,
  published,
  exports,
  alarms,
  today,
}: KeyringReport): string {
  const fields = {
    kind: "keys",
    today,
    store: keyring.storeId,
    folder: keyring.folder,
    keyring: keyring.kind,
    provider_key: keyring.providerKey,
    custodian: keyring.custodianRecipient,
    people: keyring.people,
    series: series.map(({ view, retentionClass, firstDay, lastDay, kept, destroyed, daysLeft }) => ({
      view,
      class: retentionClass,
      from: firstDay,
      to: lastDay,
      kept,
      destroyed,
      days_left: daysLeft ?? null,
    })),
    published: published === undefined ? null : { generation: published.generation, at: published.at },
    newest_export: exports.newestAt ?? null,
    exports_outstanding: exports.outstanding,
    alarms,
  };
  return `${JSON.stringify(fields)}\n`;
}

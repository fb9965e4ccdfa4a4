import {
  type Check,
  countVerdicts,
  type Finding,
  type FindingGroup,
  type Verdict,
  verdictsWorstFirst,
} from "./finding.ts";

const labels: Readonly<Record<Verdict, string>> = {
  refused: "REFUSED",
  warning: "warning",
  "not-tried": "not tried",
  ok: "ok",
};

const LABEL_WIDTH = 10;
const CHECK_WIDTH = 15;

/** For people: what is wrong stands out in each group, and the last lines say it once more, worst first. */
export function renderReportText(groups: readonly FindingGroup[]): string {
  const lines = groups.flatMap(({ subject, place, findings }) => [
    `${subject}  ${place}`,
    ...findings.filter(({ verdict }) => verdict !== "not-tried").flatMap(findingLines),
    ...notTriedLines(findings),
    "",
  ]);
  return `${[...lines, ...summaryLines(groups)].join("\n")}\n`;
}

/** Of what is well the fact is enough. */
function findingLines({ check, verdict, fact, consequence }: Finding): readonly string[] {
  const first = `  ${labels[verdict].padEnd(LABEL_WIDTH)}${check.padEnd(CHECK_WIDTH)}${fact}`;
  if (verdict === "ok") return [first];
  return [first, `${" ".repeat(2 + LABEL_WIDTH + CHECK_WIDTH)}${consequence}`];
}

/** One line for each reason: credentials that may little would fill the screen. The JSON document has each check. */
function notTriedLines(findings: readonly Finding[]): readonly string[] {
  const checks = new Map<string, Check[]>();
  for (const { check, verdict, fact } of findings) {
    if (verdict === "not-tried") checks.set(fact, [...(checks.get(fact) ?? []), check]);
  }
  return [...checks].map(
    ([fact, names]) => `  ${labels["not-tried"].padEnd(LABEL_WIDTH)}${names.join(", ")}: ${fact}`,
  );
}

function summaryLines(groups: readonly FindingGroup[]): readonly string[] {
  const counts = countVerdicts(groups);
  return verdictsWorstFirst.map((verdict) => {
    const isNamed = verdict === "refused" || verdict === "warning";
    const names = isNamed && counts[verdict] > 0 ? `: ${checksOf(groups, verdict)}` : "";
    return `${labels[verdict]} ${counts[verdict]}${names}`;
  });
}

/** Roots of one bucket have much in common, so each check is named once, with the places that it concerns. */
function checksOf(groups: readonly FindingGroup[], verdict: Verdict): string {
  const subjects = new Map<Check, string[]>();
  for (const { subject, findings } of groups) {
    for (const { check } of findings.filter((one) => one.verdict === verdict)) {
      subjects.set(check, [...(subjects.get(check) ?? []), subject]);
    }
  }
  return [...subjects].map(([check, names]) => `${check} (${names.join(", ")})`).join(", ");
}

/** For programs: one document. */
export function renderReportJson(groups: readonly FindingGroup[]): string {
  const { refused, warning, "not-tried": notTried, ok } = countVerdicts(groups);
  const counts = { refused, warning, not_tried: notTried, ok };
  return `${JSON.stringify({ version: 1, counts, groups })}\n`;
}

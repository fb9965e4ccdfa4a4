import { CHECKPOINT_CHAIN, CONTROL_CHAIN } from "../partition.ts";
import { isSeriousFinding, type LedgerFinding } from "./ledger-finding.ts";
import type { ChainReport, LedgerQuestion, LedgerReport } from "./verify-ledger.ts";

/** How many chains, and how many findings, are named before the rest is counted. JSON has all. */
const CHAINS_SHOWN_MAX = 12;
const FINDINGS_SHOWN_MAX = 50;

type Pins = Pick<LedgerQuestion, "pinnedKeys" | "pinnedHead" | "storeId">;

/** Lines for a person: what was read, what is wrong with it, and what nobody could know. */
export function renderLedgerText(report: LedgerReport, pins: Pins): string {
  const { chains, findings, checkpoint, waiting } = report;
  const records = chains.reduce((sum, one) => sum + one.records, 0);
  if (records === 0 && findings.length === 0) {
    return "nothing was ever recorded in this ledger; is the URL right?\n";
  }
  const shown = chains.slice(0, CHAINS_SHOWN_MAX);
  const lines = [
    ...shown.map(describeChain),
    ...(chains.length > shown.length ? [`and ${group(chains.length - shown.length)} more chains`] : []),
    checkpoint === undefined
      ? "no checkpoint was ever written: hostlog ledger checkpoint, hourly, notes where every chain ends"
      : `newest checkpoint: ${checkpoint.sequence}:${checkpoint.sha256}, of ${checkpoint.at}`,
    ...(waiting.length === 0
      ? []
      : [
          `first keys that the next checkpoint accepts, of ${count(waiting.length, "chain")}: ${someOf(waiting)}`,
        ]),
    ...findings.slice(0, FINDINGS_SHOWN_MAX).map((finding) => `! ${describeFinding(finding)}`),
    ...(findings.length > FINDINGS_SHOWN_MAX
      ? [`! and ${group(findings.length - FINDINGS_SHOWN_MAX)} more findings (--output json)`]
      : []),
    ...(findings.length === 0 ? ["no record was changed, removed, moved or put in"] : []),
    ...limitsOf(report, pins),
  ];
  return `${lines.join("\n")}\n`;
}

/** One line of JSON. */
export function renderLedgerJson(report: LedgerReport, { storeId, pinnedKeys, pinnedHead }: Pins): string {
  const { chains, findings, root, accepted, checkpoint, isPinFound, areKeysJudged, waiting } = report;
  return `${JSON.stringify({
    store: storeId ?? null,
    root: root ?? null,
    pinned: { keys: pinnedKeys, head: pinnedHead ?? null, found: isPinFound ?? null },
    checkpoint:
      checkpoint === undefined
        ? null
        : { sequence: checkpoint.sequence, sha256: checkpoint.sha256, at: checkpoint.at },
    chains: chains.map(({ at, ...chain }) => ({ ...chain, at: at ?? null })),
    writers: accepted.map(({ chain, key, name, how }) => ({ chain, key, name, how })),
    waiting,
    keysJudged: areKeysJudged,
    findings: findings.map((finding) => ({ ...finding, serious: isSeriousFinding(finding) })),
  })}\n`;
}

function describeChain({ chain, records, unsigned, at }: ChainReport): string {
  const upTo = at === undefined ? "" : ` up to ${at}`;
  const without =
    unsigned === 0 ? "" : `, the first ${group(unsigned)} of them of a release that did not sign`;
  return `${nameOf(chain)}: ${count(records, "record")} in an unbroken chain${upTo}${without}`;
}

function nameOf(chain: string): string {
  if (chain === CONTROL_CHAIN) return "control (keys, plans, destruction)";
  return chain === CHECKPOINT_CHAIN ? "checkpoints" : `node ${chain}`;
}

function describeFinding({ chain, message, records }: LedgerFinding): string {
  const others = records === 1 ? "" : `; ${group(records - 1)} more like it`;
  return `chain ${chain}: ${message}${others}`;
}

/** What this cannot show, said as plainly as what it shows. */
function limitsOf(
  { root, isPinFound, areKeysJudged, checkpoint }: LedgerReport,
  { pinnedKeys, pinnedHead }: Pins,
): readonly string[] {
  const limits: string[] = [];
  if (!areKeysJudged) {
    limits.push(
      "not known: whose records count in the other chains, since the control chain does not say all",
    );
  }
  if (isPinFound === true && pinnedHead !== undefined) {
    limits.push(
      `up to checkpoint ${pinnedHead.sequence}, which you have noted, it is the same ledger, and whole`,
    );
  }
  if (pinnedHead === undefined) {
    const what = checkpoint === undefined ? "records at the end" : "checkpoints at the end, with all since,";
    limits.push(
      `not known: whether ${what} were cut off, or all of it replaced by another ledger; note a checkpoint in another place, and give it with --head`,
    );
  }
  if (pinnedKeys.length === 0 && isPinFound !== true && root !== undefined) {
    limits.push(
      `not known: whether ${root}, which all trust comes from, is your key; compare it, and pin it (--key, ledger.keys in the config)`,
    );
  }
  return limits;
}

function someOf(names: readonly string[]): string {
  const shown = names.slice(0, 5).join(", ");
  return names.length > 5 ? `${shown}, …` : shown;
}

function count(number: number, one: string): string {
  return `${group(number)} ${number === 1 ? one : `${one}s`}`;
}

function group(number: number): string {
  return number.toLocaleString("en-US");
}

import { randomBytes } from "node:crypto";
import { parseDomainFilter } from "../../query/domain-filter.ts";
import { formatAddress, parseNetwork } from "../address.ts";
import { CASE_LENGTH_MAX } from "../custodian/request-limits.ts";
import { addDays, type Day, dayOfMs, daysBetween, parseDay } from "../day.ts";
import { UserError } from "../errors.ts";
import { exitCode } from "../exit-code.ts";
import { destroyedDays } from "../holds/destroyed-days.ts";
import type { HoldScope } from "../holds/hold-scope.ts";
import { HOLD_DAYS_MAX } from "../holds/hold-state.ts";
import { scopeCountText } from "../holds/render-holds.ts";
import { sweepMemoryFolders } from "../memory-folder.ts";
import { unshowable } from "../terminal-text.ts";
import type { CommonOptions, Context } from "./context.ts";
import { copyHold, type HoldPlace } from "./copy-hold.ts";
import type { SecretOptions } from "./custodian-secrets.ts";
import { holdNamed } from "./hold-control.ts";
import { daysText, refuseMissing, reportLines, say } from "./hold-report.ts";
import { withHolds } from "./hold-run.ts";
import { putScope } from "./hold-scope.ts";
import { stampOf } from "./keys-place.ts";

export interface AddOptions extends CommonOptions, SecretOptions {
  readonly case: string;
  readonly basis: string;
  readonly days: string;
  readonly domain: readonly string[];
  readonly address: readonly string[];
  readonly until?: string;
}

/** Two years of rows, and what is late with its destruction. */
const DAYS_MAX = 800;

const SCOPE_VALUES_MAX = 1000;

interface HoldWish {
  readonly case: string;
  readonly basis: string;
  readonly firstDay: Day;
  readonly lastDay: Day;
  readonly end: Day;
  readonly scope: HoldScope;
}

/**
 * `hold add`. The hold stands in the ledger before anything is opened, so that nobody copies in silence; what a killed one
 * has left to do, `hold copy` does.
 */
export async function addHold(context: Context, options: AddOptions): Promise<void> {
  const wish = readWish(options, dayOfMs(context.nowMs));
  await sweepMemoryFolders(context.memoryDirectories);
  await withHolds(context, options, async (place) => {
    // Who cannot open anything is told so before a hold stands that keeps nothing.
    await place.keys?.custodian();
    const id = randomBytes(4).toString("hex");
    await placeHold(place, id, wish);
    const { control } = place;
    const hold = holdNamed(control.holds(), id);
    say(context, [
      `hold ${id} is placed, for rows of ${daysText(hold)} (${scopeCountText(hold)}); its copies are kept until ${hold.end}, longer with "hostlog hold renew ${id}"`,
    ]);
    const report = await copyHold(place, hold, wish.scope);
    const gone = destroyedDays(hold, control.records, control.writers);
    say(context, reportLines(hold, report, gone));
    refuseMissing(hold, report, gone);
  });
}

async function placeHold(place: HoldPlace, id: string, wish: HoldWish): Promise<void> {
  const { context, control, keys } = place;
  const { scope, ...said } = wish;
  await keys?.ensure({ id, ...said });
  const sealed = await putScope({ context, ledger: control.ledger, keys }, { id, ...said }, scope);
  await control.append({
    kind: "hold-placed",
    ...stampOf(context),
    hold: id,
    ...said,
    scope: sealed,
    domains: scope.domains.length,
    addresses: scope.addresses.length,
  });
}

function readWish(options: AddOptions, today: Day): HoldWish {
  const { firstDay, lastDay } = readDays(options.days, today);
  const scope = {
    domains: readEach("--domain", options.domain, canonicalDomain, "a host name such as example.org"),
    addresses: readEach("--address", options.address, canonicalNetwork, "an address or a network"),
  };
  if (scope.domains.length + scope.addresses.length === 0) {
    throw mistake(
      "say which rows to keep: --domain, --address, or both; all of a day is more than a case needs",
    );
  }
  return {
    case: readWords("--case", options.case),
    basis: readWords("--basis", options.basis),
    firstDay,
    lastDay,
    end: options.until === undefined ? addDays(today, HOLD_DAYS_MAX) : readEnd(options.until, today),
    scope,
  };
}

/** Throws UserError for a day that is no day, is over, or is too far ahead. */
export function readEnd(text: string, today: Day): Day {
  const end = parseDay(text);
  if (end === undefined) throw mistake(`--until: "${text}" is no day. Write it like ${addDays(today, 30)}`);
  const days = daysBetween(today, end);
  if (days >= 0 && days <= HOLD_DAYS_MAX) return end;
  throw mistake(
    `--until ${text}: a hold ends today at the earliest, and on ${addDays(today, HOLD_DAYS_MAX)} at the latest; renew it then if the case goes on`,
  );
}

function readDays(text: string, today: Day): Pick<HoldWish, "firstDay" | "lastDay"> {
  const [from = "", to = from, ...rest] = text.split("..");
  const firstDay = parseDay(from);
  const lastDay = parseDay(to);
  if (firstDay === undefined || lastDay === undefined || rest.length > 0) {
    throw mistake(`--days: write the UTC days of the rows like ${addDays(today, -2)}..${today}, or one day`);
  }
  if (firstDay > lastDay) throw mistake("--days: the first day is after the last");
  if (firstDay > today) throw mistake("--days: the first day is yet to come");
  const days = daysBetween(firstDay, lastDay) + 1;
  if (days <= DAYS_MAX && daysBetween(today, lastDay) <= HOLD_DAYS_MAX) return { firstDay, lastDay };
  throw mistake(
    `--days: at most ${DAYS_MAX} days, and none more than ${HOLD_DAYS_MAX} days ahead, fit one hold`,
  );
}

/** Throws UserError for words that would not fit a record, or move a terminal. */
export function readWords(option: string, text: string): string {
  const words = text.trim();
  const isShowable = words.replaceAll(unshowable, "") === words;
  if (words !== "" && words.length <= CASE_LENGTH_MAX && isShowable) return words;
  throw mistake(`${option}: write 1 to ${CASE_LENGTH_MAX} characters in one line`);
}

function readEach(
  option: string,
  texts: readonly string[],
  read: (text: string) => string | undefined,
  what: string,
): readonly string[] {
  if (texts.length > SCOPE_VALUES_MAX) throw mistake(`${option}: at most ${SCOPE_VALUES_MAX} fit one hold`);
  const values = texts.map((text) => {
    const value = read(text);
    // Without the text: messages get into logs, and an address is personal data.
    if (value === undefined) throw mistake(`${option}: one of those given is not ${what}`);
    return value;
  });
  return [...new Set(values)];
}

function canonicalDomain(text: string): string | undefined {
  const filter = parseDomainFilter(text);
  return filter && (filter.kind === "below" ? `*.${filter.name}` : filter.name);
}

function canonicalNetwork(text: string): string | undefined {
  const network = parseNetwork(text);
  if (network === undefined) return undefined;
  return Buffer.compare(network.first, network.last) === 0 ? formatAddress(network.first) : text;
}

function mistake(message: string): UserError {
  return new UserError(message, exitCode.usage);
}

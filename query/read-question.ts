import { parseNetwork } from "../src/address.ts";
import { UserError } from "../src/errors.ts";
import { exitCode } from "../src/exit-code.ts";
import { parseDomainFilter } from "./domain-filter.ts";
import type { Question } from "./question.ts";
import { type AskedRange, readRange } from "./read-range.ts";
import { availableColumns, type ResultColumn } from "./result-column.ts";
import { parseStatusRange } from "./status-range.ts";
import { storedText } from "./stored-text.ts";
import { type PathPattern, parsePathPattern } from "./text-pattern.ts";
import type { QueryView } from "./view-schema.ts";

/** What a person typed; lists may hold several values in one text, with commas between them, where none has a comma. */
export interface AskedQuestion extends AskedRange {
  readonly view: QueryView;
  readonly domain: readonly string[];
  readonly address: readonly string[];
  readonly path: readonly string[];
  readonly status: readonly string[];
  readonly method: readonly string[];
  readonly agent?: string;
  /** The id of a hold. */
  readonly hold?: string;
}

export interface QuestionContext {
  /** The clock, ms since 1970. */
  readonly nowMs: number;
  /** The zone of times that name none: a canonical IANA name. */
  readonly zone: string;
  readonly columns: readonly ResultColumn[];
  readonly limit: number | undefined;
}

export interface ReadQuestion {
  readonly question: Question;
  /** What was assumed or widened, in sentences for the person who asks. */
  readonly notes: readonly string[];
}

/** More values of one filter than anybody types; it bounds the SQL. A network takes the place of many addresses. */
const FILTER_VALUES_MAX = 1000;

const HOUR_MS = 3_600_000;

/** Makes a question of what was typed. Throws UserError, exit code usage, for what makes no sense. */
export function readQuestion(asked: AskedQuestion, context: QuestionContext): ReadQuestion {
  const { fromMs, toMs, notes } = readRange(asked, context.nowMs, context.zone);
  const paths = within("--path", asked.path).map(parsePathPattern);
  if (asked.view === "analytics") refuseRawFilters(asked, paths);
  const hold = asked.hold === undefined ? {} : { hold: readHold(asked.hold) };
  const question: Question = {
    view: asked.view,
    fromMs,
    toMs,
    domains: readEach(
      "--domain",
      asked.domain,
      parseDomainFilter,
      "a host name such as example.org or *.example.org",
    ),
    networks: readEach(
      "--address",
      asked.address,
      parseNetwork,
      "an address or a network such as 192.0.2.0/24",
    ),
    paths,
    statuses: readEach("--status", asked.status, parseStatusRange, "a status such as 404, 4xx or 500-599"),
    methods: readEach("--method", asked.method, upperCase, "a method such as GET"),
    agent: asked.agent === undefined || asked.agent === "" ? undefined : storedText(asked.agent),
    limit: context.limit,
    columns: context.columns,
    ...hold,
  };
  const { question: widened, notes: wideningNotes } = asWholeHours(question);
  return { question: widened, notes: [...notes, ...wideningNotes, ...pathNotes(asked.path)] };
}

/**
 * Reads `--columns a,b,c`. Throws UserError that lists what there is for a name that the view does not have.
 */
export function readColumns(text: string, view: QueryView): readonly ResultColumn[] {
  const available = availableColumns(view);
  const names = [...new Set(text.split(",").map((name) => name.trim()))].filter((name) => name !== "");
  const columns = names.flatMap((name) => available.filter((column) => column.name === name));
  if (columns.length === names.length && columns.length > 0) return columns;
  const unknown = names.filter((name) => !available.some((column) => column.name === name));
  const list = available.map((column) => column.name).join(", ");
  throw new UserError(
    `--columns: ${view} has no column ${unknown.length === 0 ? "without a name" : unknown.join(", ")}. It has ${list}`,
    exitCode.usage,
  );
}

function within(option: string, values: readonly string[]): readonly string[] {
  if (values.length <= FILTER_VALUES_MAX) return values;
  throw new UserError(
    `${option} is given ${values.length} times; at most ${FILTER_VALUES_MAX} values fit one question: ask several`,
    exitCode.usage,
  );
}

function readEach<Value>(
  option: string,
  texts: readonly string[],
  parse: (text: string) => Value | undefined,
  expected: string,
): readonly Value[] {
  const values = texts.flatMap((text) => text.split(",")).map((text) => text.trim());
  return within(option, values).map((text) => {
    const value = parse(text);
    if (value !== undefined) return value;
    throw new UserError(`${option}: "${text}" is not ${expected}`, exitCode.usage);
  });
}

function upperCase(text: string): string | undefined {
  return text === "" ? undefined : storedText(text).toUpperCase();
}

function readHold(text: string): string {
  if (/^[0-9a-f]{8}$/.test(text)) return text;
  throw new UserError(
    `--hold: "${text}" is no hold's id, which is 8 hex digits; "hostlog hold list" shows them`,
    exitCode.usage,
  );
}

/** What the analytics view was made without cannot be asked of it; an answer of no rows would be a lie. */
function refuseRawFilters(asked: AskedQuestion, paths: readonly PathPattern[]): void {
  const refused = [
    asked.address.length > 0 ? "--address (analytics holds no addresses)" : undefined,
    asked.hold === undefined ? undefined : "--hold (holds copy rows of raw)",
    asked.agent === undefined ? undefined : "--agent (analytics holds the browser's family only)",
    paths.some(({ query }) => query !== undefined)
      ? "--path with a `?` (analytics holds no queries)"
      : undefined,
  ].filter((reason) => reason !== undefined);
  if (refused.length === 0) return;
  throw new UserError(
    `the analytics view cannot answer ${refused.join(", ")}: ask --view raw`,
    exitCode.usage,
  );
}

/** Analytics knows the hour only, so a range that cuts an hour is widened: else that hour's rows would be missing. */
function asWholeHours(question: Question): ReadQuestion {
  const fromMs = Math.floor(question.fromMs / HOUR_MS) * HOUR_MS;
  const toMs = Math.ceil(question.toMs / HOUR_MS) * HOUR_MS;
  if (question.view === "raw" || (fromMs === question.fromMs && toMs === question.toMs))
    return { question, notes: [] };
  const note = "analytics knows whole UTC hours only: the range was widened to them";
  return { question: { ...question, fromMs, toMs }, notes: [note] };
}

function pathNotes(paths: readonly string[]): readonly string[] {
  const floating = paths.filter((path) => !/^[/*]/.test(path));
  if (floating.length === 0) return [];
  return ["a --path is compared with the whole path: put * before and behind what may stand anywhere in it"];
}

import type { UserError } from "../../src/errors.ts";
import { type TimePart, type TimePattern, timePart } from "./time-pattern.ts";

/** A piece of a written time. `says` is the same for pieces that say the same thing in two ways. */
export type TimeToken = { readonly part: TimePart; readonly says: string } | { readonly literal: string };

const encoder = new TextEncoder();

function token(part: TimePart, says: string): TimeToken {
  return { part, says };
}

const conversions: Readonly<Record<string, readonly TimeToken[]>> = {
  Y: [token(timePart.year, "year")],
  y: [token(timePart.yearOfCentury, "year")],
  m: [token(timePart.month, "month")],
  b: [token(timePart.monthName, "month")],
  h: [token(timePart.monthName, "month")],
  d: [token(timePart.dayOfMonth, "day")],
  e: [token(timePart.paddedDayOfMonth, "day")],
  H: [token(timePart.hour, "hour")],
  I: [token(timePart.hourOfHalfDay, "hour")],
  p: [token(timePart.halfDay, "half")],
  M: [token(timePart.minute, "minute")],
  S: [token(timePart.second, "second")],
  z: [token(timePart.offset, "offset")],
  Z: [token(timePart.name, "zone name")],
  a: [token(timePart.name, "weekday")],
  A: [token(timePart.name, "weekday")],
  s: [token(timePart.epochSeconds, "epoch")],
  n: [{ literal: "\n" }],
  t: [{ literal: "\t" }],
  "%": [{ literal: "%" }],
};

const shorthands: Readonly<Record<string, string>> = {
  T: "%H:%M:%S",
  R: "%H:%M",
  F: "%Y-%m-%d",
  D: "%m/%d/%y",
};

/** `$time_local`, `%t` within its brackets. */
export const clfTime = strftime("%d/%b/%Y:%H:%M:%S %z");

/** `$time_iso8601`, with the fraction that some builds add. */
export const isoTime: readonly TimeToken[] = [
  ...strftime("%Y-%m-%dT%H:%M:%S"),
  token(timePart.fraction, "fraction"),
  token(timePart.offset, "offset"),
];

/** `$msec`. */
export const epochTime: readonly TimeToken[] = [
  token(timePart.epochSeconds, "epoch"),
  token(timePart.fraction, "fraction"),
];

/**
 * What stands within `%{…}t`. Source: mod_log_config, "%{format}t". Returns the character of a conversion
 * that is unknown or that depends on the server's locale.
 */
export function readApacheTime(format: string): readonly TimeToken[] | { readonly unknown: string } {
  const inner = format.startsWith("begin:")
    ? format.slice(6)
    : format.startsWith("end:")
      ? format.slice(4)
      : format;
  switch (inner) {
    case "":
      return clfTime;
    case "sec":
      return [token(timePart.epochSeconds, "epoch")];
    case "msec":
      return [token(timePart.epochMilliseconds, "epoch")];
    case "usec":
      return [token(timePart.epochMicroseconds, "epoch")];
    case "msec_frac":
      return [token(timePart.millisecond, "fraction")];
    case "usec_frac":
      return [token(timePart.microsecond, "fraction")];
    default: {
      const unknown = unknownConversion(inner);
      return unknown === undefined ? strftime(inner) : { unknown };
    }
  }
}

function unknownConversion(format: string): string | undefined {
  for (const [, letter = ""] of format.matchAll(/%(.?)/gs)) {
    if (conversions[letter] === undefined && shorthands[letter] === undefined) return letter;
  }
  return undefined;
}

function strftime(format: string): readonly TimeToken[] {
  const plain = format.replaceAll(/%([TRFD])/g, (_, letter: string) => shorthands[letter] ?? "");
  return [...plain.matchAll(/%(.)|[^%]+/gs)].flatMap(([text, letter]) =>
    letter === undefined ? [{ literal: text }] : (conversions[letter] ?? []),
  );
}

/** Compiles a whole time. Throws what `fail` makes when it names its zone but not the zone's offset. */
export function compileTime(tokens: readonly TimeToken[], fail: (message: string) => UserError): TimePattern {
  const says = new Set(tokens.map((each) => ("part" in each ? each.says : "")));
  const missing = missingParts(tokens);
  if (missing.length > 0) {
    throw fail(
      `the time does not say its ${missing.join(", ")}; write it whole, best as %t or $time_iso8601`,
    );
  }
  if (says.has("zone name") && !says.has("offset")) {
    throw fail("a zone's name (%Z) does not say how far it is from UTC; use %z");
  }
  const parts: TimePart[] = [];
  const literals: number[] = [];
  for (const each of tokens) {
    if ("part" in each) {
      parts.push(each.part);
      literals.push(0);
      continue;
    }
    for (const byte of encoder.encode(each.literal)) {
      parts.push(timePart.literal);
      literals.push(byte);
    }
  }
  return { parts, literals: Uint8Array.from(literals), isClf: isSameTime(tokens, clfTime) };
}

/** What a time must say and does not; nothing for a whole time. */
export function missingParts(tokens: readonly TimeToken[]): readonly string[] {
  const says = new Set(tokens.map((each) => ("part" in each ? each.says : "")));
  if (says.has("epoch")) return [];
  return ["year", "month", "day", "hour", "minute"].filter((each) => !says.has(each));
}

/** True for a time with parts of a second. */
export function isPrecise(tokens: readonly TimeToken[]): boolean {
  const precise: readonly TimePart[] = [
    timePart.millisecond,
    timePart.microsecond,
    timePart.epochMilliseconds,
    timePart.epochMicroseconds,
  ];
  return tokens === epochTime || tokens.some((each) => "part" in each && precise.includes(each.part));
}

function isSameTime(tokens: readonly TimeToken[], others: readonly TimeToken[]): boolean {
  return JSON.stringify(tokens) === JSON.stringify(others);
}

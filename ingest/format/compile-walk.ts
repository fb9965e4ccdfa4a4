import type { UserError } from "../../src/errors.ts";
import { type EscapeRule, escapeRule } from "../../src/text.ts";
import { compileTime, missingParts, type TimeToken } from "./compile-time.ts";
import { field, type LineFormat } from "./line-format.ts";
import { createWalker, type Take, take, type Walk, type WalkStep, walkLine } from "./walk-line.ts";

/** What a value of a line may become. Each is taken once; of several that could be it, the best. */
export type Slot =
  | "client"
  | "remoteUser"
  | "method"
  | "path"
  | "query"
  | "protocol"
  | "referrer"
  | "userAgent"
  | "domain"
  | "requestHost"
  | "status"
  | "bytesSent"
  | "durationMs";

/** What a variable or directive means: how its value is read, what that fills, how good a source it is. */
export interface Meaning {
  readonly take: Take;
  readonly slots: readonly Slot[];
  /** 0 is the best source of the slots; of equals the first in the format is taken. */
  readonly rank: number;
  readonly unitMs: number;
}

/** A piece of a format: literal text, a value, or (part of) the time. */
export type FormatToken =
  | { readonly kind: "literal"; readonly text: string }
  | { readonly kind: "value"; readonly source: string; readonly position: number; readonly meaning: Meaning }
  | {
      readonly kind: "time";
      readonly source: string;
      readonly position: number;
      readonly time: readonly TimeToken[];
    };

/** A format whose parts can be told to people. */
export interface CompiledFormat extends LineFormat {
  readonly parts: readonly FormatPart[];
}

export interface FormatPart {
  /** As the server's config spells it: `$remote_addr`, `%>s`. */
  readonly source: string;
  /** What it becomes; empty when it is not kept. */
  readonly becomes: readonly (Slot | "time")[];
}

export interface FormatSource {
  readonly name: string;
  readonly escape: EscapeRule;
  readonly tokens: readonly FormatToken[];
  /** Makes the error for a mistake at a position (1-based, in characters). */
  readonly fail: (position: number, message: string) => UserError;
}

const textSlots: Partial<Record<Slot, number>> = {
  method: field.method,
  path: field.path,
  query: field.query,
  protocol: field.protocol,
  referrer: field.referrer,
  userAgent: field.userAgent,
  domain: field.domain,
  requestHost: field.requestHost,
};

const encoder = new TextEncoder();

/** Compiles tokens to a format. Throws what `fail` makes when lines of the format could not be walked. */
export function compileWalk({ name, escape, tokens, fail }: FormatSource): CompiledFormat {
  const pieces = joinTimes(tokens);
  const winners = chooseSources(pieces);
  const times = pieces.filter((piece) => piece.kind === "time");
  const timePiece = times.find((piece) => missingParts(piece.time).length === 0) ?? times[0];
  if (timePiece === undefined) {
    throw fail(1, "the format has no time, so no line could be filed under its day; add $time_local, or %t");
  }
  const steps: WalkStep[] = [];
  const parts: FormatPart[] = [];
  let head = "";
  for (const [index, piece] of pieces.entries()) {
    if (piece.kind === "literal") {
      if (index === 0) head = piece.text;
      continue;
    }
    const next = pieces[index + 1];
    const isKept = piece.kind === "time" ? piece === timePiece : isWinner(piece, winners);
    const becomes = piece.kind === "time" ? (["time"] as const) : piece.meaning.slots;
    parts.push({ source: piece.source, becomes: isKept ? becomes : [] });
    const step = stepOf(piece, isKept);
    const borrowed = next?.kind === "value" && startsWithSlash(next) && piece.kind === "value" ? "/" : "";
    const literal = next?.kind === "literal" ? next.text : borrowed;
    const endsAlone = step.take === take.time || next === undefined;
    if (literal === "" && !endsAlone) {
      const where = next.kind === "literal" ? "" : next.source;
      throw fail(
        piece.position,
        `nothing stands between ${piece.source} and ${where}, so nobody can tell where the first ends; ` +
          "put a separator between them",
      );
    }
    steps.push({
      ...step,
      literal: encoder.encode(literal),
      literalLength: borrowed === "" ? encoder.encode(literal).length : 0,
    });
  }
  const walk: Walk = {
    head: encoder.encode(head),
    steps,
    time: compileTime(timePiece.time, (message) => fail(timePiece.position, message)),
    hasEscapes: escape !== escapeRule.none,
  };
  return {
    name,
    escape,
    namesDomain: winners.has("domain"),
    parts,
    open() {
      const walker = createWalker(walk);
      return { parse: (bytes, start, end, line) => walkLine(walker, bytes, start, end, line) };
    },
  };
}

type Piece = FormatToken;
type ValuePiece = Extract<Piece, { kind: "value" }>;
type TimePiece = Extract<Piece, { kind: "time" }>;

/**
 * Makes one piece of literals in a row, and one time of times in a row that complete each other, with what
 * stands between them: Apache has no other way to write fractions (`%{%T}t.%{msec_frac}t`).
 */
function joinTimes(tokens: readonly FormatToken[]): readonly Piece[] {
  const pieces: Piece[] = [];
  for (const token of tokens) {
    const last = pieces.at(-1);
    const time = last?.kind === "literal" ? pieces.at(-2) : last;
    if (token.kind === "literal" && last?.kind === "literal") {
      pieces[pieces.length - 1] = { kind: "literal", text: last.text + token.text };
    } else if (token.kind === "time" && time?.kind === "time" && completes(time, token)) {
      const between: readonly TimeToken[] = last?.kind === "literal" ? [{ literal: last.text }] : [];
      pieces.splice(pieces.indexOf(time), 2, {
        ...time,
        source: `${time.source}…${token.source}`,
        time: [...time.time, ...between, ...token.time],
      });
    } else {
      pieces.push(token);
    }
  }
  return pieces;
}

/** True when no part of `more` says again what `time` has said. */
function completes(time: TimePiece, more: TimePiece): boolean {
  const said = new Set(time.time.map((token) => ("part" in token ? token.says : "")));
  return more.time.every((token) => !("part" in token) || !said.has(token.says));
}

/** For every slot the piece that fills it. */
function chooseSources(pieces: readonly Piece[]): ReadonlyMap<Slot, ValuePiece> {
  const winners = new Map<Slot, ValuePiece>();
  for (const piece of pieces) {
    if (piece.kind !== "value") continue;
    for (const slot of piece.meaning.slots) {
      const winner = winners.get(slot);
      if (winner === undefined || piece.meaning.rank < winner.meaning.rank) winners.set(slot, piece);
    }
  }
  return winners;
}

function isWinner(piece: ValuePiece, winners: ReadonlyMap<Slot, ValuePiece>): boolean {
  const { slots } = piece.meaning;
  return slots.length > 0 && slots.every((slot) => winners.get(slot) === piece);
}

function stepOf(piece: ValuePiece | TimePiece, isKept: boolean): Pick<WalkStep, "take" | "field" | "unitMs"> {
  if (piece.kind === "time") return { take: isKept ? take.time : take.unkept, field: -1, unitMs: 0 };
  const { meaning } = piece;
  if (!isKept) {
    const isNumber = meaning.take >= take.status || meaning.take === take.unkeptNumber;
    return { take: isNumber ? take.unkeptNumber : take.unkept, field: -1, unitMs: 0 };
  }
  const [slot] = meaning.slots;
  const index = meaning.take === take.text && slot !== undefined ? textSlots[slot] : undefined;
  return { take: meaning.take, field: index ?? -1, unitMs: meaning.unitMs };
}

/** A target begins with a slash, which ends a host that stands directly before it. */
function startsWithSlash(piece: ValuePiece): boolean {
  return piece.meaning.take === take.target || piece.meaning.slots[0] === "path";
}

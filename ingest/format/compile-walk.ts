import type { UserError } from "../../src/errors.ts";
import { type EscapeRule, escapeRule } from "../../src/text.ts";
import { compileTime, isPrecise, missingParts } from "./compile-time.ts";
import type { FormatToken, Slot, TimeTokens, ValueToken } from "./format-token.ts";
import { joinHosts, joinTimes } from "./join-tokens.ts";
import { field, type LineFormat } from "./line-format.ts";
import { createWalker, keep, shape, type Walk, type WalkStep } from "./walk.ts";
import { walkLine } from "./walk-line.ts";

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

const fieldSlots: Partial<Record<Slot, number>> = {
  client: field.client,
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
  const pieces = joinHosts(joinTimes(tokens));
  const winners = chooseSources(pieces);
  const timePiece = chooseTime(pieces);
  if (timePiece === undefined) {
    throw fail(1, "the format has no time, so no line could be filed under its day; add $time_local, or %t");
  }
  const missing = missingParts(timePiece.time);
  if (missing.length > 0) {
    const message = `the time does not say its ${missing.join(", ")}; write it whole, best as %t or $time_iso8601`;
    throw fail(timePiece.position, message);
  }
  const steps: WalkStep[] = [];
  const parts: FormatPart[] = [];
  for (const [index, piece] of pieces.entries()) {
    if (piece.kind === "literal") continue;
    const isKept = piece.kind === "time" ? piece === timePiece : isWinner(piece, winners);
    parts.push({ source: piece.source, becomes: isKept ? becomesOf(piece, winners) : [] });
    steps.push({
      ...stepOf(piece, isKept, winners, fail),
      literal: encoder.encode(literalBehind(pieces, index, piece, fail)),
    });
  }
  const [first] = pieces;
  const walk: Walk = {
    head: encoder.encode(first?.kind === "literal" ? first.text : ""),
    steps,
    hasEscapes: escape !== escapeRule.none,
  };
  return {
    name,
    escape,
    namesDomain: parts.some(({ becomes }) => becomes.includes("domain")),
    parts,
    open() {
      const walker = createWalker(walk);
      return { parse: (bytes, start, end, line) => walkLine(walker, bytes, start, end, line) };
    },
  };
}

/** The time that says most: the first whole one with parts of a second, else the first whole one, else any. */
function chooseTime(pieces: readonly FormatToken[]): TimeTokens | undefined {
  const times = pieces.filter((piece) => piece.kind === "time");
  const whole = times.filter(({ time }) => missingParts(time).length === 0);
  return whole.find(({ time }) => isPrecise(time)) ?? whole[0] ?? times[0];
}

/** For every slot the piece that fills it. */
function chooseSources(pieces: readonly FormatToken[]): ReadonlyMap<Slot, ValueToken> {
  const winners = new Map<Slot, ValueToken>();
  for (const piece of pieces) {
    if (piece.kind !== "value") continue;
    for (const slot of piece.meaning.slots) {
      const winner = winners.get(slot);
      if (winner === undefined || piece.meaning.rank < winner.meaning.rank) winners.set(slot, piece);
    }
  }
  return winners;
}

/** A value that would fill several slots is kept for all of them or not at all, but for a host before a target. */
function isWinner(piece: ValueToken, winners: ReadonlyMap<Slot, ValueToken>): boolean {
  const { slots, keep: kept } = piece.meaning;
  const needed = kept === keep.hostAndTarget ? slots.slice(0, -1) : slots;
  return needed.length > 0 && needed.every((slot) => winners.get(slot) === piece);
}

function becomesOf(
  piece: ValueToken | TimeTokens,
  winners: ReadonlyMap<Slot, ValueToken>,
): readonly (Slot | "time")[] {
  return piece.kind === "time" ? ["time"] : piece.meaning.slots.filter((slot) => winners.get(slot) === piece);
}

function stepOf(
  piece: ValueToken | TimeTokens,
  isKept: boolean,
  winners: ReadonlyMap<Slot, ValueToken>,
  fail: FormatSource["fail"],
): Omit<WalkStep, "literal"> {
  if (piece.kind === "time") {
    const isWhole = missingParts(piece.time).length === 0;
    // A second time keeps its shape, so that no text before it can reach into it.
    const time = isWhole ? compileTime(piece.time, (message) => fail(piece.position, message)) : undefined;
    return {
      shape: isWhole ? shape.time : shape.text,
      keep: isKept ? keep.time : keep.nothing,
      field: -1,
      unitMs: 0,
      time,
    };
  }
  const { meaning } = piece;
  const slot = meaning.slots.at(-1);
  const namesField = meaning.keep === keep.field || meaning.keep === keep.hostAndTarget;
  const index =
    namesField && slot !== undefined && winners.get(slot) === piece ? fieldSlots[slot] : undefined;
  return {
    shape: meaning.shape,
    keep: isKept ? meaning.keep : keep.nothing,
    field: index ?? -1,
    unitMs: meaning.unitMs,
    time: undefined,
  };
}

/** The literal behind a piece. Only a time, and the last value, can do without. */
function literalBehind(
  pieces: readonly FormatToken[],
  index: number,
  piece: ValueToken | TimeTokens,
  fail: FormatSource["fail"],
): string {
  const next = pieces[index + 1];
  if (next?.kind === "literal") return next.text;
  if (next === undefined || (piece.kind === "time" && missingParts(piece.time).length === 0)) return "";
  throw fail(
    piece.position,
    `nothing stands between ${piece.source} and ${next.source}, so nobody can tell where the first ends; ` +
      "put a separator between them",
  );
}

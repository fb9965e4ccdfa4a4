import type { TimeToken } from "./compile-time.ts";
import type { FormatToken, TimeTokens } from "./format-token.ts";
import { keep } from "./walk.ts";

/**
 * Makes one piece of literals in a row, and one time of times in a row that complete each other, with what
 * stands between them: Apache has no other way to write fractions (`%{%T}t.%{msec_frac}t`).
 */
export function joinTimes(tokens: readonly FormatToken[]): readonly FormatToken[] {
  const pieces: FormatToken[] = [];
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
function completes(time: TimeTokens, more: TimeTokens): boolean {
  const said = new Set(time.time.map((token) => ("part" in token ? token.says : "")));
  return more.time.every((token) => !("part" in token) || !said.has(token.says));
}

/** Makes one value of a host with a target directly behind it (`$host$request_uri`): the slash parts them. */
export function joinHosts(pieces: readonly FormatToken[]): readonly FormatToken[] {
  const joined: FormatToken[] = [];
  for (const piece of pieces) {
    const last = joined.at(-1);
    const isTarget = piece.kind === "value" && piece.meaning.slots[0] === "path";
    const [slot] = last?.kind === "value" ? last.meaning.slots : [];
    if (isTarget && last?.kind === "value" && (slot === "requestHost" || slot === "domain")) {
      joined[joined.length - 1] = {
        ...last,
        source: last.source + piece.source,
        meaning: { ...piece.meaning, keep: keep.hostAndTarget, slots: [...piece.meaning.slots, slot] },
      };
    } else {
      joined.push(piece);
    }
  }
  return joined;
}

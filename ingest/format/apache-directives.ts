import type { Meaning, Slot } from "./format-token.ts";
import { keep, shape } from "./walk.ts";

const unkept: Meaning = { shape: shape.text, keep: keep.nothing, slots: [], rank: 0, unitMs: 0 };

const unkeptNumber: Meaning = { ...unkept, shape: shape.whole };

function text(slot: Slot, rank = 0): Meaning {
  return { ...unkept, keep: keep.field, slots: [slot], rank };
}

function client(rank = 0): Meaning {
  return { ...text("client", rank), shape: shape.list };
}

function status(rank = 0): Meaning {
  return { ...unkept, shape: shape.status, keep: keep.status, slots: ["status"], rank };
}

function bytesSent(rank = 0): Meaning {
  return { ...unkeptNumber, keep: keep.bytesSent, slots: ["bytesSent"], rank };
}

function duration(unitMs: number, rank = 0): Meaning {
  return { ...unkept, shape: shape.decimal, keep: keep.duration, slots: ["durationMs"], rank, unitMs };
}

/** `%U%q`, where the two stand together. */
export const apacheTarget: Meaning = { ...unkept, keep: keep.target, slots: ["path", "query"], rank: 1 };

const plain: Readonly<Record<string, Meaning>> = {
  a: client(),
  h: client(1),
  u: { ...text("remoteUser"), keep: keep.remoteUser },
  r: { ...unkept, keep: keep.request, slots: ["method", "path", "query", "protocol"] },
  m: text("method", 1),
  U: text("path", 1),
  q: { ...text("query", 1), keep: keep.markedQuery },
  H: { ...text("protocol", 1), shape: shape.protocol },
  s: status(1),
  b: bytesSent(),
  B: bytesSent(),
  O: bytesSent(1),
  D: duration(0.001),
  T: duration(1000, 2),
  v: text("domain"),
  V: text("requestHost", 1),
  p: unkeptNumber,
  P: unkeptNumber,
  k: unkeptNumber,
  I: unkeptNumber,
  S: unkeptNumber,
};

const requestHeaders: Readonly<Record<string, Meaning>> = {
  referer: text("referrer"),
  "user-agent": text("userAgent"),
  host: text("requestHost"),
  "x-real-ip": client(3),
  "x-forwarded-for": client(4),
};

const durationUnits: Readonly<Record<string, Meaning>> = {
  us: duration(0.001),
  ms: duration(1, 1),
  s: duration(1000, 2),
};

/**
 * What a directive of Apache's LogFormat means to the record: its letter, what stands in `{}`, and `<` or `>`.
 * A letter or a header that is not here is not kept: idents, cookies, notes, TLS variables, response headers.
 * Source: mod_log_config, mod_logio. `%a` and `%h` are what mod_remoteip made of the client; `%{c}a` is the
 * peer, taken only when neither is there.
 */
export function apacheMeaning(letter: string, argument: string | undefined, redirect: string): Meaning {
  if (letter === "s" && redirect === ">") return status();
  if (letter === "a" && argument === "c") return client(2);
  if (letter === "i") return own(requestHeaders, (argument ?? "").toLowerCase()) ?? unkept;
  if (letter === "T" && argument !== undefined) return own(durationUnits, argument) ?? unkept;
  return own(plain, letter) ?? unkept;
}

function own(table: Readonly<Record<string, Meaning>>, key: string): Meaning | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}

import type { Meaning, Slot } from "./compile-walk.ts";
import { unkept } from "./nginx-variables.ts";
import { type Take, take } from "./walk-line.ts";

function meaning(taken: Take, slots: readonly Slot[], rank = 0, unitMs = 0): Meaning {
  return { take: taken, slots, rank, unitMs };
}

const unkeptNumber = meaning(take.unkeptNumber, []);

/** `%U%q`, where the two stand together. */
export const apacheTarget: Meaning = meaning(take.target, ["path", "query"], 1);

const plain: Readonly<Record<string, Meaning>> = {
  a: meaning(take.client, ["client"]),
  h: meaning(take.client, ["client"], 1),
  u: meaning(take.remoteUser, ["remoteUser"]),
  r: meaning(take.request, ["method", "path", "query", "protocol"]),
  m: meaning(take.text, ["method"], 1),
  U: meaning(take.text, ["path"], 1),
  q: meaning(take.markedQuery, ["query"], 1),
  H: meaning(take.text, ["protocol"], 1),
  s: meaning(take.status, ["status"], 1),
  b: meaning(take.bytesSent, ["bytesSent"]),
  B: meaning(take.bytesSent, ["bytesSent"]),
  O: meaning(take.bytesSent, ["bytesSent"], 1),
  D: meaning(take.duration, ["durationMs"], 0, 0.001),
  T: meaning(take.duration, ["durationMs"], 2, 1000),
  v: meaning(take.text, ["domain"]),
  V: meaning(take.text, ["requestHost"], 1),
  p: unkeptNumber,
  P: unkeptNumber,
  k: unkeptNumber,
  I: unkeptNumber,
  S: unkeptNumber,
};

const requestHeaders: Readonly<Record<string, Meaning>> = {
  referer: meaning(take.text, ["referrer"]),
  "user-agent": meaning(take.text, ["userAgent"]),
  host: meaning(take.text, ["requestHost"]),
  "x-real-ip": meaning(take.client, ["client"], 3),
  "x-forwarded-for": meaning(take.client, ["client"], 4),
};

const durationUnits: Readonly<Record<string, Meaning>> = {
  us: meaning(take.duration, ["durationMs"], 0, 0.001),
  ms: meaning(take.duration, ["durationMs"], 1, 1),
  s: meaning(take.duration, ["durationMs"], 2, 1000),
};

/**
 * What a directive of Apache's LogFormat means to the record: its letter, what stands in `{}`, and `<` or `>`.
 * A letter or a header that is not here is not kept: idents, cookies, notes, TLS variables, response headers.
 * Source: mod_log_config, mod_logio. `%a` and `%h` are what mod_remoteip made of the client; `%{c}a` is the
 * peer, taken only when neither is there.
 */
export function apacheMeaning(letter: string, argument: string | undefined, redirect: string): Meaning {
  if (letter === "s" && redirect === ">") return meaning(take.status, ["status"]);
  if (letter === "a" && argument === "c") return meaning(take.client, ["client"], 2);
  if (letter === "i") return own(requestHeaders, (argument ?? "").toLowerCase()) ?? unkept;
  if (letter === "T" && argument !== undefined) return own(durationUnits, argument) ?? unkept;
  return own(plain, letter) ?? unkept;
}

function own(table: Readonly<Record<string, Meaning>>, key: string): Meaning | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}

import { z } from "zod";
import { exceeds, formatTerm, parseTerm, type Term } from "../src/term.ts";
import { parseSize } from "./size.ts";
import { parseStoreUrl } from "./store-url.ts";

/**
 * The kinds of value that a config holds, as schemas. A message says what to write in place of what is
 * there; it never repeats the value, which may be a password in the wrong place.
 */

/** Text that `problemOf` has nothing against; it returns what is wrong. */
export function textSetting(example: string, problemOf: (text: string) => string | undefined) {
  return z.string({ error: `write ${example}` }).check((context) => {
    const message = problemOf(context.value);
    if (message !== undefined) context.issues.push({ code: "custom", message, input: context.value });
  });
}

/** How long something is kept, at most `ceiling` and for the reason given. */
export function termSetting(ceiling: Term, reason: string) {
  const problem = "write a term such as 90d, 26w, 18m (months) or 2y";
  return z.string({ error: problem }).transform((text, context) => {
    const term = parseTerm(text);
    if (term !== undefined && !exceeds(term, ceiling)) return term;
    const message = term === undefined ? problem : `longer than ${formatTerm(ceiling)}: ${reason}`;
    context.issues.push({ code: "custom", message, input: text });
    return z.NEVER;
  });
}

/** A number of bytes, written with its unit. */
export function sizeSetting(bounds: { readonly min: string; readonly max: string }) {
  const problem = `write a size from ${bounds.min} to ${bounds.max}, with its unit`;
  return z.string({ error: problem }).transform((text, context) => {
    const sizeBytes = parseSize(text);
    const isWithin =
      sizeBytes !== undefined &&
      sizeBytes >= (parseSize(bounds.min) ?? 0) &&
      sizeBytes <= (parseSize(bounds.max) ?? 0);
    if (isWithin) return sizeBytes;
    context.issues.push({ code: "custom", message: problem, input: text });
    return z.NEVER;
  });
}

export function countSetting(min: number, max: number) {
  const error = `write a whole number from ${min} to ${max}`;
  return z.int({ error }).min(min, { error }).max(max, { error });
}

/** The URL of a store or of one root, in its one spelling. */
export function storeSetting() {
  return z.string({ error: "write file:///srv/hostlog or s3://bucket/prefix" }).transform((text, context) => {
    const parsed = parseStoreUrl(text);
    if (parsed.kind === "url") return parsed.url;
    context.issues.push({ code: "custom", message: parsed.message, input: text });
    return z.NEVER;
  });
}

export function pathSetting(example: string) {
  return textSetting(`an absolute path, such as ${example}`, (text) =>
    text.startsWith("/") && !text.includes("\0") ? undefined : `write an absolute path, such as ${example}`,
  );
}

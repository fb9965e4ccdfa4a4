import { type Finding, notTried, ok } from "./finding.ts";
import type { Abilities } from "./s3-observations.ts";

const words: Readonly<Record<keyof Abilities, string>> = {
  list: "list",
  read: "read",
  write: "write new objects",
  replace: "replace objects",
  remove: "remove objects",
  listVersions: "list versions",
};

/** One line of what these credentials can do here, so that a person sees a key that can too much. */
export function judgeAbilities(may: Abilities): Finding {
  const names = Object.keys(words) as readonly (keyof Abilities)[];
  const said = (state: boolean | undefined): string =>
    names
      .filter((name) => may[name] === state)
      .map((name) => words[name])
      .join(", ");
  const [able, unable, unknown] = [said(true), said(false), said(undefined)];
  const parts = [
    able === "" ? "" : `may ${able}`,
    unable === "" ? "" : `may not ${unable}`,
    unknown === "" ? "" : `may or may not ${unknown}`,
  ].filter((part) => part !== "");
  const fact = `with these credentials one ${parts.join("; ")}`;
  const consequence = "Compare it with what their role needs (hostlog setup s3 prints that).";
  return able === "" && unable === "" ? notTried("may", fact, consequence) : ok("may", fact, consequence);
}

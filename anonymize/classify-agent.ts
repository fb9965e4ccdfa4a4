import { isbot } from "isbot";
import { UAParser } from "ua-parser-js";
import { type BrowserName, browserOf, type SystemName, systemOf } from "./agent-names.ts";

export type Device = "desktop" | "mobile" | "tablet" | "tv" | "console" | "wearable" | "other";

/** What statistics know of a User-Agent header: words from closed lists and one small number. */
export interface AgentClass {
  readonly browser: BrowserName;
  /** 0 to 9999, undefined if there is none. */
  readonly browserMajor: number | undefined;
  readonly os: SystemName;
  readonly device: Device;
  readonly isBot: boolean;
}

/**
 * No more of an agent is read: the longest of real ones are shorter, and the time that the patterns of both
 * libraries take grows with the length.
 */
const AGENT_LENGTH_MAX = 512;

const MAJOR_MAX = 9999;

const devices: ReadonlyMap<string | undefined, Device> = new Map([
  ["mobile", "mobile"],
  ["tablet", "tablet"],
  ["smarttv", "tv"],
  ["console", "console"],
  ["wearable", "wearable"],
]);

/**
 * Classifies the stored text of a User-Agent header. Nothing of the text itself is in the result: a name that
 * is in no list is `Other`. An empty agent is none, and no bot.
 */
export function classifyAgent(text: string): AgentClass {
  const agent = text.slice(0, AGENT_LENGTH_MAX);
  const parser = new UAParser(agent);
  const { name, version } = parser.getBrowser();
  const browser = browserOf(name);
  const system = systemOf(parser.getOS().name);
  const { type } = parser.getDevice();
  return {
    browser,
    browserMajor: browser === "Other" ? undefined : majorOf(version),
    os: system.name,
    device: devices.get(type) ?? (type === undefined && system.isDesktop ? "desktop" : "other"),
    isBot: isbot(agent),
  };
}

function majorOf(version: string | undefined): number | undefined {
  const digits = /^\d{1,4}(?!\d)/.exec(version ?? "")?.[0];
  const major = Number(digits);
  return Number.isInteger(major) && major <= MAJOR_MAX ? major : undefined;
}

import { createHash } from "node:crypto";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { Config } from "./config.ts";

/** What {@link stateDirectoryOf} and {@link keysDirectoryOf} must know of the process. */
export interface StateSurroundings {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly homeDirectory: string;
  readonly isSuperuser: boolean;
}

/**
 * Where locks, spool and local secrets of this store lie: the config's `state`; else `state` beside the
 * roots when they are folders of one folder; else a folder of its own for each set of roots below
 * /var/lib/hostlog (root) or the user's XDG state folder, so that two stores never share a spool.
 */
export function stateDirectoryOf(config: Config, surroundings: StateSurroundings): string {
  if (config.stateDirectory !== undefined) return config.stateDirectory;
  const urls = Object.values(config.roots);
  const folder = commonFolder(urls);
  if (folder !== undefined) return join(folder, "state");
  const name = createHash("sha256").update(urls.join("\n")).digest("hex").slice(0, 16);
  return join(baseDirectory(surroundings), name);
}

/**
 * Where the keyrings of stores lie, each in a folder with its store's id: $HOSTLOG_KEYS; else the config's
 * `keys.folder`; else `keys` in the config's `state`, or beside other stores' states. Never inside a folder store,
 * whose copies would hold the keys to themselves.
 */
export function keysDirectoryOf(config: Config, surroundings: StateSurroundings): string {
  const { HOSTLOG_KEYS: given } = surroundings.environment;
  if (given !== undefined && given !== "") return resolve(given);
  return config.keys.folder ?? join(config.stateDirectory ?? baseDirectory(surroundings), "keys");
}

function commonFolder(urls: readonly string[]): string | undefined {
  if (!urls.every((url) => url.startsWith("file://"))) return undefined;
  const [first, ...others] = new Set(urls.map((url) => dirname(fileURLToPath(url))));
  return others.length === 0 ? first : undefined;
}

function baseDirectory({ environment, homeDirectory, isSuperuser }: StateSurroundings): string {
  if (isSuperuser) return "/var/lib/hostlog";
  // The XDG Base Directory Specification says to ignore a relative path.
  const configured = environment["XDG_STATE_HOME"];
  const isUsable = configured !== undefined && configured === resolve(configured);
  return join(isUsable ? configured : join(homeDirectory, ".local", "state"), "hostlog");
}

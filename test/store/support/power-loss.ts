import { mkdirSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import type { Call } from "./recorded-calls.ts";

/** What lies on the disk: folders by name, files with their bytes. */
export type Tree = ReadonlyMap<string, Tree | Uint8Array>;

interface Folder {
  readonly kind: "folder";
  /** What a power loss cannot take: as the folder was when it was last synced. */
  readonly synced: Map<string, Entry>;
  readonly current: Map<string, Entry>;
  /** Of each name all that was ever done to it since then; undefined is its removal. */
  readonly pending: Map<string, (Entry | undefined)[]>;
}

interface File {
  readonly current: Uint8Array;
  readonly isSynced: boolean;
}

type Entry = Folder | { file: File; readonly kind: "entry" };

/**
 * Every tree that may be found below `top` when the power goes after these calls, from a disk that does no
 * more than POSIX asks of it: what was not synced is there or not, name by name and in any order, and the
 * bytes of a file that was not synced are missing, half there, zeros, or whole. What lies in folders of the
 * name `unseen` comes through as it was: nobody may rely on it, and its trees would be too many.
 */
export function* treesAfterPowerLoss(calls: readonly Call[], top: string, unseen: string): Generator<Tree> {
  yield* treesOf(replay(calls, top), unseen);
}

/** The same for the same tree. */
export function describeTree(tree: Tree, indent = ""): string {
  return [...tree]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) =>
      value instanceof Uint8Array
        ? `${indent}${name} ${Buffer.from(value).toString("hex")}\n`
        : `${indent}${name}/\n${describeTree(value, `${indent}  `)}`,
    )
    .join("");
}

/** By other calls than those that are recorded. */
export function writeTree(tree: Tree, folder: string): void {
  mkdirSync(folder, { mode: 0o700 });
  for (const [name, value] of tree) {
    if (value instanceof Uint8Array) writeFileSync(join(folder, name), value, { mode: 0o600 });
    else writeTree(value, join(folder, name));
  }
}

function replay(calls: readonly Call[], top: string): Folder {
  const root = newFolder();
  const files = new Map<number, Extract<Entry, { kind: "entry" }>>();

  const folderAt = (path: string): Folder | undefined => {
    const below = relative(top, path);
    if (below.startsWith("..")) return undefined;
    let folder: Folder = root;
    for (const part of below.split("/").filter((name) => name !== "")) {
      const next = folder.current.get(part);
      if (next?.kind !== "folder") throw new Error(`no folder ${path}`);
      folder = next;
    }
    return folder;
  };
  const change = (path: string, entry: Entry | undefined): void => {
    const folder = folderAt(dirname(path));
    const name = basename(path);
    if (folder === undefined) throw new Error(`${path} lies outside`);
    if (entry === undefined) folder.current.delete(name);
    else folder.current.set(name, entry);
    folder.pending.set(name, [...(folder.pending.get(name) ?? []), entry]);
  };
  const entryAt = (path: string): Entry | undefined => folderAt(dirname(path))?.current.get(basename(path));
  const update = (number: number, file: Partial<File>): void => {
    const entry = files.get(number);
    if (entry === undefined) throw new Error("a file that was not opened to write");
    entry.file = { ...entry.file, ...file };
  };

  for (const call of calls) {
    if (call.kind === "mkdir") change(call.path, newFolder());
    if (call.kind === "create") {
      const entry = {
        kind: "entry" as const,
        file: { current: new Uint8Array(0), isSynced: false },
      };
      files.set(call.file, entry);
      change(call.path, entry);
    }
    if (call.kind === "write") update(call.file, { current: call.bytes, isSynced: false });
    if (call.kind === "sync-file") update(call.file, { isSynced: true });
    if (call.kind === "sync-folder") {
      const folder = folderAt(call.path);
      if (folder !== undefined) syncFolder(folder);
    }
    if (call.kind === "link" || call.kind === "rename") change(call.to, entryAt(call.from));
    if (call.kind === "rename") change(call.from, undefined);
    if (call.kind === "remove") change(call.path, undefined);
  }
  return root;
}

function newFolder(): Folder {
  return { kind: "folder", synced: new Map(), current: new Map(), pending: new Map() };
}

function syncFolder({ synced, current, pending }: Folder): void {
  synced.clear();
  for (const [name, entry] of current) synced.set(name, entry);
  pending.clear();
}

function* treesOf(folder: Folder, unseen: string): Generator<Tree> {
  const names = [...new Set([...folder.synced.keys(), ...folder.pending.keys()])];
  yield* withNames(folder, names, unseen);
}

function currentTree({ current }: Folder): Tree {
  return new Map(
    [...current].map(([name, entry]) => [
      name,
      entry.kind === "folder" ? currentTree(entry) : entry.file.current,
    ]),
  );
}

/** Each way in which these names may have come through, combined with each for the names behind them. */
function* withNames(folder: Folder, names: readonly string[], unseen: string): Generator<Tree> {
  const [name, ...others] = names;
  if (name === undefined) {
    yield new Map();
    return;
  }
  const fates = new Set([folder.synced.get(name), ...(folder.pending.get(name) ?? [])]);
  for (const rest of withNames(folder, others, unseen)) {
    for (const fate of fates) {
      if (fate === undefined) yield rest;
      else if (fate.kind === "folder" && name === unseen) yield new Map([[name, currentTree(fate)], ...rest]);
      else for (const value of valuesOf(fate, unseen)) yield new Map([[name, value], ...rest]);
    }
  }
}

function* valuesOf(entry: Entry, unseen: string): Generator<Tree | Uint8Array> {
  if (entry.kind === "folder") {
    yield* treesOf(entry, unseen);
    return;
  }
  const { current, isSynced } = entry.file;
  yield current;
  if (isSynced) return;
  yield new Uint8Array(0);
  yield current.slice(0, current.length / 2);
  yield new Uint8Array(current.length);
}

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const repository = fileURLToPath(new URL("../..", import.meta.url));

/** What is made and not written, and what belongs to the version control. */
const unwritten = new Set([".git", "node_modules", "dist", "demo", "coverage"]);

/** A file of the repository by its path from the root, with forward slashes. */
export interface RepositoryFile {
  readonly path: string;
  /** Undefined for a file that holds a NUL byte, which is no text. */
  readonly text: string | undefined;
}

/** Every file that somebody wrote, in order of path. It does not ask git, so that it works on any copy. */
export function repositoryFiles(): readonly RepositoryFile[] {
  return readdirSync(repository, { withFileTypes: true })
    .filter(({ name }) => !unwritten.has(name))
    .flatMap((entry) => {
      if (!entry.isDirectory()) return [entry.name];
      const below = readdirSync(join(repository, entry.name), { recursive: true, withFileTypes: true });
      return below
        .filter((inner) => inner.isFile())
        .map((inner) => join(inner.parentPath, inner.name).slice(repository.length));
    })
    .sort()
    .map((path) => {
      const bytes = readFileSync(join(repository, path));
      return { path, text: bytes.includes(0) ? undefined : bytes.toString("utf8") };
    });
}

export interface Finding {
  readonly path: string;
  readonly line: number;
  readonly found: string;
}

/** Where a pattern occurs, line by line. The pattern must be global. */
export function occurrences(files: readonly RepositoryFile[], pattern: RegExp): readonly Finding[] {
  return files.flatMap(({ path, text }) =>
    (text ?? "")
      .split("\n")
      .flatMap((line, index) =>
        [...line.matchAll(pattern)].map(([found]) => ({ path, line: index + 1, found })),
      ),
  );
}

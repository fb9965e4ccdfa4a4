import { dirname, relative } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * True for an absolute path at or below a root that is a folder, or below the folder that all roots of a store lie in
 * when it is one. Symbolic links are not followed.
 */
export function isInsideStore(path: string, roots: Readonly<Record<string, string>>): boolean {
  const folders = Object.values(roots)
    .filter((url) => url.startsWith("file://"))
    .map((url) => fileURLToPath(url));
  const [parent, ...others] = new Set(folders.map((folder) => dirname(folder)));
  // Roots may be mounted at the top, and everything else is not the store for that.
  const isOneFolder = folders.length === Object.keys(roots).length && others.length === 0 && parent !== "/";
  return [...folders, ...(isOneFolder && parent !== undefined ? [parent] : [])].some((folder) =>
    isBelow(path, folder),
  );
}

function isBelow(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way === "" || !(way === ".." || way.startsWith("../"));
}

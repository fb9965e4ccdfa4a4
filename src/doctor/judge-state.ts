import { type Finding, ok, refused } from "./finding.ts";

/** A path that is the root or below it. Both are absolute and have no `..`. */
function isWithin(path: string, root: string): boolean {
  return path === root || path.startsWith(root.endsWith("/") ? root : `${root}/`);
}

/** Whether the state directory lies within a root, where its files would be taken for objects. */
export function judgeApart(stateDirectory: string, rootPaths: readonly string[]): Finding {
  const root = rootPaths.find((path) => isWithin(stateDirectory, path));
  return root === undefined
    ? ok("apart", "the state directory lies in no root", "What is spooled is not taken for what is stored.")
    : refused(
        "apart",
        `the state directory lies within the root ${root}`,
        "Its files would be listed as objects and its secrets lie beside the logs: name another folder in `state`.",
      );
}

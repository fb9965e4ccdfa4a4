import { CHECKPOINT_CHAIN, CONTROL_CHAIN, dayPrefix } from "../partition.ts";
import { sealedViews } from "../seal/day-key-name.ts";
import { type View, views } from "../view.ts";
import type { Grant, Role } from "./role.ts";

export type Root = View | "ledger" | "published";

export function isView(root: Root): root is View {
  return root !== "ledger" && root !== "published";
}

/** In the order in which they are shown. */
export const roots: readonly Root[] = [...views, "ledger", "published"];

/** What a role may do with objects. To put over one that is there is no right of any role. */
export type Action =
  | "list"
  | "get"
  | "put-new"
  | "delete"
  | "list-versions"
  | "delete-version"
  | "list-uploads"
  | "abort-upload";

/** The actions are allowed on all keys that fit a pattern. */
export interface Right {
  readonly root: Root;
  /** Of keys below the root: `*` is any run of characters, slashes too, `?` any one. */
  readonly keys: readonly string[];
  /** "list", "list-versions": of prefixes that fit. "list-uploads": of the whole bucket, as S3 knows no less. */
  readonly actions: readonly Action[];
  /** Keys that "put-new" is not allowed on, though they fit. */
  readonly except?: readonly string[];
  /** ms since 1970: the right ends then. */
  readonly untilMs?: number;
}

/** Decides which server a store is, and whether it was made for drills: only who sets a store up writes it. */
const IDENTITY_KEY = "store.json";

const everything = ["*"];
const reading: readonly Action[] = ["list", "get"];

/** Where nothing is named, nothing is allowed. Everybody may read what is published. */
export function rightsOf(role: Role): readonly Right[] {
  const published: Right = { root: "published", keys: everything, actions: reading };
  switch (role.kind) {
    case "node":
      return [...nodeRights(role.node), published];
    case "analytics-reader":
      return [{ root: "analytics", keys: everything, actions: reading }, published];
    case "investigator":
      return [...(role.grant === undefined ? [] : grantRights(role.grant)), published];
    case "purger":
      return [...purgerRights(), published];
    case "auditor":
      return auditorRights();
    case "custodian":
      return [
        // Whether each day with objects has its key is seen by names.
        ...sealedViews.map((root): Right => ({ root, keys: everything, actions: ["list"] })),
        // Before it signs for the first time it looks whether there are checkpoints of somebody who did before.
        {
          root: "ledger",
          keys: [`chains/${CONTROL_CHAIN}/*`, `chains/${CHECKPOINT_CHAIN}/*`],
          actions: reading,
        },
        { root: "ledger", keys: [`chains/${CONTROL_CHAIN}/*`], actions: ["put-new"] },
        published,
        { root: "published", keys: everything, actions: ["put-new"], except: [IDENTITY_KEY] },
      ];
  }
}

/** Who breaks into a node can read no line that is stored, and destroy none. */
function nodeRights(node: string): readonly Right[] {
  return [
    ...views.map((root): Right => ({ root, keys: [`dt=????-??-??/${node}_*`], actions: ["put-new"] })),
    {
      root: "ledger",
      keys: [`chains/${node}/*`, `manifests/${node}/*`, `secrets/${node}`],
      actions: ["list", "get", "put-new"],
    },
  ];
}

function grantRights({ days, untilMs }: Grant): readonly Right[] {
  const keys = days.map((day) => `${dayPrefix(day)}*`);
  return sealedViews.map((root) => ({ root, keys, actions: reading, untilMs }));
}

/** It sees names, destroys, and records what it destroyed: it can read none of it and put nothing in its place. */
function purgerRights(): readonly Right[] {
  return [
    ...views.map(
      (root): Right => ({
        root,
        keys: everything,
        actions: ["list", "delete", "list-versions", "delete-version", "list-uploads", "abort-upload"],
      }),
    ),
    { root: "ledger", keys: everything, actions: ["list"] },
    { root: "ledger", keys: ["chains/*", "holds/*"], actions: ["get"] },
    {
      root: "ledger",
      // Its own inventories it reads too: it goes on where another run was killed.
      keys: [`chains/${CONTROL_CHAIN}/*`, `chains/${CHECKPOINT_CHAIN}/*`, "inventories/*"],
      actions: ["get", "put-new"],
    },
  ];
}

/** It compares names and sizes with the ledger. The nodes' secrets key the hashes of manifests, so it has none. */
function auditorRights(): readonly Right[] {
  const looking: readonly Action[] = ["list", "list-versions", "list-uploads"];
  return [
    ...roots.map((root): Right => ({ root, keys: everything, actions: looking })),
    { root: "ledger", keys: ["chains/*", "manifests/*", "inventories/*", "holds/*"], actions: ["get"] },
    { root: "published", keys: everything, actions: ["get"] },
  ];
}

import { type Action, type Root, rightsOf } from "../../../src/access/rights.ts";
import { type Role } from "../../../src/access/role.ts";
import type { Day } from "../../../src/day.ts";
import { parseDay } from "../../../src/day.ts";

// Every cell of role x action x place: as the rights say, to be compared with what policies say of it, and with what
// a server does.

/** What can be tried: every right, and to put over what is there, which is none. */
export type TriedAction = Action | "put-over";

export const triedActions: readonly TriedAction[] = [
  "list",
  "get",
  "put-new",
  "put-over",
  "delete",
  "list-versions",
  "delete-version",
  "list-uploads",
  "abort-upload",
];

/** An object for which the actions are tried. */
export interface TriedPlace {
  readonly name: string;
  /** "beside": in the same bucket, in no root. */
  readonly root: Root | "beside";
  readonly key: string;
  /** The prefix that is listed. */
  readonly prefix: string;
}

export const matrixNode = "web-17";
export const matrixDay = dayOf("2026-11-21");

/** "own": of the role's own node, and of the day of its grant. The other node's name is the beginning of its own. */
export const triedPlaces: readonly TriedPlace[] = [
  ...(["raw", "quarantine", "analytics"] as const).flatMap((root) => [
    viewPlace(root, "own", matrixDay, matrixNode),
    viewPlace(root, "foreign", "2026-11-20", "web-1"),
  ]),
  ledgerPlace("chains own", `chains/${matrixNode}/000000000009.json`),
  ledgerPlace("chains foreign", "chains/web-1/000000000009.json"),
  ledgerPlace("chains control", "chains/control/000000000009.json"),
  ledgerPlace("manifests own", `manifests/${matrixNode}/batch.json.gz`),
  ledgerPlace("manifests foreign", "manifests/web-1/batch.json.gz"),
  { name: "secrets own", root: "ledger", key: `secrets/${matrixNode}`, prefix: `secrets/${matrixNode}` },
  { name: "secrets foreign", root: "ledger", key: "secrets/web-1", prefix: "secrets/web-1/" },
  { name: "published", root: "published", key: "recipients/000000000002.json", prefix: "" },
  { name: "identity", root: "published", key: "store.json", prefix: "store.json" },
  { name: "beside", root: "beside", key: "beside/object", prefix: "beside/" },
];

export const matrixRoles = (untilMs: number): readonly (readonly [title: string, role: Role])[] => [
  [`node ${matrixNode}`, { kind: "node", node: matrixNode }],
  ["analytics-reader", { kind: "analytics-reader" }],
  ["investigator without a grant", { kind: "investigator", grant: undefined }],
  [
    `investigator with a grant for ${matrixDay}`,
    { kind: "investigator", grant: { days: [matrixDay], untilMs } },
  ],
  ["purger", { kind: "purger" }],
  ["auditor", { kind: "auditor" }],
  ["custodian", { kind: "custodian" }],
];

/** By the rights alone, where all roots share one bucket. */
export function isAllowed(role: Role, { root, key, prefix }: TriedPlace, action: TriedAction): boolean {
  const rights = rightsOf(role);
  if (action === "put-over") return false;
  // S3 knows no narrower leave than for the whole bucket.
  if (action === "list-uploads") return rights.some(({ actions }) => actions.includes("list-uploads"));
  const text = action === "list" || action === "list-versions" ? prefix : key;
  return rights.some(
    (right) =>
      right.root === root &&
      right.actions.includes(action) &&
      right.keys.some((pattern) => fits(pattern, text)) &&
      !(action === "put-new" && right.except?.includes(key) === true),
  );
}

/** `allowed` is asked for each cell. */
export function renderMatrix(
  roles: readonly (readonly [title: string, role: Role])[],
  allowed: (role: Role, place: TriedPlace, action: TriedAction) => boolean,
): string {
  const heading = ["".padEnd(20), ...triedActions].join("  ");
  const tables = roles.map(([title, role]) => {
    const lines = triedPlaces.map((place) => {
      const cells = triedActions.map((action) =>
        cellText(role, place, action, allowed).padEnd(action.length),
      );
      return [place.name.padEnd(20), ...cells].join("  ").trimEnd();
    });
    return [title, heading, ...lines].join("\n");
  });
  return `${tables.join("\n\n")}\n\n${footnotes}`;
}

function cellText(
  role: Role,
  place: TriedPlace,
  action: TriedAction,
  allowed: (role: Role, place: TriedPlace, action: TriedAction) => boolean,
): string {
  if (action === "put-over" && allowed(role, place, "put-new")) {
    return allowed(role, place, action) ? "yes" : "no*";
  }
  if (action === "list-uploads") return allowed(role, place, action) ? "yes+" : "-";
  return allowed(role, place, action) ? "yes" : "-";
}

const footnotes = `*  forbidden where the server knows s3:if-none-match (Amazon); where it does not (Ceph), who may put a new object can
   put over it, and hostlog verify finds that.
+  of the whole bucket, which is what S3 allows it for: here all roots share one bucket.
`;

/** \`*\` is any run of characters, \`?\` any one. */
export function fits(pattern: string, text: string): boolean {
  const source = pattern
    .replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${source}$`, "s").test(text);
}

function viewPlace(root: Root, whose: string, day: string, node: string): TriedPlace {
  const key = `dt=${day}/${node}_standard_0123456789abcdef0123456789abcdef.parquet`;
  return { name: `${root} ${whose}`, root, key, prefix: `dt=${day}/` };
}

function ledgerPlace(name: string, key: string): TriedPlace {
  return { name, root: "ledger", key, prefix: key.slice(0, key.lastIndexOf("/") + 1) };
}

function dayOf(text: string): Day {
  const day = parseDay(text);
  if (day === undefined) throw new Error(`${text} is no day`);
  return day;
}

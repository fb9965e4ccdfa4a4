import type { Day } from "../day.ts";

/** Who does one kind of work, with credentials that allow that and nothing else. */
export type Role =
  | { readonly kind: "node"; readonly node: string }
  | { readonly kind: "investigator"; readonly grant: Grant | undefined }
  | { readonly kind: "analytics-reader" | "purger" | "auditor" | "custodian" };

export type RoleKind = Role["kind"];

/** Leave to read raw and quarantine of some days, for a while. */
export interface Grant {
  readonly days: readonly Day[];
  /** ms since 1970; from this instant on the server denies it. */
  readonly untilMs: number;
}

/** In the order in which they are shown. */
export const roleKinds: readonly RoleKind[] = [
  "node",
  "analytics-reader",
  "investigator",
  "purger",
  "auditor",
  "custodian",
];

/** The name of the role's user at the server, and of the profile with its credentials. */
export function userNameOf(role: Role, prefix: string): string {
  return role.kind === "node" ? `${prefix}-node-${role.node}` : `${prefix}-${role.kind}`;
}

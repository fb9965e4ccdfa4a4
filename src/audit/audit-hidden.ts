import { AccessDeniedError, type HiddenObject, type ObjectStore } from "../store/object-store.ts";

/** What listings do not show, counted. */
export interface HiddenCount {
  readonly versions: number;
  readonly versionBytes: number;
  readonly deleteMarkers: number;
  readonly uploads: number;
}

/** What is hidden of objects that are not destroyed; with `notSeen`, as much of it as could be looked at. */
export interface HiddenAudit extends HiddenCount {
  /** Why these credentials could not look for all of it. */
  readonly notSeen?: string;
}

export interface HiddenFindings {
  readonly hidden: HiddenAudit;
  /** Keys that are recorded as destroyed, and of which something is hidden. */
  readonly undead: ReadonlySet<string>;
}

/** Looks for what a view's listing hides. Who may not look is told so; any other trouble is thrown. */
export async function auditHidden(
  store: Pick<ObjectStore, "listHidden">,
  isDestroyed: (key: string) => boolean,
): Promise<HiddenFindings> {
  const undead = new Set<string>();
  let hidden: HiddenAudit = { versions: 0, versionBytes: 0, deleteMarkers: 0, uploads: 0 };
  try {
    for await (const object of store.listHidden("")) {
      if (isDestroyed(object.key)) undead.add(object.key);
      else hidden = countIn(hidden, object);
    }
  } catch (error) {
    if (!(error instanceof AccessDeniedError)) throw error;
    hidden = { ...hidden, notSeen: error.message };
  }
  return { hidden, undead };
}

function countIn(count: HiddenCount, { kind, sizeBytes }: HiddenObject): HiddenCount {
  switch (kind) {
    case "version":
      return { ...count, versions: count.versions + 1, versionBytes: count.versionBytes + sizeBytes };
    case "delete-marker":
      return { ...count, deleteMarkers: count.deleteMarkers + 1 };
    case "upload":
      return { ...count, uploads: count.uploads + 1 };
  }
}

import { createHash } from "node:crypto";
import type { AtRest } from "./at-rest.ts";

export interface S3Version {
  /** "null" for what was put while the bucket kept no versions. */
  readonly versionId: string;
  readonly isMarker: boolean;
  readonly body: Buffer;
  /** Without quotes. */
  readonly etag: string;
  /** SHA-256 as base64, of a multipart upload that of its parts' with their number, as far as it was given. */
  readonly checksum: string | undefined;
  readonly atRest: AtRest;
  readonly modifiedMs: number;
}

export interface S3Upload {
  readonly name: string;
  readonly parts: Map<number, Buffer>;
  readonly hasChecksums?: boolean;
  readonly atRest?: AtRest;
  readonly begunMs?: number;
}

export type VersioningState = "Enabled" | "Suspended";

/** What listings show. */
export interface S3State {
  /** By `bucket/key`, newest first. */
  readonly versions: ReadonlyMap<string, readonly S3Version[]>;
  readonly uploads: ReadonlyMap<string, S3Upload>;
}

/**
 * What the server holds. `objects`, `uploads` and `versioning` may be changed by hand: what is set there has
 * been there before all versions, and what is deleted from `objects` is gone with all its versions.
 */
export interface S3Contents {
  readonly objects: Map<string, Buffer>;
  readonly uploads: Map<string, S3Upload>;
  /** Buckets that are not named never kept versions. */
  readonly versioning: Map<string, VersioningState>;
  versionsOf(name: string): readonly S3Version[];
  /** The newest version, unless that is a delete marker. */
  current(name: string): S3Version | undefined;
  /** Stores a version, and says its id. */
  add(name: string, version: Omit<S3Version, "versionId" | "modifiedMs">): string;
  /** Removes that very version for good, and returns it. */
  take(name: string, versionId: string): S3Version | undefined;
  /** Keeps the state for listings that are late. */
  remember(): void;
  /** The state that was so long ago, as far as it is remembered, else the present one. */
  state(behindMs: number): S3State;
}

export function openContents(): S3Contents {
  const objects = new Map<string, Buffer>();
  const uploads = new Map<string, S3Upload>();
  const versioning = new Map<string, VersioningState>();
  const history = new Map<string, readonly S3Version[]>();
  const past: (S3State & { readonly untilMs: number })[] = [];
  let count = 0;

  const versionsOf = (name: string): readonly S3Version[] => {
    const known = history.get(name) ?? [];
    const body = objects.get(name);
    if (body === bodyOf(known[0])) return known;
    const older = known.filter(({ versionId }) => versionId !== "null");
    return replace(name, body === undefined ? [] : [madeByHand(body), ...older]);
  };

  const replace = (name: string, versions: readonly S3Version[]): readonly S3Version[] => {
    if (versions.length === 0) history.delete(name);
    else history.set(name, versions);
    const body = bodyOf(versions[0]);
    if (body === undefined) objects.delete(name);
    else objects.set(name, body);
    return versions;
  };

  const present = (): S3State => {
    for (const name of new Set([...objects.keys(), ...history.keys()])) versionsOf(name);
    return { versions: history, uploads };
  };

  return {
    objects,
    uploads,
    versioning,
    versionsOf,

    current: (name) =>
      versionsOf(name)
        .slice(0, 1)
        .find(({ isMarker }) => !isMarker),

    add(name, version) {
      const isKept = versioning.get(bucketOf(name)) === "Enabled";
      const versionId = isKept ? `version-${++count}` : "null";
      const older = versionsOf(name).filter((each) => each.versionId !== versionId);
      replace(name, [{ ...version, versionId, modifiedMs: Date.now() }, ...older]);
      return versionId;
    },

    take(name, versionId) {
      const versions = versionsOf(name);
      const others = versions.filter((each) => each.versionId !== versionId);
      replace(name, others);
      return versions.find((each) => each.versionId === versionId);
    },

    remember() {
      const { versions } = present();
      past.push({ versions: new Map(versions), uploads: new Map(uploads), untilMs: performance.now() });
    },

    state(behindMs) {
      const wantedMs = performance.now() - behindMs;
      while (past[0] !== undefined && past[0].untilMs <= wantedMs) past.shift();
      return past[0] ?? present();
    },
  };
}

export function bucketOf(name: string): string {
  return name.split("/", 1).join("");
}

export function md5(bytes: Buffer): string {
  return createHash("md5").update(bytes).digest("hex");
}

export function sha256(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("base64");
}

function bodyOf(version: S3Version | undefined): Buffer | undefined {
  return version?.isMarker === false ? version.body : undefined;
}

function madeByHand(body: Buffer): S3Version {
  return {
    versionId: "null",
    isMarker: false,
    body,
    etag: md5(body),
    checksum: undefined,
    atRest: { headers: {} },
    modifiedMs: Date.now(),
  };
}

import { fileURLToPath } from "node:url";
import { UserError } from "../../errors.ts";
import type { ObjectStore } from "../../store/object-store.ts";
import type { FindingGroup, Subject } from "../finding.ts";
import { judgeFolder } from "../judge-folder.ts";
import { judgeS3Root } from "../judge-s3-root.ts";
import type { S3RootSighting } from "../s3-observations.ts";
import { probeFolder } from "./probe-folder.ts";
import { probeS3Root, type S3Target } from "./probe-s3-root.ts";

export interface RootToExamine extends Omit<S3Target, "root"> {
  readonly subject: Subject;
  /** `file:///…` or `s3://bucket/prefix`, as a config holds it. */
  readonly url: string;
  readonly openStore: () => Promise<ObjectStore>;
  /** See `KeptHere`. */
  readonly termDays: number | undefined;
}

export interface ExaminedRoot {
  readonly group: FindingGroup;
  /** What was seen of the S3 server; undefined for a folder. */
  readonly sighting: S3RootSighting | undefined;
}

/** Looks at one root and judges what was seen. */
export async function examineRoot(root: RootToExamine): Promise<ExaminedRoot> {
  const { subject, url, settings, termDays } = root;
  const [, bucket, prefix = ""] = /^s3:\/\/([^/]+)(?:\/(.+))?$/.exec(url) ?? [];
  if (bucket === undefined) {
    const { writes, nowMs } = root;
    const target = { path: fileURLToPath(url), store: await root.openStore(), writes, nowMs };
    const findings = judgeFolder(subject, await probeFolder(target));
    return { group: { subject, place: url, findings }, sighting: undefined };
  }
  const sighting = await see({ ...root, root: { bucket, prefix } });
  const base = prefix === "" ? "" : `${prefix}/`;
  const findings = judgeS3Root(sighting, { subject, base, termDays, asked: settings.encryption?.kind });
  return { group: { subject, place: url, findings }, sighting };
}

/** Settings that cannot work are a finding like others. */
async function see(target: S3Target): Promise<S3RootSighting> {
  try {
    return await probeS3Root(target);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const reach = { kind: "failed", message: error.message, mayPass: false } as const;
    return { kind: "unreached", reach, server: undefined };
  }
}

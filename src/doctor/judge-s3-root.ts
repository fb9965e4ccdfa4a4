import type { Finding, Subject } from "./finding.ts";
import { judgeAbilities } from "./judge-abilities.ts";
import { judgeCreate, judgeRace, judgeReplace } from "./judge-creation.ts";
import { type AskedEncryption, judgeEncryption } from "./judge-encryption.ts";
import { judgeLifecycle, judgeTiering, type KeptHere } from "./judge-lifecycle.ts";
import { judgePublicAccess } from "./judge-public-access.ts";
import { judgeBatchDelete, judgeRemoval, judgeUploads } from "./judge-removal.ts";
import { judgeReach, judgeUnreached } from "./judge-server.ts";
import { judgeChecksum, judgeList, judgeRead } from "./judge-transfer.ts";
import { judgeMfaDelete, judgeObjectLock, judgeReplication, judgeVersioning } from "./judge-versions.ts";
import type { S3RootSighting } from "./s3-observations.ts";

export interface S3Circumstances extends KeptHere {
  readonly subject: Subject;
  readonly asked: AskedEncryption;
}

/** What follows from what was seen, for one root. When it cannot be reached that is all there is to say. */
export function judgeS3Root(
  sighting: S3RootSighting,
  { subject, asked, ...kept }: S3Circumstances,
): readonly Finding[] {
  if (sighting.kind === "unreached") return [judgeUnreached(sighting.reach)];
  const { reach, settings, writing, may } = sighting;
  return [
    judgeReach(reach),
    judgeAbilities(may),
    judgeVersioning(subject, settings.versioning),
    judgeMfaDelete(settings.mfaDelete),
    judgeObjectLock(subject, settings.objectLock),
    judgeReplication(subject, settings.replication),
    ...judgeLifecycle(settings.lifecycle, kept),
    judgeTiering(settings.tiering),
    judgePublicAccess(settings.publicAccess, writing.anonymousRead),
    judgeEncryption(subject, asked, writing.encryption, settings.encryption),
    judgeCreate(writing),
    judgeRace(writing),
    judgeReplace(writing),
    judgeChecksum(writing),
    judgeRead(writing),
    judgeList(subject, writing),
    judgeBatchDelete(writing),
    ...judgeRemoval(subject, writing),
    judgeUploads(settings.uploads, writing),
  ];
}

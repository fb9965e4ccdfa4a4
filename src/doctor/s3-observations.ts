import type { Answer, NoAnswer } from "./answer.ts";

/** What was seen of one root in a bucket: nothing is judged in here. */
export type S3RootSighting = UnreachedRoot | S3Observations;

export interface UnreachedRoot {
  readonly kind: "unreached";
  readonly reach: NoAnswer;
  /** Of any answer; undefined when there was none. */
  readonly server: ServerSighting | undefined;
}

export interface S3Observations {
  readonly kind: "reached";
  readonly reach: Reach;
  readonly server: ServerSighting | undefined;
  readonly settings: BucketSettings;
  readonly writing: S3Writing;
  readonly may: Abilities;
}

export interface Reach {
  /** Of the fastest of a few listings, there and back. */
  readonly latencyMs: number;
  /** False: the server answered that these credentials may not list. */
  readonly isListed: boolean;
}

export interface ServerSighting {
  readonly host: string;
  readonly transit: Transit;
  /** How far the server's clock is ahead of this machine's; undefined when it gave no date. */
  readonly clockAheadMs: number | undefined;
}

export type Transit =
  | { readonly kind: "loopback" }
  | { readonly kind: "plain" }
  | { readonly kind: "tls"; readonly version: string; readonly authority: string };

export interface BucketSettings {
  readonly versioning: Answer<Versioning>;
  /** True: versions are destroyed with a second factor only. */
  readonly mfaDelete: Answer<boolean>;
  /** Where objects of the root are copied to: buckets. */
  readonly replication: Answer<readonly string[]>;
  /** Archives into which the server moves objects that are seldom read, by name. */
  readonly tiering: Answer<readonly string[]>;
  /** The value undefined: no object lock. */
  readonly objectLock: Answer<ObjectLock | undefined>;
  readonly lifecycle: Answer<readonly LifecycleRule[]>;
  /** The algorithm with which the bucket encrypts what nobody asked it to; undefined: none that it tells of. */
  readonly encryption: Answer<string | undefined>;
  readonly publicAccess: PublicAccess;
  readonly uploads: Answer<UnfinishedUploads>;
}

export type Versioning = "never" | "Enabled" | "Suspended";

export interface ObjectLock {
  /** What each object gets that names no other, such as "30 days, COMPLIANCE". */
  readonly defaultRetention: string | undefined;
}

/** The parts of an enabled rule that concern objects without tags. */
export interface LifecycleRule {
  readonly id: string;
  readonly prefix: string;
  /** True: only objects with certain tags, and hostlog sets none. */
  readonly isForTags: boolean;
  /** When objects expire: so many days after they were stored, or at a date, in any case before long. */
  readonly expiry: { readonly days: number } | "at a date" | undefined;
  /** How many days after it was replaced or removed a version is destroyed; undefined: never. */
  readonly versionDays: number | undefined;
  /** Delete markers that nothing is left of are removed. */
  readonly removesMarkers: boolean;
  /** The storage classes into which objects go. */
  readonly storageClasses: readonly string[];
  readonly abortsUploads: boolean;
}

export interface PublicAccess {
  /** Of the bucket's policy. */
  readonly policyIsPublic: Answer<boolean>;
  readonly listIsPublic: Answer<boolean>;
  readonly block: Answer<PublicAccessBlock | undefined>;
  /** True: somebody without any credentials got a listing. */
  readonly anonymousList: Answer<boolean>;
}

export interface PublicAccessBlock {
  readonly restrictsPolicies: boolean;
  readonly ignoresLists: boolean;
  readonly isWhole: boolean;
}

export interface UnfinishedUploads {
  readonly count: number;
  /** Of these, begun more than a day ago. */
  readonly oldCount: number;
  /** False: the listing was longer than what was counted. */
  readonly isAll: boolean;
}

/** What came of writing a few small objects of the probe's own, and of removing them again. */
export interface S3Writing {
  readonly create: Answer<"refuses-second" | "replaces">;
  /** How many of so many creations of one key at once succeeded. */
  readonly race: Answer<{ readonly attempts: number; readonly created: number }>;
  readonly replace: Answer<boolean>;
  readonly checksum: Answer<ChecksumSighting>;
  readonly read: Answer<"exact" | "ignores-ranges" | "other-bytes">;
  readonly list: Answer<ListSighting>;
  readonly batchDelete: Answer<"deleted" | "refused">;
  readonly removal: Answer<RemovalSighting>;
  readonly abort: Answer<"aborted" | "cannot-begin" | "cannot-abort">;
  readonly encryption: Answer<EncryptionSighting>;
  readonly anonymousRead: Answer<boolean>;
}

export interface ChecksumSighting {
  readonly refusesWrong: boolean;
  /** The answer to a put names the SHA-256 of what is stored. */
  readonly isReturned: boolean;
  /** The ETag of the answer is the MD5 of the bytes, so that it can be compared instead. */
  readonly hasDigestTag: boolean;
}

export interface ListSighting {
  /** All objects were listed as soon as they were stored. */
  readonly isCurrent: boolean;
  readonly isInOrder: boolean;
  readonly knowsStartAfter: boolean;
}

export interface RemovalSighting {
  /** Keys, each with what was said of it. */
  readonly left: readonly string[];
  /** Versions, delete markers and uploads that remained of the probe's keys. */
  readonly hidden: Answer<number>;
}

export type EncryptionSighting =
  /** The algorithm that the answer named; undefined when it named none. */
  | { readonly kind: "stored"; readonly algorithm: string | undefined }
  /** The config asks for encryption, and the server did not do it. */
  | { readonly kind: "refused"; readonly message: string };

/** What these credentials were seen to be able to do in the root. Undefined: it is not known. */
export interface Abilities {
  readonly list: boolean | undefined;
  readonly read: boolean | undefined;
  readonly write: boolean | undefined;
  readonly replace: boolean | undefined;
  readonly remove: boolean | undefined;
  readonly listVersions: boolean | undefined;
}

import type { S3Operation } from "../s3-answer.ts";

/** In what the server differs from Amazon's. All may be assigned at any time. */
export interface S3Switches {
  /**
   * False: 403 AccessDenied. DeleteObjects is asked for each `bucket/key`, with `versionId` in the query where
   * one is named, and answers 200 with AccessDenied for that key.
   */
  may: (operation: S3Operation, name: string, query: URLSearchParams) => boolean;
  /** GET and HEAD of what is not there are 403, as Amazon answers those who may not list. */
  hidesMissing: boolean;
  /** A put without `If-None-Match: *` replaces, as it does at Amazon; else it is 403. */
  allowsOverwrites: boolean;
  /** Conditional puts that run at the same time all succeed, as at Ceph with versioning. */
  isCreateRacy: boolean;
  /** `If-None-Match` is passed over. */
  ignoresConditions: boolean;
  /** Wrong and missing checksums are accepted, and none is returned. */
  ignoresChecksums: boolean;
  /** Changes made by requests from now on show in listings only so much later. */
  listsBehindMs: number;
  /** How far the server's clock is ahead. From 15 minutes on it refuses signed requests, as Amazon does. */
  clockSkewMs: number;
  /** False: asked for encryption, it says nothing and does nothing, as Swift. */
  encrypts: boolean;
  /** A part but the last that is smaller is EntityTooSmall; at Amazon 5,242,880. */
  partBytesMin: number;
}

export function defaultSwitches(): S3Switches {
  return {
    may: () => true,
    hidesMissing: false,
    allowsOverwrites: false,
    isCreateRacy: false,
    ignoresConditions: false,
    ignoresChecksums: false,
    listsBehindMs: 0,
    clockSkewMs: 0,
    encrypts: true,
    partBytesMin: 0,
  };
}

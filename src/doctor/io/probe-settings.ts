import {
  GetBucketEncryptionCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketReplicationCommand,
  GetBucketVersioningCommand,
  GetObjectLockConfigurationCommand,
  type LifecycleRule as LifecycleRuleOfBucket,
  ListBucketIntelligentTieringConfigurationsCommand,
  ListMultipartUploadsCommand,
  type ObjectLockConfiguration,
} from "@aws-sdk/client-s3";
import type { S3Place } from "../../store/s3/s3-place.ts";
import type { Answer } from "../answer.ts";
import type {
  BucketSettings,
  LifecycleRule,
  ObjectLock,
  UnfinishedUploads,
  Versioning,
} from "../s3-observations.ts";
import { ask } from "./ask.ts";
import { probePublicAccess } from "./probe-public-access.ts";

const DAY_MS = 86_400_000;

/** Reads what the bucket is set to do, as far as these credentials may. Changes nothing. */
export async function probeSettings(place: S3Place, nowMs: number): Promise<BucketSettings> {
  return {
    versioning: await askVersioning(place),
    mfaDelete: await askMfaDelete(place),
    replication: await askReplication(place),
    tiering: await askTiering(place),
    objectLock: await askObjectLock(place),
    lifecycle: await askLifecycle(place),
    encryption: await askEncryption(place),
    publicAccess: await probePublicAccess(place),
    uploads: await askUploads(place, nowMs),
  };
}

function askVersioning(place: S3Place): Promise<Answer<Versioning>> {
  return ask<Versioning>(place, "GetBucketVersioning", async (abortSignal) => {
    const command = new GetBucketVersioningCommand({ Bucket: place.bucket });
    const { Status: status } = await place.client.send(command, { abortSignal });
    return status ?? "never";
  });
}

function askMfaDelete(place: S3Place): Promise<Answer<boolean>> {
  return ask<boolean>(place, "GetBucketVersioning", async (abortSignal) => {
    const command = new GetBucketVersioningCommand({ Bucket: place.bucket });
    return (await place.client.send(command, { abortSignal })).MFADelete === "Enabled";
  });
}

/** A rule without a filter, or with one of tags, may concern every key. Source: Amazon S3 API, ReplicationRule. */
function askReplication(place: S3Place): Promise<Answer<readonly string[]>> {
  return ask<readonly string[]>(
    place,
    "GetBucketReplication",
    async (abortSignal) => {
      const command = new GetBucketReplicationCommand({ Bucket: place.bucket });
      const { ReplicationConfiguration: configuration } = await place.client.send(command, { abortSignal });
      return (configuration?.Rules ?? []).flatMap((rule) => {
        const prefix = rule.Filter?.Prefix ?? rule.Filter?.And?.Prefix ?? prefixOfOld(rule);
        const touches = prefix.startsWith(place.base) || place.base.startsWith(prefix);
        const bucket = rule.Destination?.Bucket ?? "a bucket";
        return rule.Status === "Enabled" && touches ? [bucket.replace(/^arn:aws[^:]*:s3:::/, "")] : [];
      });
    },
    new Map([["ReplicationConfigurationNotFoundError", []]]),
  );
}

/** Source: Amazon S3 API, IntelligentTieringConfiguration. */
function askTiering(place: S3Place): Promise<Answer<readonly string[]>> {
  return ask<readonly string[]>(place, "ListBucketIntelligentTieringConfigurations", async (abortSignal) => {
    const command = new ListBucketIntelligentTieringConfigurationsCommand({ Bucket: place.bucket });
    const { IntelligentTieringConfigurationList: list = [] } = await place.client.send(command, {
      abortSignal,
    });
    return list.flatMap(({ Status: status, Filter: filter, Tierings: tierings = [] }) => {
      const prefix = filter?.Prefix ?? filter?.And?.Prefix ?? "";
      const touches = prefix.startsWith(place.base) || place.base.startsWith(prefix);
      return status === "Enabled" && touches ? tierings.map(({ AccessTier: tier }) => tier ?? "") : [];
    });
  });
}

function askObjectLock(place: S3Place): Promise<Answer<ObjectLock | undefined>> {
  return ask<ObjectLock | undefined>(
    place,
    "GetObjectLockConfiguration",
    async (abortSignal) => {
      const command = new GetObjectLockConfigurationCommand({ Bucket: place.bucket });
      const answer = await place.client.send(command, { abortSignal });
      return readObjectLock(answer.ObjectLockConfiguration);
    },
    new Map([["ObjectLockConfigurationNotFoundError", undefined]]),
  );
}

function readObjectLock(configuration: ObjectLockConfiguration | undefined): ObjectLock | undefined {
  if (configuration?.ObjectLockEnabled !== "Enabled") return undefined;
  const { Days: days, Years: years, Mode: mode } = configuration.Rule?.DefaultRetention ?? {};
  const period = days === undefined ? years && `${years} years` : `${days} days`;
  return { defaultRetention: period === undefined ? undefined : `${period}, ${mode ?? "mode unknown"}` };
}

function askLifecycle(place: S3Place): Promise<Answer<readonly LifecycleRule[]>> {
  return ask<readonly LifecycleRule[]>(
    place,
    "GetBucketLifecycleConfiguration",
    async (abortSignal) => {
      const command = new GetBucketLifecycleConfigurationCommand({ Bucket: place.bucket });
      const { Rules: rules = [] } = await place.client.send(command, { abortSignal });
      return rules.filter(({ Status: status }) => status === "Enabled").map(readRule);
    },
    new Map([["NoSuchLifecycleConfiguration", []]]),
  );
}

/** The prefix stands in one of three places. Source: Amazon S3 API, LifecycleRule and LifecycleRuleFilter. */
function readRule(rule: LifecycleRuleOfBucket): LifecycleRule {
  const { Filter: filter, Expiration: expiration, Transitions: transitions = [] } = rule;
  const tags = filter?.And?.Tags ?? [];
  return {
    id: rule.ID ?? "",
    prefix: filter?.Prefix ?? filter?.And?.Prefix ?? prefixOfOld(rule),
    isForTags: filter?.Tag !== undefined || tags.length > 0,
    expiry: expiration?.Days === undefined ? expiration?.Date && "at a date" : { days: expiration.Days },
    storageClasses: transitions.map(({ StorageClass: name }) => name ?? ""),
    versionDays: rule.NoncurrentVersionExpiration?.NoncurrentDays,
    removesMarkers: expiration?.ExpiredObjectDeleteMarker === true,
    abortsUploads: rule.AbortIncompleteMultipartUpload !== undefined,
  };
}

/** Rules of before there were filters. */
function prefixOfOld(rule: { readonly Prefix?: string | undefined }): string {
  return rule.Prefix ?? "";
}

function askEncryption(place: S3Place): Promise<Answer<string | undefined>> {
  return ask<string | undefined>(
    place,
    "GetBucketEncryption",
    async (abortSignal) => {
      const command = new GetBucketEncryptionCommand({ Bucket: place.bucket });
      const { ServerSideEncryptionConfiguration: configuration } = await place.client.send(command, {
        abortSignal,
      });
      return configuration?.Rules?.[0]?.ApplyServerSideEncryptionByDefault?.SSEAlgorithm;
    },
    new Map([["ServerSideEncryptionConfigurationNotFoundError", undefined]]),
  );
}

/** One page: whether there are a thousand or a million makes no difference to what is to be done. */
function askUploads(place: S3Place, nowMs: number): Promise<Answer<UnfinishedUploads>> {
  return ask<UnfinishedUploads>(place, "ListMultipartUploads", async (abortSignal) => {
    const command = new ListMultipartUploadsCommand({ Bucket: place.bucket, Prefix: place.base });
    const { Uploads: uploads = [], IsTruncated: isTruncated } = await place.client.send(command, {
      abortSignal,
    });
    const old = uploads.filter(
      ({ Initiated: begun }) => begun !== undefined && nowMs - begun.getTime() > DAY_MS,
    );
    return { count: uploads.length, oldCount: old.length, isAll: isTruncated !== true };
  });
}

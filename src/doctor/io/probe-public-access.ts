import {
  GetBucketAclCommand,
  GetBucketPolicyStatusCommand,
  GetObjectCommand,
  GetPublicAccessBlockCommand,
  type Grant,
  ListObjectsV2Command,
} from "@aws-sdk/client-s3";
import { refusalOf } from "../../store/s3/refusal.ts";
import type { S3Place } from "../../store/s3/s3-place.ts";
import type { Answer } from "../answer.ts";
import type { PublicAccess, PublicAccessBlock } from "../s3-observations.ts";
import { ask } from "./ask.ts";

/** Who let in everybody. Source: Amazon S3 User Guide, "Access control list overview", predefined groups. */
const EVERYBODY = /\/groups\/global\/(?:AllUsers|AuthenticatedUsers)$/;

/** What lets strangers in, and what a stranger gets. */
export async function probePublicAccess(place: S3Place): Promise<PublicAccess> {
  return {
    policyIsPublic: await askPolicyStatus(place),
    listIsPublic: await askAccessList(place),
    block: await askBlock(place),
    anonymousList: await listAsStranger(place),
  };
}

function askPolicyStatus(place: S3Place): Promise<Answer<boolean>> {
  return ask<boolean>(
    place,
    "GetBucketPolicyStatus",
    async (abortSignal) => {
      const command = new GetBucketPolicyStatusCommand({ Bucket: place.bucket });
      const { PolicyStatus: status } = await place.client.send(command, { abortSignal });
      return status?.IsPublic === true;
    },
    new Map([["NoSuchBucketPolicy", false]]),
  );
}

function askAccessList(place: S3Place): Promise<Answer<boolean>> {
  return ask<boolean>(place, "GetBucketAcl", async (abortSignal) => {
    const command = new GetBucketAclCommand({ Bucket: place.bucket });
    const { Grants: grants = [] } = await place.client.send(command, { abortSignal });
    return grants.some(letsInEverybody);
  });
}

function letsInEverybody({ Grantee: grantee }: Grant): boolean {
  return EVERYBODY.test(grantee?.URI ?? "");
}

function askBlock(place: S3Place): Promise<Answer<PublicAccessBlock | undefined>> {
  return ask<PublicAccessBlock | undefined>(
    place,
    "GetPublicAccessBlock",
    async (abortSignal) => {
      const command = new GetPublicAccessBlockCommand({ Bucket: place.bucket });
      const { PublicAccessBlockConfiguration: block } = await place.client.send(command, { abortSignal });
      const restrictsPolicies = block?.RestrictPublicBuckets === true;
      const ignoresLists = block?.IgnorePublicAcls === true;
      const refusesNew = block?.BlockPublicPolicy === true && block.BlockPublicAcls === true;
      return { restrictsPolicies, ignoresLists, isWhole: restrictsPolicies && ignoresLists && refusesNew };
    },
    new Map([["NoSuchPublicAccessBlockConfiguration", undefined]]),
  );
}

function listAsStranger(place: S3Place): Promise<Answer<boolean>> {
  const command = new ListObjectsV2Command({ Bucket: place.bucket, Prefix: place.base, MaxKeys: 1 });
  command.middlewareStack.addRelativeTo(forgetWho, forgetWhoPlace);
  return getsIn(place, "ListObjectsV2 without credentials", (abortSignal) =>
    place.client.send(command, { abortSignal }),
  );
}

/** Whether somebody without credentials can read the object. */
export function readAsStranger(place: S3Place, key: string): Promise<Answer<boolean>> {
  const command = new GetObjectCommand({ Bucket: place.bucket, Key: place.base + key });
  command.middlewareStack.addRelativeTo(forgetWho, forgetWhoPlace);
  return getsIn(place, `GetObject ${key} without credentials`, async (abortSignal) => {
    const { Body: body } = await place.client.send(command, { abortSignal });
    await body?.transformToByteArray();
  });
}

function getsIn(
  place: S3Place,
  operation: string,
  work: (signal: AbortSignal) => Promise<unknown>,
): Promise<Answer<boolean>> {
  return ask(place, operation, async (abortSignal) => {
    try {
      await work(abortSignal);
      return true;
    } catch (error) {
      // An answer that refuses is what is wished for, whatever its name (400 where SSE-C is missing).
      if (refusalOf(error) !== undefined || isRefusal(error)) return false;
      throw error;
    }
  });
}

function isRefusal(error: unknown): boolean {
  const { $metadata: metadata } = error as { readonly $metadata?: { readonly httpStatusCode?: number } };
  const status = metadata?.httpStatusCode ?? 0;
  return status >= 400 && status < 500;
}

const forgetWhoPlace = {
  name: "forgetWho",
  relation: "after",
  toMiddleware: "httpSigningMiddleware",
} as const;

/** Takes the signature off again, so that the request goes the way of all others and says not who sent it. */
function forgetWho<Args, Result>(next: (args: Args) => Promise<Result>): (args: Args) => Promise<Result> {
  return (args) => {
    const { request } = args as { readonly request: { readonly headers: Record<string, string> } };
    delete request.headers["authorization"];
    delete request.headers["x-amz-security-token"];
    return next(args);
  };
}

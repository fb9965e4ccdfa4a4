import { ListObjectsV2Command } from "@aws-sdk/client-s3";
import { attempt } from "./attempt.ts";
import type { S3Place } from "./s3-place.ts";

/**
 * What the Date header of an answer says, in ms since 1970; undefined when there is none that can be read. Source:
 * RFC 9110, 6.6.1.
 */
export function serverTime(place: S3Place): Promise<number | undefined> {
  return attempt(place, "ListObjectsV2", async ({ signal }) => {
    const command = new ListObjectsV2Command({ Bucket: place.bucket, Prefix: place.base, MaxKeys: 1 });
    let timeMs: number | undefined;
    command.middlewareStack.add(
      (next) => async (args) => {
        const result = await next(args);
        timeMs = timeOf(result.response);
        return result;
      },
      { name: "readServerTime", step: "deserialize", priority: "high" },
    );
    await place.client.send(command, { abortSignal: signal });
    return timeMs;
  });
}

function timeOf(response: unknown): number | undefined {
  const { headers } = response as { readonly headers?: Readonly<Record<string, string | undefined>> };
  const timeMs = Date.parse(headers?.["date"] ?? "");
  return Number.isNaN(timeMs) ? undefined : timeMs;
}

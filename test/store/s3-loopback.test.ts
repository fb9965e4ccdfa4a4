import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  GetObjectRetentionCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  type ListObjectVersionsCommandInput,
  type ListObjectVersionsCommandOutput,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  at,
  bytesOf,
  loopbackClient,
  md5Text,
  put,
  refusal,
  sha256Text,
} from "../support/s3/loopback-client.ts";
import { type S3Server, startS3Server } from "../support/s3-server.ts";

// Other tests rely on the server that runs in their own process. Here it answers the AWS SDK as Amazon S3 would.

const body = Buffer.from("192.0.2.1 was here");
const replacing = { IfNoneMatch: undefined };

let server: S3Server;
let client: S3Client;

beforeEach(async () => {
  server = await startS3Server();
  client = loopbackClient(server.endpoint);
});
afterEach(async () => {
  client.destroy();
  await server.close();
});

describe("an object", () => {
  it("comes back with its ETag, and with its SHA-256 when that is asked for of the whole", async () => {
    const stored = await client.send(put(body));
    expect(stored).toMatchObject({ ETag: `"${md5Text(body)}"`, ChecksumSHA256: sha256Text(body) });
    expect(stored.VersionId).toBeUndefined();
    const asked = { ...at, ChecksumMode: "ENABLED" } as const;
    expect(await client.send(new HeadObjectCommand(asked))).toMatchObject({
      ContentLength: body.length,
      ETag: `"${md5Text(body)}"`,
      ChecksumSHA256: sha256Text(body),
    });
    expect(await client.send(new HeadObjectCommand(at))).not.toHaveProperty("ChecksumSHA256");
    expect(await bytesOf(client, new GetObjectCommand(asked))).toEqual(body);
    const part = await client.send(new GetObjectCommand({ ...asked, Range: "bytes=2-4" }));
    expect(part).toMatchObject({ ContentRange: `bytes 2-4/${body.length}`, ContentLength: 3 });
    expect(part).not.toHaveProperty("ChecksumSHA256");
    expect(await part.Body?.transformToString()).toBe("2.0");
  });

  it.each([
    ["bytes=14-", "here"],
    ["bytes=-4", "here"],
    ["bytes=14-99", "here"],
  ])("gives its end for %s", async (range, text) => {
    await client.send(put(body));
    expect((await bytesOf(client, new GetObjectCommand({ ...at, Range: range }))).toString()).toBe(text);
  });

  it("is refused where it ends, and where it changed", async () => {
    await client.send(put(body));
    expect(await refusal(client.send(new GetObjectCommand({ ...at, Range: "bytes=18-18" })))).toEqual([
      416,
      "InvalidRange",
    ]);
    expect(await refusal(client.send(new GetObjectCommand({ ...at, IfMatch: '"0"' })))).toEqual([
      412,
      "PreconditionFailed",
    ]);
  });

  it("is created once, by a put that brings the right checksum", async () => {
    const other = sha256Text(Buffer.from("other"));
    expect(await refusal(client.send(put(body, { ChecksumSHA256: other })))).toEqual([400, "BadDigest"]);
    expect(await refusal(client.send(put(body, replacing)))).toEqual([403, "AccessDenied"]);
    const bare = new PutObjectCommand({ ...at, Body: body, IfNoneMatch: "*" });
    expect(await refusal(client.send(bare))).toEqual([400, "MissingChecksum"]);
    const race = await Promise.allSettled(
      Array.from({ length: 8 }, (_, index) => client.send(put(Buffer.of(index)))),
    );
    expect(race.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect(await refusal(client.send(put(body)))).toEqual([412, "PreconditionFailed"]);
  });

  it("is missing with 404 and, to those who may not know, with 403", async () => {
    const get = (): Promise<unknown> => client.send(new GetObjectCommand(at));
    expect(await refusal(get())).toEqual([404, "NoSuchKey"]);
    expect(await refusal(client.send(new HeadObjectCommand(at)))).toEqual([404, "NotFound"]);
    server.hidesMissing = true;
    expect(await refusal(get())).toEqual([403, "AccessDenied"]);
    expect(await refusal(client.send(new HeadObjectCommand(at)))).toEqual([403, "Unknown"]);
  });
});

describe("a bucket that keeps versions", () => {
  beforeEach(async () => {
    server.allowsOverwrites = true;
    server.versioning.set("logs", "Enabled");
  });

  async function listed(): Promise<readonly unknown[]> {
    const { Versions: versions = [], DeleteMarkers: markers = [] } = await client.send(
      new ListObjectVersionsCommand({ Bucket: "logs" }),
    );
    return [
      ...versions.map(({ VersionId: id, IsLatest: isLatest, Size: size }) => [id, isLatest, size]),
      ...markers.map(({ VersionId: id, IsLatest: isLatest }) => [id, isLatest]),
    ];
  }

  it("keeps what is replaced and what is deleted", async () => {
    const { VersionId: first } = await client.send(put(Buffer.from("1")));
    const { VersionId: second } = await client.send(put(Buffer.from("22"), replacing));
    const { VersionId: marker, DeleteMarker: isMarker } = await client.send(new DeleteObjectCommand(at));
    expect(new Set([first, second, marker, undefined]).size).toBe(4);
    expect(isMarker).toBe(true);
    expect(await listed()).toEqual([
      [second, false, 2],
      [first, false, 1],
      [marker, true],
    ]);
    expect(server.versionsOf("logs/a")).toMatchObject([
      { versionId: marker, isMarker: true },
      { versionId: second, isMarker: false, body: Buffer.from("22") },
      { versionId: first, isMarker: false, body: Buffer.from("1") },
    ]);
    expect(server.objects.size).toBe(0);
    expect((await client.send(new ListObjectsV2Command({ Bucket: "logs" }))).Contents).toBeUndefined();
    expect((await bytesOf(client, new GetObjectCommand({ ...at, VersionId: first }))).toString()).toBe("1");

    expect(await refusal(client.send(new GetObjectCommand(at)))).toEqual([404, "NoSuchKey"]);
    const ofMarker = client.send(new GetObjectCommand({ ...at, VersionId: marker }));
    expect(await refusal(ofMarker)).toEqual([405, "MethodNotAllowed"]);
    const ofNone = client.send(new GetObjectCommand({ ...at, VersionId: "none" }));
    expect(await refusal(ofNone)).toEqual([404, "NoSuchVersion"]);
  });

  it("creates over a marker, and never over a version", async () => {
    await client.send(put(body));
    expect(await refusal(client.send(put(body)))).toEqual([412, "PreconditionFailed"]);
    await client.send(new DeleteObjectCommand(at));
    await client.send(put(body));
    expect(server.versionsOf("logs/a")).toHaveLength(3);
  });

  it("deletes for good by version, and shows what was below", async () => {
    const { VersionId: first } = await client.send(put(Buffer.from("1")));
    const { VersionId: second } = await client.send(put(Buffer.from("22"), replacing));
    const { VersionId: marker } = await client.send(new DeleteObjectCommand(at));
    const gone = await client.send(new DeleteObjectCommand({ ...at, VersionId: marker }));
    expect(gone).toMatchObject({ DeleteMarker: true, VersionId: marker });
    expect(server.objects.get("logs/a")).toEqual(Buffer.from("22"));
    const { Deleted: deleted, Errors: errors } = await client.send(
      new DeleteObjectsCommand({
        Bucket: "logs",
        Delete: {
          Objects: [
            { Key: "a", VersionId: second },
            { Key: "a", VersionId: "gone" },
          ],
        },
      }),
    );
    expect(errors).toBeUndefined();
    expect(deleted).toEqual([
      { Key: "a", VersionId: second },
      { Key: "a", VersionId: "gone" },
    ]);
    expect(await listed()).toEqual([[first, true, 1]]);
  });

  it("replaces the version without a name once it is suspended", async () => {
    const { VersionId: kept } = await client.send(put(Buffer.from("1")));
    server.versioning.set("logs", "Suspended");
    await client.send(put(Buffer.from("22"), replacing));
    const { VersionId: replaced } = await client.send(put(Buffer.from("333"), replacing));
    expect(replaced).toBe("null");
    expect(await listed()).toEqual([
      ["null", true, 3],
      [kept, false, 1],
    ]);
    expect(await client.send(new DeleteObjectCommand(at))).toMatchObject({ DeleteMarker: true });
    expect(await listed()).toEqual([
      [kept, false, 1],
      ["null", true],
    ]);
  });

  it("lists every version and marker once over pages that end within a key", async () => {
    for (let index = 0; index < 75; index++) await client.send(put(Buffer.of(index), replacing));
    for (const key of ["b", "b/c"]) {
      for (let index = 0; index < 75; index++)
        await client.send(new DeleteObjectCommand({ ...at, Key: key }));
    }
    server.objects.set("logs-2/a", body);
    const seen: string[] = [];
    const sizes: number[] = [];
    let marker: Pick<ListObjectVersionsCommandInput, "KeyMarker" | "VersionIdMarker"> | undefined = {};
    while (marker !== undefined) {
      const page: ListObjectVersionsCommandOutput = await client.send(
        new ListObjectVersionsCommand({ Bucket: "logs", ...marker }),
      );
      const entries = [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])];
      seen.push(...entries.map(({ Key: key, VersionId: id }) => `${key}?${id}`));
      sizes.push(entries.length);
      const { NextKeyMarker: KeyMarker, NextVersionIdMarker: VersionIdMarker } = page;
      marker = page.IsTruncated === true ? { KeyMarker, VersionIdMarker } : undefined;
    }
    expect(sizes).toEqual([100, 100, 25]);
    const all = ["a", "b", "b/c"].flatMap((key) =>
      server.versionsOf(`logs/${key}`).map(({ versionId }) => `${key}?${versionId}`),
    );
    expect(seen).toEqual(all);
  });

  it("keeps a version that is locked, and says until when", async () => {
    const { VersionId: version } = await client.send(put(body));
    server.locks.set(`logs/a?versionId=${version}`, "2027-01-01T00:00:00.000Z");
    const ofVersion = { ...at, VersionId: version };
    expect(await refusal(client.send(new DeleteObjectCommand(ofVersion)))).toEqual([403, "AccessDenied"]);
    const { Retention: retention } = await client.send(new GetObjectRetentionCommand(ofVersion));
    expect(retention?.RetainUntilDate?.toISOString()).toBe("2027-01-01T00:00:00.000Z");
    await client.send(new DeleteObjectCommand(at));
    expect(server.versionsOf("logs/a")).toHaveLength(2);
  });
});

describe("a bucket that never kept versions", () => {
  it("lists its objects as the version null, and deletes that", async () => {
    server.objects.set("logs/a", body);
    const { Versions: versions } = await client.send(new ListObjectVersionsCommand({ Bucket: "logs" }));
    expect(versions).toMatchObject([{ Key: "a", VersionId: "null", IsLatest: true, Size: body.length }]);
    await client.send(new DeleteObjectCommand({ ...at, VersionId: "null" }));
    expect(server.objects.size).toBe(0);
    expect(server.versionsOf("logs/a")).toEqual([]);
  });
});

describe("a multipart upload", () => {
  const parts = [Buffer.alloc(5000, "x"), Buffer.from("end")];

  async function begin(key = "a"): Promise<string> {
    const { UploadId: id = "" } = await client.send(
      new CreateMultipartUploadCommand({ ...at, Key: key, ChecksumAlgorithm: "SHA256" }),
    );
    return id;
  }

  const send = (id: string, index: number, checksum?: string): Promise<unknown> => {
    const bytes = parts[index] ?? body;
    return client.send(
      new UploadPartCommand({
        ...at,
        UploadId: id,
        PartNumber: index + 1,
        Body: bytes,
        ChecksumAlgorithm: "SHA256",
        ChecksumSHA256: checksum ?? sha256Text(bytes),
      }),
    );
  };

  const complete = (id: string, numbers: readonly number[] = [1, 2]): CompleteMultipartUploadCommand =>
    new CompleteMultipartUploadCommand({
      ...at,
      UploadId: id,
      IfNoneMatch: "*",
      MultipartUpload: {
        Parts: numbers.map((number) => {
          const bytes = parts[number - 1] ?? body;
          return { PartNumber: number, ETag: `"${md5Text(bytes)}"`, ChecksumSHA256: sha256Text(bytes) };
        }),
      },
    });

  it("becomes an object whose checksum is that of its parts'", async () => {
    const id = await begin();
    for (const index of [0, 1]) await send(id, index);
    expect(server.uploads.get(id)).toMatchObject({
      name: "logs/a",
      parts: new Map(parts.map((part, index) => [index + 1, part])),
    });
    expect(server.objects.size).toBe(0);
    const { ChecksumSHA256: checksum, ETag: etag } = await client.send(complete(id));
    const digests = parts.map((part) => Buffer.from(sha256Text(part), "base64"));
    expect(checksum).toBe(`${sha256Text(Buffer.concat(digests))}-2`);
    expect(etag).toMatch(/^"[0-9a-f]{32}-2"$/);
    expect(server.uploads.size).toBe(0);
    const answer = await client.send(new GetObjectCommand({ ...at, ChecksumMode: "ENABLED" }));
    expect(answer).toMatchObject({ ChecksumSHA256: checksum, ChecksumType: "COMPOSITE" });
    expect(Buffer.from((await answer.Body?.transformToByteArray()) ?? [])).toEqual(Buffer.concat(parts));
  });

  it("is refused where something else is, and stays", async () => {
    const id = await begin();
    for (const index of [0, 1]) await send(id, index);
    await client.send(put(body));
    expect(await refusal(client.send(complete(id)))).toEqual([412, "PreconditionFailed"]);
    expect(server.objects.get("logs/a")).toEqual(body);
    await client.send(new AbortMultipartUploadCommand({ ...at, UploadId: id }));
    expect(server.uploads.size).toBe(0);
    const again = client.send(new AbortMultipartUploadCommand({ ...at, UploadId: id }));
    expect(await refusal(again)).toEqual([404, "NoSuchUpload"]);
    expect(await refusal(client.send(complete(id)))).toEqual([404, "NoSuchUpload"]);
  });

  it("takes no part that is damaged, unknown, out of order or too small", async () => {
    const id = await begin();
    expect(await refusal(send(id, 0, sha256Text(body)))).toEqual([400, "BadDigest"]);
    expect(await refusal(send("none", 0))).toEqual([404, "NoSuchUpload"]);
    for (const index of [0, 1]) await send(id, index);
    expect(await refusal(client.send(complete(id, [1, 2, 3])))).toEqual([400, "InvalidPart"]);
    expect(await refusal(client.send(complete(id, [2, 1])))).toEqual([400, "InvalidPartOrder"]);
    expect(await refusal(client.send(complete(id, [])))).toEqual([400, "MalformedXML"]);
    server.partBytesMin = 5001;
    expect(await refusal(client.send(complete(id)))).toEqual([400, "EntityTooSmall"]);
    expect(server.objects.size).toBe(0);
  });

  it("is listed until it ends, by key, over pages", async () => {
    for (let index = 0; index < 150; index++) await begin(index < 120 ? "p/b" : "p/a");
    await begin("q");
    const first = await client.send(new ListMultipartUploadsCommand({ Bucket: "logs", Prefix: "p/" }));
    const { NextKeyMarker: key, NextUploadIdMarker: id } = first;
    const second = await client.send(
      new ListMultipartUploadsCommand({ Bucket: "logs", Prefix: "p/", KeyMarker: key, UploadIdMarker: id }),
    );
    expect([first.IsTruncated, second.IsTruncated]).toEqual([true, false]);
    const seen = [...(first.Uploads ?? []), ...(second.Uploads ?? [])];
    expect(seen.map(({ Key: each }) => each)).toEqual([
      ...Array.from({ length: 30 }, () => "p/a"),
      ...Array.from({ length: 120 }, () => "p/b"),
    ]);
    expect(new Set(seen.map(({ UploadId: each }) => each)).size).toBe(150);
  });
});

describe("a deletion of many", () => {
  it("answers 200, and for each key what became of it", async () => {
    for (const key of ["kept", "denied", "gone"]) server.objects.set(`logs/${key}`, body);
    server.undeletable.set("logs/kept", "InternalError");
    server.may = (operation, name) => operation !== "DeleteObjects" || name !== "logs/denied";
    const { Errors: errors = [], Deleted: deleted } = await client.send(
      new DeleteObjectsCommand({
        Bucket: "logs",
        Delete: { Quiet: true, Objects: ["kept", "denied", "gone", "<&>"].map((key) => ({ Key: key })) },
      }),
    );
    expect(deleted).toBeUndefined();
    expect(errors.map(({ Key: key, Code: code }) => [key, code])).toEqual([
      ["kept", "InternalError"],
      ["denied", "AccessDenied"],
    ]);
    expect([...server.objects.keys()]).toEqual(["logs/kept", "logs/denied"]);
  });
});

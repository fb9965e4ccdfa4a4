import { createHash } from "node:crypto";
import {
  type GetObjectCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
  S3Client,
} from "@aws-sdk/client-s3";

/** The AWS SDK as it is, without retries. */
export function loopbackClient(endpoint: string): S3Client {
  return new S3Client({
    endpoint,
    region: "us-east-1",
    forcePathStyle: true,
    maxAttempts: 1,
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
    credentials: { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "wJalrXUtnFEMI" },
  });
}

/** Where the tests of the server put what they put. */
export const at = { Bucket: "logs", Key: "a" };

/** A put that creates, with the right checksum, but for what is said otherwise. */
export function put(bytes: Buffer, otherwise: Partial<PutObjectCommandInput> = {}): PutObjectCommand {
  return new PutObjectCommand({
    ...at,
    Body: bytes,
    IfNoneMatch: "*",
    ChecksumAlgorithm: "SHA256",
    ChecksumSHA256: sha256Text(bytes),
    ...otherwise,
  });
}

/** The status and the name of the error that the SDK makes of a refusal. */
export async function refusal(answer: Promise<unknown>): Promise<readonly [number | undefined, string]> {
  const error: unknown = await answer.then(
    () => new Error("it was not refused"),
    (thrown: unknown) => thrown,
  );
  const { $metadata, name } = error as Error & { readonly $metadata?: { readonly httpStatusCode?: number } };
  return [$metadata?.httpStatusCode, name];
}

export async function bytesOf(client: S3Client, command: GetObjectCommand): Promise<Buffer> {
  const { Body: stream } = await client.send(command);
  return Buffer.from((await stream?.transformToByteArray()) ?? []);
}

export function sha256Text(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("base64");
}

export function md5Text(bytes: Buffer, form: "hex" | "base64" = "hex"): string {
  return createHash("md5").update(bytes).digest(form);
}

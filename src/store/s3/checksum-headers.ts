import type { S3Client } from "@aws-sdk/client-s3";

/** Whose answers name the checksum that is kept with an object, when they are asked to. */
const readers: ReadonlySet<string> = new Set(["GetObjectCommand", "HeadObjectCommand"]);

interface HeadedRequest {
  readonly headers: Record<string, string>;
}

/**
 * Two headers that the SDK would set as well, at a price: for the signature it hashes a body that is hashed
 * already, once for each attempt; and when told to ask for checksums it hashes what is read itself and
 * reports a mismatch by an Error without a name. Source: Amazon S3 API, x-amz-content-sha256 and
 * x-amz-checksum-mode.
 */
export function addChecksumHeaders(client: S3Client): void {
  client.middlewareStack.add(
    (next, { commandName = "" }) =>
      (args) => {
        const { headers } = args.request as HeadedRequest;
        const checksum = headers["x-amz-checksum-sha256"];
        if (checksum !== undefined) {
          headers["x-amz-content-sha256"] = Buffer.from(checksum, "base64").toString("hex");
        }
        if (readers.has(commandName)) headers["x-amz-checksum-mode"] = "ENABLED";
        return next(args);
      },
    { name: "addChecksumHeaders", step: "build" },
  );
}

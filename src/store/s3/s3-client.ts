import { S3Client, type S3ClientConfig } from "@aws-sdk/client-s3";
import type { S3Settings } from "../../../config/config.ts";
import { UserError } from "../../errors.ts";
import { exitCode } from "../../exit-code.ts";
import type { Patience } from "./s3-place.ts";

/** A connection that takes longer is made anew rather than waited for. */
const CONNECT_MAX_MS = 10_000;

/**
 * A client for one endpoint. What the settings leave open comes from where every AWS tool takes it: the
 * AWS_ variables, the profile, the machine's role. Throws UserError when no region is known.
 */
export async function openS3Client(url: string, settings: S3Settings, patience: Patience): Promise<S3Client> {
  const region = settings.region ?? (await knownRegion()) ?? regionBesides(settings);
  if (region === undefined) {
    throw new UserError(
      `${url}: no region is known; set s3.region or AWS_REGION, and for a server that is not Amazon's also s3.endpoint or AWS_ENDPOINT_URL`,
      exitCode.config,
    );
  }
  const client = new S3Client(clientConfig(settings, region, patience));
  refusePlainHttp(client, url);
  return client;
}

function clientConfig(settings: S3Settings, region: string, patience: Patience): S3ClientConfig {
  return {
    region,
    forcePathStyle: settings.forcePathStyle,
    ...(settings.endpoint === undefined ? {} : { endpoint: settings.endpoint }),
    // A put names its own SHA-256. What the SDK adds and asks for beside it (CRC32, often as a trailer) is
    // unknown to many servers that are not Amazon's, and some take it for content.
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
    // `attempt` does it.
    maxAttempts: 1,
    requestHandler: {
      connectionTimeout: Math.min(patience.attemptMs, CONNECT_MAX_MS),
      socketTimeout: patience.attemptMs,
    },
  };
}

/** As the SDK finds it: AWS_REGION, then the profile. */
async function knownRegion(): Promise<string | undefined> {
  const probe = new S3Client({});
  try {
    return await probe.config.region();
  } catch {
    return undefined;
  } finally {
    probe.destroy();
  }
}

/** The SDK does not read AWS_DEFAULT_REGION, which other tools do. Servers with an endpoint rarely mind. */
function regionBesides({ endpoint }: S3Settings): string | undefined {
  const { AWS_DEFAULT_REGION, AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_S3 } = process.env;
  if (AWS_DEFAULT_REGION !== undefined) return AWS_DEFAULT_REGION;
  const hasEndpoint = (endpoint ?? AWS_ENDPOINT_URL_S3 ?? AWS_ENDPOINT_URL) !== undefined;
  return hasEndpoint ? "us-east-1" : undefined;
}

/**
 * Looks at each request just before it is signed, because an endpoint may also come from a variable, a
 * profile or a redirect.
 */
function refusePlainHttp(client: S3Client, url: string): void {
  client.middlewareStack.add(
    (next) => (args) => {
      const { protocol, hostname } = args.request as { readonly protocol: string; readonly hostname: string };
      if (protocol !== "https:" && !isLoopback(hostname)) {
        throw new UserError(
          `${url}: the endpoint http://${hostname} would send logs and signatures in the clear; use https://`,
          exitCode.config,
        );
      }
      return next(args);
    },
    { name: "refusePlainHttp", step: "finalizeRequest", priority: "high" },
  );
}

/** Source: RFC 6761 section 6.3 for `localhost`, RFC 6890 for the addresses. */
export function isLoopback(hostname: string): boolean {
  return /^(?:(?:[a-z0-9.-]+\.)?localhost|127(?:\.\d{1,3}){3}|\[?::1\]?)$/i.test(hostname);
}

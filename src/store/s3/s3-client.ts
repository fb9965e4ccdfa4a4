import { S3Client } from "@aws-sdk/client-s3";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import type { S3Settings } from "../../../config/config.ts";
import { UserError } from "../../errors.ts";
import { exitCode } from "../../exit-code.ts";
import { LoopbackAgent, TransitAgent } from "./agents.ts";
import type { Patience } from "./s3-place.ts";
import { readTlsFiles } from "./tls-files.ts";

/** A connection that takes longer is made anew rather than waited for. */
const CONNECT_MAX_MS = 10_000;

/** A proxy gets less of it, so that a silent one is named before its silence is taken for the server's. */
const TUNNEL_SHARE = 0.8;

/**
 * A client for one endpoint. What the settings leave open comes from where every AWS tool takes it: the
 * AWS_ variables, the profile, web identity, the machine's role. Its `config.requestHandler` serves clients of
 * other services too: what it carries is TLS, or stays on this machine.
 *
 * Throws UserError when no region is known, or when the files of the TLS settings make no sense.
 */
export async function openS3Client(url: string, settings: S3Settings, patience: Patience): Promise<S3Client> {
  // The SDK's warning that newer versions of it will need a newer Node is for those who choose its version: us.
  process.env["AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED"] = "true";
  const requestHandler = await openRequestHandler(url, settings, patience);
  const region = settings.region ?? (await knownRegion()) ?? regionBesides(settings);
  if (region === undefined) {
    throw new UserError(
      `${url}: no region is known; set s3.region or AWS_REGION, and for a server that is not Amazon's also s3.endpoint or AWS_ENDPOINT_URL`,
      exitCode.config,
    );
  }
  return new S3Client({
    region,
    // A bucket's name with dots is no host name that a certificate covers, nor one below an address.
    forcePathStyle: settings.forcePathStyle || /^s3:\/\/[^/]*\./.test(url),
    ...(settings.endpoint === undefined ? {} : { endpoint: settings.endpoint }),
    // A put names its own SHA-256. What the SDK adds and asks for beside it (CRC32, often as a trailer) is
    // unknown to many servers that are not Amazon's, and some take it for content.
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
    // A server that does not know it lets the body wait; one that refuses a body is rare and costs that body.
    expectContinueHeader: false,
    // `attempt` does it.
    maxAttempts: 1,
    requestHandler,
  });
}

/**
 * Whatever the endpoint comes from (the settings, a variable, a profile, a redirect), and for the services that
 * hand out credentials as well, the agents decide at each connection what may be sent where.
 */
async function openRequestHandler(
  url: string,
  settings: S3Settings,
  { attemptMs }: Patience,
): Promise<NodeHttpHandler> {
  const connectMs = Math.min(attemptMs, CONNECT_MAX_MS);
  return new NodeHttpHandler({
    httpAgent: new LoopbackAgent(url),
    httpsAgent: new TransitAgent(await readTlsFiles(settings), connectMs * TUNNEL_SHARE),
    connectionTimeout: connectMs,
    socketTimeout: attemptMs,
  });
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

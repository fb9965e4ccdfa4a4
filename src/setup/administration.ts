import { IAMClient } from "@aws-sdk/client-iam";
import type { S3Client } from "@aws-sdk/client-s3";
import type { S3Settings } from "../../config/config.ts";
import { knownTraits } from "../access/server-traits.ts";
import { openS3Place } from "../store/s3/open-s3-place.ts";
import type { Patience, S3Place } from "../store/s3/s3-place.ts";

/** The way to a server with the credentials of its administrator. */
export interface Administration {
  /** A whole bucket; the same one each time. */
  openBucket(bucket: string): Promise<S3Place>;
  readonly users: IAMClient;
  /** Where calls about users are made, for their deadlines and messages. */
  readonly usersPlace: S3Place;
}

/** A person waits, and runs it again. */
const patience: Patience = { attemptMs: 20_000, budgetMs: 30_000, firstDelayMs: 200 };

/** Nothing is asked of the server yet. Throws UserError for settings that cannot work. */
export async function openAdministration(
  bucket: string,
  settings: S3Settings,
  environment: Environment,
): Promise<Administration> {
  const places = new Map<string, Promise<S3Place>>();
  const openBucket = (name: string): Promise<S3Place> => {
    // What is stored meanwhile is nobody's log: no key is needed for it.
    const unencrypted = { ...settings, encryption: undefined };
    const place = places.get(name) ?? openS3Place({ bucket: name, prefix: "" }, unencrypted, patience);
    places.set(name, place);
    return place;
  };
  const place = await openBucket(bucket);
  const { client } = place;
  const endpoint = usersEndpoint(settings, environment);
  const users = new IAMClient({
    region: client.config.region,
    credentials: client.config.credentials,
    ...(endpoint === undefined ? {} : { endpoint }),
    // The same TLS, and the same refusal to send anything in the clear.
    requestHandler: client.config.requestHandler,
    // `attempt` does it.
    maxAttempts: 1,
  });
  return { openBucket, users, usersPlace: { ...place, url: `users of ${endpoint ?? "the server"}` } };
}

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Where users are made: by AWS_ENDPOINT_URL_IAM; else at the S3 server, unless that is Amazon's, which has a place of
 * its own for them. Undefined: as the SDK finds it.
 */
function usersEndpoint({ endpoint }: S3Settings, environment: Environment): string | undefined {
  if (environment["AWS_ENDPOINT_URL_IAM"] !== undefined) return environment["AWS_ENDPOINT_URL_IAM"];
  const server = endpoint ?? environment["AWS_ENDPOINT_URL_S3"];
  return server === undefined || knownTraits(server, undefined).isAmazon ? undefined : server;
}

/**
 * The URL that a client's next request goes to, without its path. It is seen on the request itself, as an
 * endpoint may come from the settings, a variable or a profile.
 */
export async function observeEndpoint(client: S3Client, ask: () => Promise<unknown>): Promise<string> {
  let seen = "";
  client.middlewareStack.add(
    (next) => (args) => {
      seen = originOf(args.request);
      return next(args);
    },
    { name: "observeEndpoint", step: "finalizeRequest", priority: "low" },
  );
  try {
    await ask();
  } finally {
    client.middlewareStack.remove("observeEndpoint");
  }
  return seen;
}

function originOf(request: unknown): string {
  const { protocol, hostname } = request as { readonly protocol: string; readonly hostname: string };
  return `${protocol}//${hostname}`;
}

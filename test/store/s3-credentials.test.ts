import { writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { exitCode } from "../../src/exit-code.ts";
import type { ObjectStore } from "../../src/store/object-store.ts";
import { openS3Store } from "../../src/store/s3-store.ts";
import { impatience } from "../support/loopback-store.ts";
import { startMetadataServer } from "../support/metadata-server.ts";
import { type S3Server, startS3Server } from "../support/s3-server.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const HOUR_MS = 3_600_000;

let server: S3Server;
let store: ObjectStore;

beforeEach(async () => {
  for (const name of Object.keys(process.env)) if (name.startsWith("AWS_")) vi.stubEnv(name, undefined);
  vi.stubEnv("AWS_CONFIG_FILE", "/nonexistent");
  vi.stubEnv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent");
  vi.stubEnv("AWS_EC2_METADATA_DISABLED", "true");
  server = await startS3Server();
  store = await openS3Store(
    { bucket: "logs", prefix: "" },
    { endpoint: server.endpoint, region: "eu-central-1", forcePathStyle: true },
  );
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await server.close();
});

/** The access key and the session token of the last request. */
function lastUsed(): readonly (string | undefined)[] {
  const { headers } = server.requests.at(-1) ?? {};
  const [, accessKeyId] = /Credential=([^/]+)\//.exec(headers?.authorization ?? "") ?? [];
  return [accessKeyId, headers?.["x-amz-security-token"]?.toString()];
}

describe("credentials come from", () => {
  it("the environment", async () => {
    vi.stubEnv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE");
    vi.stubEnv("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI");
    vi.stubEnv("AWS_SESSION_TOKEN", "session");
    await store.create("a", Uint8Array.of(1));
    expect(lastUsed()).toEqual(["AKIDEXAMPLE", "session"]);
  });

  it("the profile that AWS_PROFILE names, else from the default one", async () => {
    const file = join(await temporaryFolder(), "credentials");
    const profile = (name: string, key: string): string =>
      `[${name}]\naws_access_key_id = ${key}\naws_secret_access_key = wJalrXUtnFEMI\n`;
    await writeFile(file, profile("default", "AKIDEFAULT") + profile("hostlog-node-web-17", "AKIDNODE"));
    vi.stubEnv("AWS_SHARED_CREDENTIALS_FILE", file);
    await store.create("a", Uint8Array.of(1));
    expect(lastUsed()).toEqual(["AKIDEFAULT", undefined]);
    vi.stubEnv("AWS_PROFILE", "hostlog-node-web-17");
    const settings = { endpoint: server.endpoint, region: "eu-central-1", forcePathStyle: true };
    await (await openS3Store({ bucket: "logs", prefix: "" }, settings)).read("a");
    expect(lastUsed()).toEqual(["AKIDNODE", undefined]);
  });

  it("web identity, exchanged at the token service", async () => {
    const asked: string[] = [];
    await useTokenService((body) => void asked.push(body));
    await store.create("a", Uint8Array.of(1));
    expect(lastUsed()).toEqual(["ASIAEXAMPLE", "token"]);
    expect(new URLSearchParams(asked[0]).get("WebIdentityToken")).toBe("identity");
  });

  it("the instance's metadata, by sessions (version 2)", async () => {
    const metadata = await useMetadata();
    metadata.next = { accessKeyId: "ASIAINSTANCE", lifetimeMs: HOUR_MS };
    await store.create("a", Uint8Array.of(1));
    await store.read("a");
    expect(lastUsed()).toEqual(["ASIAINSTANCE", "token-of-ASIAINSTANCE"]);
    expect(metadata.given).toBe(1);
  });
});

describe("credentials that expire", () => {
  it("are renewed before they do", async () => {
    const metadata = await useMetadata();
    metadata.next = { accessKeyId: "ASIAFIRST", lifetimeMs: 60_000 };
    await store.create("a", Uint8Array.of(1));
    expect(lastUsed()).toEqual(["ASIAFIRST", "token-of-ASIAFIRST"]);
    metadata.next = { accessKeyId: "ASIASECOND", lifetimeMs: HOUR_MS };
    await vi.waitFor(
      async () => {
        await store.read("a");
        expect(lastUsed()).toEqual(["ASIASECOND", "token-of-ASIASECOND"]);
      },
      { timeout: 10_000 },
    );
  });
});

describe("a source of credentials that takes too long", () => {
  it("is given up within the time of an operation", async () => {
    const file = join(await temporaryFolder(), "config");
    await writeFile(file, "[default]\ncredential_process = sleep 20\n");
    vi.stubEnv("AWS_CONFIG_FILE", file);
    const settings = { endpoint: server.endpoint, region: "eu-central-1", forcePathStyle: true };
    const other = await openS3Store({ bucket: "logs", prefix: "" }, settings, impatience);
    const startedMs = performance.now();
    await expect(other.create("a", Uint8Array.of(1))).rejects.toMatchObject({
      exitCode: exitCode.tryAgain,
      message: expect.stringContaining("a program or a service gives the credentials"),
    });
    expect(performance.now() - startedMs).toBeLessThan(10_000);
  });
});

describe("a token service that fails", () => {
  it("is a trouble that may pass, and not a want of credentials", async () => {
    await useTokenService(() => undefined);
    vi.stubEnv("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:9");
    const settings = { endpoint: server.endpoint, region: "eu-central-1", forcePathStyle: true };
    const other = await openS3Store({ bucket: "logs", prefix: "" }, settings, impatience);
    await expect(other.read("a")).rejects.toMatchObject({ exitCode: exitCode.tryAgain });
  });
});

describe("without credentials", () => {
  const refusal = {
    name: "UserError",
    exitCode: exitCode.config,
    message: expect.stringContaining(
      "no source of credentials gave any, so there are no credentials; set AWS_ACCESS_KEY_ID",
    ),
  };

  it("an operation ends at once, and not after all attempts", async () => {
    await expect(store.read("a")).rejects.toMatchObject(refusal);
    expect(server.operations).toEqual([]);
  });

  it("it does so too where the metadata service does not answer", async () => {
    const metadata = await useMetadata();
    await metadata.close();
    await expect(store.read("a")).rejects.toMatchObject(refusal);
  });

  it("it does so too when the profile is not there", async () => {
    vi.stubEnv("AWS_PROFILE", "nobody");
    const settings = { endpoint: server.endpoint, region: "eu-central-1", forcePathStyle: true };
    const other = await openS3Store({ bucket: "logs", prefix: "" }, settings);
    await expect(other.read("a")).rejects.toMatchObject(refusal);
  });

  it("no identity is sent in the clear to a token service elsewhere", async () => {
    await useTokenService(() => undefined);
    vi.stubEnv("AWS_ENDPOINT_URL_STS", "http://192.0.2.1");
    await expect(store.read("a")).rejects.toMatchObject({
      exitCode: exitCode.config,
      message: expect.stringContaining("http://192.0.2.1 would send"),
    });
  });
});

async function useMetadata() {
  const metadata = await startMetadataServer();
  onTestFinished(() => metadata.close());
  vi.stubEnv("AWS_EC2_METADATA_DISABLED", undefined);
  vi.stubEnv("AWS_EC2_METADATA_SERVICE_ENDPOINT", metadata.endpoint);
  return metadata;
}

/** Source: AWS STS API, AssumeRoleWithWebIdentity. */
async function useTokenService(note: (body: string) => void): Promise<void> {
  const service = createServer((request, response) => {
    void text(request).then(note);
    const expiration = new Date(Date.now() + HOUR_MS).toISOString();
    response.writeHead(200, { "content-type": "text/xml" });
    response.end(
      `<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>ASIAEXAMPLE</AccessKeyId><SecretAccessKey>wJalrXUtnFEMI</SecretAccessKey><SessionToken>token</SessionToken><Expiration>${expiration}</Expiration></Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`,
    );
  });
  await new Promise<void>((resolve) => service.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    service.close();
    service.closeAllConnections();
  });
  const token = join(await temporaryFolder(), "token");
  await writeFile(token, "identity");
  vi.stubEnv("AWS_WEB_IDENTITY_TOKEN_FILE", token);
  vi.stubEnv("AWS_ROLE_ARN", "arn:aws:iam::111122223333:role/hostlog-node");
  vi.stubEnv("AWS_ENDPOINT_URL_STS", `http://127.0.0.1:${(service.address() as AddressInfo).port}`);
}

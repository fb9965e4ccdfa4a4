import { readFileSync } from "node:fs";
import { chmod, copyFile, writeFile } from "node:fs/promises";
import { createServer as createTlsServer } from "node:https";
import { type AddressInfo, createServer, type Server } from "node:net";
import { join } from "node:path";
import tls from "node:tls";
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import type { S3Settings } from "../../config/config.ts";
import { exitCode } from "../../src/exit-code.ts";
import type { ObjectStore } from "../../src/store/object-store.ts";
import { openS3Store } from "../../src/store/s3-store.ts";
import { connectionsOf } from "../support/connections-of.ts";
import { runHostlog } from "../support/run-hostlog.ts";
import { type S3Server, type S3ServerOptions, startS3Server } from "../support/s3-server.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { tlsFixture, tlsServer } from "../support/tls-fixture.ts";

const authorityFile = tlsFixture("authority.pem");
const textOf = (name: string): string => readFileSync(tlsFixture(name), "utf8");
const patience = { attemptMs: 10_000, budgetMs: 1000, firstDelayMs: 5 };

beforeEach(() => {
  vi.stubEnv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI");
});
afterEach(() => {
  vi.unstubAllEnvs();
});

async function startServer(served?: S3ServerOptions["tls"]): Promise<S3Server> {
  const server = await startS3Server(served === undefined ? {} : { tls: served });
  onTestFinished(() => server.close());
  return server;
}

function openStore(endpoint: string, settings: Partial<S3Settings> = {}): Promise<ObjectStore> {
  return openS3Store(
    { bucket: "logs", prefix: "" },
    { endpoint, region: "us-east-1", forcePathStyle: true, ...settings },
    patience,
  );
}

/** A copy that only its owner may use, which git does not keep. */
async function privateKey(name: string): Promise<string> {
  const file = join(await temporaryFolder(), "client.key");
  await copyFile(tlsFixture(name), file);
  await chmod(file, 0o600);
  return file;
}

describe("TLS to the S3 server", () => {
  it("trusts the authority of ca_file", async () => {
    const server = await startServer(tlsServer("server"));
    const store = await openStore(server.endpoint, { authorityFile });
    expect(await store.create("a", Uint8Array.of(1))).toBe("created");
    expect(await store.read("a")).toEqual(Uint8Array.of(1));
  });

  it("knows the server by its name as well", async () => {
    const server = await startServer(tlsServer("server"));
    const { port } = new URL(server.endpoint);
    const store = await openStore(`https://localhost:${port}`, { authorityFile });
    expect(await store.create("a", Uint8Array.of(1))).toBe("created");
  });

  it.each([
    ["whose authority nobody named", tlsServer("server"), {}, "UNABLE_TO_VERIFY_LEAF_SIGNATURE"],
    [
      "of another authority",
      tlsServer("server"),
      { authorityFile: tlsFixture("stranger.pem") },
      "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
    ],
    ["whose certificate has expired", tlsServer("expired"), { authorityFile }, "CERT_HAS_EXPIRED"],
    [
      "whose certificate names another",
      tlsServer("elsewhere"),
      { authorityFile },
      "ERR_TLS_CERT_ALTNAME_INVALID",
    ],
    [
      "that speaks no later TLS than 1.0",
      { ...tlsServer("server"), versionMax: "TLSv1" },
      { authorityFile },
      "EPROTO",
    ],
    [
      "that speaks no later TLS than 1.1",
      { ...tlsServer("server"), versionMax: "TLSv1.1" },
      { authorityFile },
      "EPROTO",
    ],
  ] as const)("sends nothing to a server %s", async (_, served, settings, code) => {
    const server = await startServer(served);
    const store = await openStore(server.endpoint, settings);
    await expect(store.create("a", Uint8Array.of(1))).rejects.toMatchObject({
      name: "UserError",
      exitCode: exitCode.config,
      message: expect.stringContaining(`(${code})`),
    });
    expect(server.operations).toEqual([]);
  });

  it("says how an authority of one's own becomes trusted", async () => {
    const server = await startServer(tlsServer("server"));
    const store = await openStore(server.endpoint);
    await expect(store.read("a")).rejects.toThrow(/s3\.ca_file.*NODE_EXTRA_CA_CERTS/);
  });

  it("is not weakened by a variable that is meant for other programs", async () => {
    vi.stubEnv("NODE_TLS_REJECT_UNAUTHORIZED", "0");
    const server = await startServer(tlsServer("server"));
    const store = await openStore(server.endpoint);
    await expect(store.read("a")).rejects.toMatchObject({ exitCode: exitCode.config });
    expect(server.operations).toEqual([]);
  });

  it("is no older than 1.2, though Node be told to allow more (--tls-min-v1.0)", async () => {
    const { DEFAULT_MIN_VERSION: versionMin, DEFAULT_CIPHERS: ciphers } = tls;
    onTestFinished(
      () => void Object.assign(tls, { DEFAULT_MIN_VERSION: versionMin, DEFAULT_CIPHERS: ciphers }),
    );
    Object.assign(tls, { DEFAULT_MIN_VERSION: "TLSv1", DEFAULT_CIPHERS: "DEFAULT@SECLEVEL=0" });
    const server = await startServer({ ...tlsServer("server"), versionMax: "TLSv1.1" });
    const store = await openStore(server.endpoint, { authorityFile });
    await expect(store.read("a")).rejects.toMatchObject({ exitCode: exitCode.config });
    expect(server.operations).toEqual([]);
  });

  it("speaks TLS 1.2 where the server has no later one", async () => {
    const server = await startServer({ ...tlsServer("server"), versionMax: "TLSv1.2" });
    const store = await openStore(server.endpoint, { authorityFile });
    expect(await store.create("a", Uint8Array.of(1))).toBe("created");
  });

  it("never asks whether it may send a body", async () => {
    const server = await startServer(tlsServer("server"));
    const store = await openStore(server.endpoint, { authorityFile });
    expect(await store.create("a", new Uint8Array(3_000_000))).toBe("created");
    expect(server.headerNames).not.toContain("expect");
  });
});

describe("the program, with NODE_EXTRA_CA_CERTS", () => {
  it("trusts that authority beside the usual ones", async () => {
    const server = await startServer(tlsServer("server"));
    const directory = await temporaryFolder();
    const environment = {
      AWS_ACCESS_KEY_ID: "AKIDEXAMPLE",
      AWS_SECRET_ACCESS_KEY: "wJalrXUtnFEMI",
      AWS_ENDPOINT_URL: server.endpoint,
    };
    await writeFile(join(directory, "hostlog.yaml"), "store: s3://logs\ns3: {force_path_style: true}\n");
    const without = await runHostlog(["verify"], { directory, environment });
    expect(without).toMatchObject({
      status: exitCode.config,
      stderr: expect.stringContaining("not trusted"),
    });
    expect(server.operations).toEqual([]);
    const withIt = { ...environment, NODE_EXTRA_CA_CERTS: authorityFile };
    const { stderr } = await runHostlog(["verify"], { directory, environment: withIt });
    expect(server.operations).toContain("ListObjectsV2");
    // The SDK would warn of the version of Node that it runs on.
    expect(stderr).not.toMatch(/NodeVersion|Warning/i);
  });
});

describe("mutual TLS", () => {
  const certificateFile = tlsFixture("client.pem");
  const { certificate, key } = tlsServer("server");

  it.each(["TLSv1.2", "TLSv1.3"] as const)("shows the server who it is, by %s", async (versionMax) => {
    const clientAuthority = textOf("authority.pem");
    const server = await startServer({ certificate, key, clientAuthority, versionMax });
    const clientCertificate = { certificateFile, keyFile: await privateKey("client.key") };
    const store = await openStore(server.endpoint, { authorityFile, clientCertificate });
    expect(await store.create("a", Uint8Array.of(1))).toBe("created");
  });

  it.each(["TLSv1.2", "TLSv1.3"] as const)(
    "ends at once without a certificate, by %s",
    async (versionMax) => {
      const clientAuthority = textOf("authority.pem");
      const server = await startServer({ certificate, key, clientAuthority, versionMax });
      const store = await openStore(server.endpoint, { authorityFile });
      await expect(store.read("a")).rejects.toMatchObject({
        exitCode: exitCode.config,
        message: expect.stringMatching(/client.certificate/),
      });
      expect(server.operations).toEqual([]);
    },
  );
});

describe("a file of the TLS settings", () => {
  const endpoint = "https://s3.example.net";
  const certificateFile = tlsFixture("client.pem");

  async function refusalOf(settings: Partial<S3Settings>): Promise<string> {
    const error: unknown = await openStore(endpoint, settings).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: "UserError", exitCode: exitCode.config });
    return error instanceof Error ? error.message : "";
  }

  it("must be there", async () => {
    const missing = join(await temporaryFolder(), "authority.pem");
    expect(await refusalOf({ authorityFile: missing })).toMatch(
      `s3.ca_file: ${missing} cannot be read (ENOENT)`,
    );
    expect(
      await refusalOf({
        clientCertificate: { certificateFile: missing, keyFile: await privateKey("client.key") },
      }),
    ).toMatch(`s3.client_certificate_file: ${missing} cannot be read (ENOENT)`);
    expect(await refusalOf({ clientCertificate: { certificateFile, keyFile: missing } })).toMatch(
      `s3.client_key_file: ${missing} cannot be read (ENOENT)`,
    );
  });

  it.each([
    ["is empty", ""],
    ["is something else", "hunter2"],
    ["holds a broken one", "-----BEGIN CERTIFICATE-----\nhunter2\n-----END CERTIFICATE-----\n"],
    [
      "holds a broken one behind a good one",
      `${textOf("authority.pem")}-----BEGIN CERTIFICATE-----\nhunter2\n-----END CERTIFICATE-----\n`,
    ],
  ])("is refused as a certificate when it %s", async (_, text) => {
    const file = join(await temporaryFolder(), "authority.pem");
    await writeFile(file, text);
    const message = await refusalOf({ authorityFile: file });
    expect(message).toMatch(`s3.ca_file: ${file} holds no certificate that can be read`);
    expect(message).not.toContain("hunter2");
  });

  it("may hold several authorities, and words between them", async () => {
    const file = join(await temporaryFolder(), "authorities.pem");
    await writeFile(file, `one\n${textOf("stranger.pem")}two\n${textOf("authority.pem")}`);
    const server = await startServer(tlsServer("server"));
    const store = await openStore(server.endpoint, { authorityFile: file });
    expect(await store.create("a", Uint8Array.of(1))).toBe("created");
  });

  it("must be a key that can be used unattended", async () => {
    const locked = await privateKey("client-locked.key");
    expect(await refusalOf({ clientCertificate: { certificateFile, keyFile: locked } })).toMatch(
      `the key in ${locked} needs a passphrase`,
    );
    const noKey = await privateKey("client.pem");
    expect(await refusalOf({ clientCertificate: { certificateFile, keyFile: noKey } })).toMatch(
      `s3.client_key_file: ${noKey} holds no private key that can be read`,
    );
  });

  it("must be the key of the certificate", async () => {
    const keyFile = await privateKey("server.key");
    expect(await refusalOf({ clientCertificate: { certificateFile, keyFile } })).toMatch(
      `s3.client_key_file: ${keyFile} is not the key of the certificate in ${certificateFile}`,
    );
  });

  it.each(["640", "604", "620"])("must not be a key with the mode %s", async (mode) => {
    const keyFile = await privateKey("client.key");
    await chmod(keyFile, Number.parseInt(mode, 8));
    expect(await refusalOf({ clientCertificate: { certificateFile, keyFile } })).toMatch(
      `s3.client_key_file: others than its owner may use ${keyFile}; run chmod 600`,
    );
  });
});

describe("connections", () => {
  /** Accepts, reads and never answers. */
  async function startStalling(): Promise<{ readonly server: Server; readonly port: number }> {
    const server = createServer((socket) => {
      socket.on("error", () => undefined);
      socket.resume();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    return { server, port: (server.address() as AddressInfo).port };
  }

  it.each(["http", "https"])("are gone after 50 requests over %s that nobody answered", async (scheme) => {
    const { server, port } = await startStalling();
    const store = await openS3Store(
      { bucket: "logs", prefix: "" },
      { endpoint: `${scheme}://127.0.0.1:${port}`, region: "us-east-1", forcePathStyle: true },
      { attemptMs: 1000, budgetMs: 0, firstDelayMs: 5 },
    );
    let seen = 0;
    server.on("connection", () => seen++);
    const requests = Array.from({ length: 50 }, () => store.create("a", new Uint8Array(1000)));
    for (const ending of await Promise.allSettled(requests)) expect(ending.status).toBe("rejected");
    expect(seen).toBeGreaterThan(0);
    // One may stay, idle: it was opened for a request that waited, and that request was given up.
    await vi.waitFor(async () => expect(await connectionsOf(server)).toBeLessThanOrEqual(1), {
      timeout: 10_000,
    });
  });

  it("are used again, and are 32 at the most", async () => {
    const { certificate, key } = tlsServer("server");
    const server = createTlsServer({ cert: certificate, key }, (_request, response) => {
      response.setHeader("etag", '"x"').end("body");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    let seen = 0;
    server.on("secureConnection", () => seen++);
    const store = await openStore(`https://127.0.0.1:${(server.address() as AddressInfo).port}`, {
      authorityFile,
    });
    for (let round = 0; round < 5; round++) await store.read("a");
    expect(seen).toBe(1);
    await Promise.all(Array.from({ length: 100 }, () => store.read("a")));
    expect(seen).toBeGreaterThan(1);
    expect(seen).toBeLessThanOrEqual(32);
    server.closeAllConnections();
  });
});

describe("without TLS", () => {
  it("finds a server on this machine by any name of it, and asks no name server", async () => {
    const server = await startServer();
    const { port } = new URL(server.endpoint);
    const store = await openStore(`http://s3.localhost:${port}`, { forcePathStyle: false });
    await expect(store.create("a", Uint8Array.of(1))).rejects.toMatchObject({ name: "UserError" });
    // The server knows buckets by path only, but it was reached.
    expect(server.requests[0]?.headers.host).toBe(`logs.s3.localhost:${port}`);
  });
});

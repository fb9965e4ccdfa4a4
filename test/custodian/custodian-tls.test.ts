import { chmod, copyFile, readFile } from "node:fs/promises";
import { createServer } from "node:https";
import { type AddressInfo, connect as connectPlain } from "node:net";
import { join } from "node:path";
import { type ConnectionOptions, connect, type TLSSocket } from "node:tls";
import { describe, expect, it, onTestFinished } from "vitest";
import type { CustodianSettings } from "../../config/config.ts";
import { connectCustodian, readCustodianHealth } from "../../src/custodian/io/remote-custodian.ts";
import type { TlsFiles } from "../../src/custodian/io/tls-files.ts";
import { exitCode } from "../../src/exit-code.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { tlsFixture, tlsServer } from "../support/tls-fixture.ts";
import {
  type CustodianWorld,
  createCustodianWorld,
  FIRST_DAY,
  rawOf,
  requestOf,
  type ServedCustodian,
  STORE_ID,
  serveWorld,
} from "./support/custodian-world.ts";
import { untilEnd } from "./support/raw-client.ts";

const authorityFile = tlsFixture("authority.pem");

async function serverFiles(
  name: "server" | "elsewhere" | "expired",
  authority = "authority.pem",
): Promise<TlsFiles> {
  const { certificate, key } = tlsServer(name);
  const ca = await readFile(tlsFixture(authority), "utf8");
  return { ca, cert: certificate.toString(), key: key.toString() };
}

/** A copy of the key that only its owner may use, which git does not keep. */
async function clientOf(
  name: "client" | "expired",
): Promise<NonNullable<CustodianSettings["clientCertificate"]>> {
  const keyFile = join(await temporaryFolder(), "client.key");
  await copyFile(tlsFixture(`${name}.key`), keyFile);
  await chmod(keyFile, 0o600);
  return { certificateFile: tlsFixture(`${name}.pem`), keyFile };
}

async function ask(world: CustodianWorld, settings: CustodianSettings): Promise<readonly string[]> {
  const custodian = await connectCustodian(settings, STORE_ID);
  onTestFinished(() => custodian.close());
  const answers = await custodian.openHeaders(requestOf(await world.headerOf(rawOf(FIRST_DAY))));
  return answers.map(({ kind }) => kind);
}

async function settingsFor(
  { settings }: ServedCustodian,
  change: Partial<CustodianSettings> = {},
): Promise<CustodianSettings> {
  return { ...settings, authorityFile, clientCertificate: await clientOf("client"), ...change };
}

describe("hostlog custodian over mutual TLS", () => {
  it("opens headers for a client that its authority certified, and writes down its name", async () => {
    const world = await createCustodianWorld();
    const served = await serveWorld(world, { tls: await serverFiles("server") });
    expect(await ask(world, await settingsFor(served))).toEqual(["opened"]);
    expect(served.lines).toEqual([
      expect.stringMatching(
        /^look-up [0-9a-f]{32}: query by "web-17\.example\.org", 1 object: raw 2026-11-20$/,
      ),
    ]);
    expect(await readCustodianHealth(await settingsFor(served))).toMatchObject({ storeId: STORE_ID });
  });

  it.each([
    ["shows no certificate", undefined, "ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE"],
    ["shows one that has expired", "expired", "CERT_HAS_EXPIRED"],
  ] as const)("turns away who %s, and says so", async (_, name, reason) => {
    const world = await createCustodianWorld();
    const served = await serveWorld(world, { tls: await serverFiles("server") });
    const clientCertificate = name === undefined ? undefined : await clientOf(name);
    await expect(ask(world, await settingsFor(served, { clientCertificate }))).rejects.toMatchObject({
      exitCode: exitCode.config,
      message: expect.stringMatching(/does not accept this client: name a certificate/),
    });
    expect(served.lines).toContain(`a client was turned away before it could ask: ${reason}`);
    expect(served.lines.filter((line) => line.startsWith("look-up"))).toEqual([]);
  });

  it("turns away who is certified by another authority", async () => {
    const world = await createCustodianWorld();
    const served = await serveWorld(world, { tls: await serverFiles("server", "stranger.pem") });
    await expect(ask(world, await settingsFor(served))).rejects.toMatchObject({
      exitCode: exitCode.config,
      message: expect.stringMatching(/does not accept this client/),
    });
  });

  it.each([
    ["has expired", "expired", {}, /has expired; renew it/],
    ["is of another name", "elsewhere", {}, /certificate of another name/],
    [
      "is of an authority that is not ours",
      "server",
      { authorityFile: tlsFixture("stranger.pem") },
      /not trusted here/,
    ],
    ["is of an authority that nobody named", "server", { authorityFile: undefined }, /not trusted here/],
  ] as const)("is told nothing when its own certificate %s", async (_, name, change, message) => {
    const world = await createCustodianWorld();
    const served = await serveWorld(world, { tls: await serverFiles(name) });
    await expect(ask(world, await settingsFor(served, change))).rejects.toMatchObject({
      exitCode: exitCode.config,
      message: expect.stringMatching(message),
    });
    expect(served.lines.filter((line) => line.startsWith("look-up"))).toEqual([]);
  });

  it("speaks TLS 1.3 where both can, 1.2 where they cannot, and nothing older", async () => {
    const served = await serveWorld(await createCustodianWorld(), { tls: await serverFiles("server") });
    const spoken = [
      await protocolWith(served, {}),
      await protocolWith(served, { maxVersion: "TLSv1.2" }),
      await protocolWith(served, {
        minVersion: "TLSv1",
        maxVersion: "TLSv1.1",
        ciphers: "DEFAULT@SECLEVEL=0",
      }),
    ];
    expect(spoken).toEqual(["TLSv1.3", "TLSv1.2", "none"]);
  });

  it("speaks to nobody without TLS", async () => {
    const served = await serveWorld(await createCustodianWorld(), { tls: await serverFiles("server") });
    const socket = connectPlain(Number(new URL(served.settings.url).port), "127.0.0.1");
    socket.write("GET /health HTTP/1.1\r\nhost: c\r\n\r\n");
    expect(await untilEnd(socket)).not.toContain("store");
  });
});

/** The version of TLS that is agreed on. */
async function protocolWith(
  { settings }: ServedCustodian,
  options: ConnectionOptions,
): Promise<string | null> {
  const { certificateFile, keyFile } = await clientOf("client");
  const socket = connect({
    host: "127.0.0.1",
    port: Number(new URL(settings.url).port),
    ca: await readFile(authorityFile),
    cert: await readFile(certificateFile),
    key: await readFile(keyFile),
    ...options,
  });
  return new Promise((resolve) => {
    const end = (spoken: (socket: TLSSocket) => string | null) => (): void => {
      resolve(spoken(socket));
      socket.destroy();
    };
    socket.on(
      "secureConnect",
      end((one) => one.getProtocol()),
    );
    socket.on(
      "error",
      end(() => "none"),
    );
  });
}

describe("a look-up's settings", () => {
  it.each([
    ["a key that every user may use", 0o644, "client.key", /client_key_file: every user of this machine/],
    ["a key behind a passphrase", 0o600, "client-locked.key", /TLS cannot use these files/],
    ["the key of another certificate", 0o600, "server.key", /TLS cannot use these files/],
    ["a certificate for a key", 0o600, "client.pem", /holds no private key/],
  ])("are refused with %s", async (_, mode, name, message) => {
    const keyFile = join(await temporaryFolder(), "client.key");
    await copyFile(tlsFixture(name), keyFile);
    await chmod(keyFile, mode);
    const clientCertificate = { certificateFile: tlsFixture("client.pem"), keyFile };
    const settings = { url: "https://custodian.example.org:7443", authorityFile, clientCertificate };
    await expect(connectCustodian(settings, STORE_ID)).rejects.toMatchObject({
      exitCode: exitCode.config,
      message: expect.stringMatching(message),
    });
  });

  it("are refused with an authority that is not there", async () => {
    const settings = {
      url: "https://custodian.example.org:7443",
      authorityFile: join(await temporaryFolder(), "none.pem"),
      clientCertificate: undefined,
    };
    await expect(connectCustodian(settings, STORE_ID)).rejects.toMatchObject({
      exitCode: exitCode.config,
      message: expect.stringMatching(/custodian\.ca_file: .*cannot be read \(ENOENT\)/),
    });
  });
});

describe("a custodian that is not there", () => {
  it.each([
    ["on a socket", async () => `unix:${join(await temporaryFolder(), "custodian.sock")}`],
    ["on a port", async () => `https://127.0.0.1:${await freePort()}`],
  ])("%s is to be tried again", async (_, place) => {
    const world = await createCustodianWorld();
    const settings = { url: await place(), authorityFile, clientCertificate: undefined };
    await expect(ask(world, settings)).rejects.toMatchObject({
      exitCode: exitCode.tryAgain,
      message: expect.stringMatching(/does not answer; see that `hostlog custodian` runs there/),
    });
    await expect(readCustodianHealth(settings)).rejects.toMatchObject({ exitCode: exitCode.tryAgain });
  });

  it("but another server is said to be no custodian", async () => {
    const { certificate, key } = tlsServer("server");
    const server = createServer({ cert: certificate, key }, (_, response) =>
      response.end("<html>welcome</html>"),
    );
    const port = await new Promise<number>((resolve) => {
      server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port));
    });
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    const world = await createCustodianWorld();
    const settings = { url: `https://127.0.0.1:${port}`, authorityFile, clientCertificate: undefined };
    await expect(ask(world, settings)).rejects.toMatchObject({
      exitCode: exitCode.config,
      message: expect.stringMatching(/does not answer as a custodian of this version/),
    });
    await expect(readCustodianHealth(settings)).rejects.toMatchObject({ exitCode: exitCode.config });
  });

  it("any more, since the last request, is found out", async () => {
    const world = await createCustodianWorld();
    const served = await serveWorld(world, { tls: await serverFiles("server") });
    const custodian = await connectCustodian(await settingsFor(served), STORE_ID);
    onTestFinished(() => custodian.close());
    const header = await world.headerOf(rawOf(FIRST_DAY));
    expect(await custodian.openHeaders(requestOf(header))).toHaveLength(1);
    await served.end();
    await expect(custodian.openHeaders(requestOf(header))).rejects.toMatchObject({
      exitCode: exitCode.tryAgain,
    });
  });
});

async function freePort(): Promise<number> {
  const server = createServer();
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

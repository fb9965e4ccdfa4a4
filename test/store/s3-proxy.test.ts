import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { exitCode } from "../../src/exit-code.ts";
import type { ObjectStore } from "../../src/store/object-store.ts";
import { chooseProxy, type Proxy } from "../../src/store/s3/choose-proxy.ts";
import { openTunnel } from "../../src/store/s3/open-tunnel.ts";
import { openS3Store } from "../../src/store/s3-store.ts";
import { type ConnectProxy, startConnectProxy } from "../support/connect-proxy.ts";
import { connectionsOf } from "../support/connections-of.ts";
import { type S3Server, startS3Server } from "../support/s3-server.ts";
import { tlsFixture, tlsServer } from "../support/tls-fixture.ts";

const variables = ["http_proxy", "https_proxy", "all_proxy", "no_proxy"].flatMap((name) => [
  name,
  name.toUpperCase(),
]);

beforeEach(() => {
  for (const name of variables) vi.stubEnv(name, undefined);
  vi.stubEnv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI");
});
afterEach(() => {
  vi.unstubAllEnvs();
});

describe("chooseProxy", () => {
  const proxy = "http://proxy.example.net:3128";

  it.each([
    [{}, undefined],
    [{ HTTPS_PROXY: proxy }, "HTTPS_PROXY"],
    [{ https_proxy: proxy }, "https_proxy"],
    [{ ALL_PROXY: proxy }, "ALL_PROXY"],
    [{ all_proxy: proxy }, "all_proxy"],
    [{ HTTPS_PROXY: proxy, https_proxy: proxy, ALL_PROXY: proxy }, "https_proxy"],
    [{ HTTPS_PROXY: "", ALL_PROXY: proxy }, "ALL_PROXY"],
    [{ HTTP_PROXY: proxy, http_proxy: proxy }, undefined],
    [{ HTTPS_PROXY: proxy, NO_PROXY: "s3.example.org" }, undefined],
    [{ HTTPS_PROXY: proxy, NO_PROXY: "192.0.2.1, s3.example.org:443" }, undefined],
    [{ HTTPS_PROXY: proxy, no_proxy: ".example.org" }, undefined],
    [{ HTTPS_PROXY: proxy, NO_PROXY: "*" }, undefined],
    [{ HTTPS_PROXY: proxy, NO_PROXY: "s3.example.org:8443,example.com" }, "HTTPS_PROXY"],
  ])("with %j takes that of %s", (environment, variable) => {
    for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
    expect(chooseProxy("s3.example.org", 443)?.variable).toBe(variable);
  });

  it.each(["localhost", "logs.localhost", "127.0.0.1", "::1"])("takes none for %s", (hostName) => {
    vi.stubEnv("HTTPS_PROXY", proxy);
    expect(chooseProxy(hostName, 443)).toBeUndefined();
  });

  it("takes an IPv6 address in NO_PROXY with its brackets", () => {
    vi.stubEnv("HTTPS_PROXY", proxy);
    expect(chooseProxy("2001:db8::1", 443)?.variable).toBe("HTTPS_PROXY");
    vi.stubEnv("NO_PROXY", "[2001:db8::1]");
    expect(chooseProxy("2001:db8::1", 443)).toBeUndefined();
  });

  it.each([
    ["proxy.example.net:3128", "http://proxy.example.net:3128/", ""],
    ["https://proxy.example.net", "https://proxy.example.net/", ""],
    ["http://u%40example.org:p%3Aw@proxy.example.net", undefined, "u@example.org:p:w"],
    ["http://u@proxy.example.net", undefined, "u"],
  ])("reads %s", (text, href, credentials) => {
    vi.stubEnv("HTTPS_PROXY", text);
    const chosen = chooseProxy("s3.example.org", 443);
    if (href !== undefined) expect(chosen?.url.href).toBe(href);
    expect(chosen?.credentials).toBe(credentials);
  });

  it.each([
    "socks5://u:hunter2@proxy.example.net",
    "http://u:hunter2%@proxy.example.net",
    "http://u:hunter2@",
  ])("refuses %s, and does not repeat it", (text) => {
    vi.stubEnv("ALL_PROXY", text);
    const refusal = expect.objectContaining({
      exitCode: exitCode.config,
      message: expect.stringMatching(/^ALL_PROXY names no proxy that hostlog can speak to(?!.*hunter2)/),
    });
    expect(() => chooseProxy("s3.example.org", 443)).toThrow(refusal);
  });
});

describe("the S3 store behind a proxy", () => {
  let server: S3Server;
  let proxy: ConnectProxy;
  let store: ObjectStore;
  const patience = { attemptMs: 10_000, budgetMs: 10_000, firstDelayMs: 5 };

  beforeEach(async () => {
    server = await startS3Server({ tls: tlsServer("elsewhere") });
    proxy = await startConnectProxy(server.endpoint);
    store = await openBehind(patience);
  });
  afterEach(async () => {
    await proxy.close();
    await server.close();
  });

  /** The server's certificate is for this name, which no name server knows here. */
  function openBehind(patienceOfTest: typeof patience): Promise<ObjectStore> {
    const settings = {
      region: "us-east-1",
      forcePathStyle: true,
      authorityFile: tlsFixture("authority.pem"),
    };
    return openS3Store(
      { bucket: "logs", prefix: "" },
      { ...settings, endpoint: "https://s3.example.org" },
      patienceOfTest,
    );
  }

  it("reaches a server whose name only the proxy knows, by TLS to the server itself", async () => {
    vi.stubEnv("HTTPS_PROXY", `http://${proxy.host}`);
    expect(await store.create("a", Uint8Array.of(1))).toBe("created");
    expect(await store.read("a")).toEqual(Uint8Array.of(1));
    expect(server.requests.map(({ headers }) => headers.host)).toEqual(["s3.example.org", "s3.example.org"]);
    // One tunnel serves one request after the other.
    expect(proxy.destinations).toEqual(["s3.example.org:443"]);
    expect(proxy.credentials).toEqual([undefined]);
  });

  it("gives the proxy its credentials, and the server none of them", async () => {
    vi.stubEnv("HTTPS_PROXY", `http://web-17:p%40ss@${proxy.host}`);
    await store.create("a", Uint8Array.of(1));
    expect(proxy.credentials).toEqual([`Basic ${Buffer.from("web-17:p@ss").toString("base64")}`]);
    expect(server.headerNames).not.toContain("proxy-authorization");
  });

  it("trusts no server behind the proxy that it would not trust without", async () => {
    vi.stubEnv("HTTPS_PROXY", `http://${proxy.host}`);
    const other = await startS3Server({ tls: tlsServer("server") });
    onTestFinished(() => other.close());
    const otherProxy = await startConnectProxy(other.endpoint);
    onTestFinished(() => otherProxy.close());
    vi.stubEnv("HTTPS_PROXY", `http://${otherProxy.host}`);
    await expect(store.read("a")).rejects.toMatchObject({
      exitCode: exitCode.config,
      message: expect.stringContaining("ERR_TLS_CERT_ALTNAME_INVALID"),
    });
    expect(other.operations).toEqual([]);
  });

  it.each([
    [407, exitCode.config, "wants credentials, or others than it was given (HTTP 407)"],
    [403, exitCode.config, "does not let hostlog through to the S3 server (HTTP 403)"],
    [502, exitCode.tryAgain, "cannot reach the S3 server (HTTP 502)"],
  ])("ends with a proxy's %d and names it, not its password", async (status, code, message) => {
    vi.stubEnv("HTTPS_PROXY", `http://web-17:hunter2@${proxy.host}`);
    store = await openBehind({ ...patience, budgetMs: 100 });
    proxy.status = status;
    const error: unknown = await store.read("a").catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      name: "UserError",
      exitCode: code,
      message: expect.stringContaining(`the proxy ${proxy.host} of HTTPS_PROXY ${message}`),
    });
    expect(String(error)).not.toContain("hunter2");
    expect(server.operations).toEqual([]);
  });

  it("goes on when a proxy that failed is well again", async () => {
    vi.stubEnv("HTTPS_PROXY", `http://${proxy.host}`);
    proxy.status = 503;
    const creation = store.create("a", Uint8Array.of(1));
    await vi.waitFor(() => expect(proxy.destinations.length).toBeGreaterThan(1));
    proxy.status = 200;
    // Nothing was sent before, so nobody but this call can have created it.
    expect(await creation).toBe("created");
  });

  it("says which proxy is not there, and of which variable", async () => {
    vi.stubEnv("all_proxy", `http://web-17:hunter2@${proxy.host}`);
    await proxy.close();
    store = await openBehind({ ...patience, budgetMs: 100 });
    await expect(store.read("a")).rejects.toMatchObject({
      exitCode: exitCode.tryAgain,
      message: expect.stringMatching(
        new RegExp(`^the proxy ${proxy.host} of all_proxy does not answer \\(ECONNREFUSED\\)(?!.*hunter2)`),
      ),
    });
  });

  it("takes a proxy's silence for the proxy's own", async () => {
    vi.stubEnv("HTTPS_PROXY", `http://${proxy.host}`);
    proxy.status = 0;
    store = await openBehind({ attemptMs: 3000, budgetMs: 0, firstDelayMs: 5 });
    await expect(store.read("a")).rejects.toMatchObject({
      exitCode: exitCode.tryAgain,
      message: expect.stringContaining("of HTTPS_PROXY does not answer (ETIMEDOUT)"),
    });
  });

  it("does not take an untrusted proxy's TLS for the server's", async () => {
    const secureProxy = await startConnectProxy(server.endpoint, tlsServer("server"));
    onTestFinished(() => secureProxy.close());
    vi.stubEnv("HTTPS_PROXY", `https://${secureProxy.host}`);
    await expect(store.read("a")).rejects.toMatchObject({
      exitCode: exitCode.config,
      message: expect.stringMatching(
        /^the proxy .+ of HTTPS_PROXY cannot be spoken to \(UNABLE_TO_VERIFY_LEAF_SIGNATURE\); .+NODE_EXTRA_CA_CERTS/,
      ),
    });
    expect(secureProxy.destinations).toEqual([]);
  });

  it("asks no proxy for a server on this machine, nor for one in NO_PROXY", async () => {
    vi.stubEnv("HTTPS_PROXY", `http://${proxy.host}`);
    const near = await startS3Server({ tls: tlsServer("server") });
    onTestFinished(() => near.close());
    const settings = {
      region: "us-east-1",
      forcePathStyle: true,
      authorityFile: tlsFixture("authority.pem"),
    };
    const nearStore = await openS3Store(
      { bucket: "logs", prefix: "" },
      { ...settings, endpoint: near.endpoint },
    );
    expect(await nearStore.create("a", Uint8Array.of(1))).toBe("created");
    vi.stubEnv("NO_PROXY", "s3.example.org");
    store = await openBehind({ ...patience, budgetMs: 0 });
    await expect(store.read("a")).rejects.toMatchObject({ name: "UserError" });
    expect(proxy.destinations).toEqual([]);
  });
});

describe("openTunnel", () => {
  const destination = { host: "s3.example.org", port: 443 };

  /** A proxy that does with each connection what it is told, and what names it. */
  async function startProxy(welcome: (socket: Socket) => void): Promise<[Server, Proxy]> {
    const server = createServer(welcome);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    return [server, { url, credentials: "", variable: "HTTPS_PROXY" }];
  }

  it("gives a silent proxy up, and leaves no connection to it", async () => {
    const [server, proxy] = await startProxy((socket) => socket.resume());
    const tunnels = Array.from({ length: 20 }, () => openTunnel(proxy, destination, 100));
    for (const ending of await Promise.allSettled(tunnels)) {
      expect(ending).toMatchObject({
        status: "rejected",
        reason: {
          exitCode: exitCode.tryAgain,
          message: expect.stringContaining("of HTTPS_PROXY does not answer (ETIMEDOUT)"),
        },
      });
    }
    await vi.waitFor(async () => expect(await connectionsOf(server)).toBe(0), { timeout: 10_000 });
  });

  it("leaves no connection to a proxy that refused", async () => {
    const [server, proxy] = await startProxy((socket) => {
      socket.on("error", () => socket.destroy());
      socket.once("data", () => socket.write("HTTP/1.1 403 No\r\n\r\n"));
    });
    await expect(openTunnel(proxy, destination, 10_000)).rejects.toMatchObject({ exitCode: exitCode.config });
    await vi.waitFor(async () => expect(await connectionsOf(server)).toBe(0), { timeout: 10_000 });
  });

  it("names an IPv6 server with its brackets", async () => {
    const asked: string[] = [];
    const [, proxy] = await startProxy((socket) => {
      socket.once("data", (data) => {
        asked.push(data.toString().split("\r\n")[0] ?? "");
        socket.end("HTTP/1.1 403 No\r\n\r\n");
      });
    });
    const tunnel = openTunnel(proxy, { host: "2001:db8::1", port: 443 }, 10_000);
    await expect(tunnel).rejects.toMatchObject({ name: "UserError" });
    expect(asked).toEqual(["CONNECT [2001:db8::1]:443 HTTP/1.1"]);
  });
});

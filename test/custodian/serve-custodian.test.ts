import { once } from "node:events";
import { chmod, mkdir, readdir, stat, symlink, writeFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { connectCustodian, readCustodianHealth } from "../../src/custodian/io/remote-custodian.ts";
import { exitCode } from "../../src/exit-code.ts";
import {
  type CustodianWorld,
  createCustodianWorld,
  FIRST_DAY,
  LAST_DAY,
  objectKeyOf,
  rawOf,
  requestOf,
  STORE_ID,
  serveWorld,
} from "./support/custodian-world.ts";
import { goodBody, post, tell, untilEnd } from "./support/raw-client.ts";

describe("hostlog custodian on a unix socket", () => {
  it("opens headers for a look-up, and writes one line for it", async () => {
    const world = await createCustodianWorld();
    const served = await serveWorld(world);
    const custodian = await connectCustodian(served.settings, STORE_ID);
    onTestFinished(() => custodian.close());
    const headers = [await world.headerOf(rawOf(FIRST_DAY)), await world.headerOf(rawOf(LAST_DAY))];
    const answers = await custodian.openHeaders({ ...requestOf(...headers), purpose: "verify" });
    const keys = answers.map((answer) =>
      answer.kind === "opened" ? Buffer.from(answer.fileKey) : answer.kind,
    );
    expect(keys).toEqual(headers.map(({ fileKey }) => Buffer.from(fileKey)));
    expect(served.lines).toEqual([
      "look-up 0123456789abcdef0123456789abcdef: verify by a user of the socket, 2 objects: " +
        "raw 2026-11-20, 2026-11-22",
    ]);
    expect(custodian.name).toBe(`unix:${served.path}`);
  });

  it("says at its health which store it is of", async () => {
    const served = await serveWorld(await createCustodianWorld());
    expect(await readCustodianHealth(served.settings)).toEqual({ storeId: STORE_ID, isEnding: false });
    expect((await tell(served.path, "/health")).status).toBe(200);
  });

  it("asks a custodian nothing for nothing", async () => {
    const served = await serveWorld(await createCustodianWorld());
    const custodian = await connectCustodian(served.settings, STORE_ID);
    expect(await custodian.openHeaders(requestOf())).toEqual([]);
    expect(served.lines).toEqual([]);
  });

  it("takes thousands of headers in several requests", async () => {
    const world = await createCustodianWorld();
    const served = await serveWorld(world);
    const custodian = await connectCustodian(served.settings, STORE_ID);
    onTestFinished(() => custodian.close());
    const one = await world.headerOf(rawOf(FIRST_DAY));
    const lost = { ...one, key: objectKeyOf(rawOf("2020-01-01")) };
    const headers = Array.from({ length: 2500 }, (_, index) => (index % 100 === 7 ? one : lost));
    const kinds = (await custodian.openHeaders(requestOf(...headers))).map(({ kind }) => kind);
    expect(kinds).toEqual(headers.map((header) => (header === one ? "opened" : "no-key")));
    expect(served.lines.map((line) => /\d+ objects?:/.exec(line)?.[0])).toEqual([
      "1000 objects:",
      "1000 objects:",
      "500 objects:",
    ]);
  });

  it("sees a key that another process destroys meanwhile", async () => {
    const world = await createCustodianWorld();
    const served = await serveWorld(world);
    const custodian = await connectCustodian(served.settings, STORE_ID);
    onTestFinished(() => custodian.close());
    const header = await world.headerOf(rawOf(FIRST_DAY));
    expect(await custodian.openHeaders(requestOf(header))).toMatchObject([{ kind: "opened" }]);
    const at = "2026-11-23T00:00:00.000Z";
    await world.keyring.destroy([rawOf(FIRST_DAY)], at);
    expect(await custodian.openHeaders(requestOf(header))).toEqual([{ kind: "destroyed", at }]);
  });
});

describe("many at once", () => {
  it("are served one after the other; too many are told to come again", async () => {
    const world = await createCustodianWorld();
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    let atWork = 0;
    let atWorkMost = 0;
    const served = await serveWorld(world, {
      note: async () => {
        atWork += 1;
        atWorkMost = Math.max(atWorkMost, atWork);
        await held;
        atWork -= 1;
      },
    });
    const body = await goodBody(world);
    const refused: string[] = [];
    let allRefused = (): void => undefined;
    const refusing = new Promise<void>((resolve) => {
      allRefused = resolve;
    });
    const asked = Array.from({ length: 25 }, async () => {
      const { status, problem } = await post(served.path, body);
      if (status === 503) refused.push(problem);
      if (refused.length === 8) allRefused();
      return status;
    });
    // One is at work and 16 wait; the others are answered while all of those are still there.
    await refusing;
    expect(new Set(refused)).toEqual(new Set(["too many look-ups are waiting for the custodian; ask again"]));
    release();
    expect((await Promise.all(asked)).filter((status) => status === 200)).toHaveLength(17);
    expect(atWorkMost).toBe(1);
  });

  it("ask once more when a connection breaks off, as one does that was kept too long", async () => {
    const world = await createCustodianWorld();
    const served = await serveWorld(world);
    let connections = 0;
    const proxy = createServer((socket) => {
      connections += 1;
      socket.on("error", () => undefined);
      if (connections === 1) socket.once("data", () => socket.destroy());
      else socket.pipe(connect(served.path)).pipe(socket);
    });
    const path = join(world.folder, "proxy.sock");
    proxy.listen(path);
    await once(proxy, "listening");
    onTestFinished(() => void proxy.close());
    const custodian = await connectCustodian({ ...served.settings, url: `unix:${path}` }, STORE_ID);
    onTestFinished(() => custodian.close());
    const answers = await custodian.openHeaders(requestOf(await world.headerOf(rawOf(FIRST_DAY))));
    expect([answers.map(({ kind }) => kind), connections]).toEqual([["opened"], 2]);
  });

  it("wait for a busy custodian as long as they have patience", async () => {
    const server = createServer((socket) => {
      socket.on("error", () => undefined);
      socket.once("data", () =>
        socket.end("HTTP/1.1 503 Busy\r\nretry-after: 1\r\ncontent-length: 0\r\n\r\n"),
      );
    });
    const path = join((await createCustodianWorld()).folder, "busy.sock");
    server.listen(path);
    await once(server, "listening");
    onTestFinished(() => void server.close());
    let connections = 0;
    server.on("connection", () => {
      connections += 1;
    });
    const settings = { url: `unix:${path}`, authorityFile: undefined, clientCertificate: undefined };
    const custodian = await connectCustodian(settings, STORE_ID, { answerMs: 5000, busyMs: 1500 });
    const world = await createCustodianWorld();
    const asking = custodian.openHeaders(requestOf(await world.headerOf(rawOf(FIRST_DAY))));
    await expect(asking).rejects.toMatchObject({ exitCode: exitCode.tryAgain });
    expect(connections).toBe(2);
  });
});

describe("the custodian's log", () => {
  it("has the line before anything is opened; what cannot be written is not opened", async () => {
    const world = await createCustodianWorld();
    const asked: string[] = [];
    const unlocked: CustodianWorld["unlocked"] = {
      ...world.unlocked,
      identityOf: (name) => {
        asked.push(name.day);
        return world.unlocked.identityOf(name);
      },
    };
    const served = await serveWorld(
      { folder: world.folder, unlocked },
      { note: () => Promise.reject(new Error("no space left")) },
    );
    const custodian = await connectCustodian(served.settings, STORE_ID);
    onTestFinished(() => custodian.close());
    const asking = custodian.openHeaders(requestOf(await world.headerOf(rawOf(FIRST_DAY))));
    await expect(asking).rejects.toMatchObject({
      exitCode: exitCode.tryAgain,
      message: expect.stringContaining("cannot write its log"),
    });
    expect(asked).toEqual([]);
  });

  it("says of a mistake in the program where it is, and nothing of what was asked", async () => {
    const world = await createCustodianWorld();
    const unlocked: CustodianWorld["unlocked"] = {
      ...world.unlocked,
      identityOf: () => Promise.reject(new TypeError("AGE-SECRET-KEY-1SECRET")),
    };
    const served = await serveWorld({ folder: world.folder, unlocked });
    const told = await post(served.path, await goodBody(world));
    expect([told.status, told.problem]).toEqual([500, expect.stringMatching(/its log says more/)]);
    expect(served.lines.at(-1)).toMatch(/^a mistake in the program: TypeError at /);
    expect(served.lines.join("\n") + told.body).not.toContain("SECRET");
  });
});

describe("the end of a custodian", () => {
  it("comes after the request at hand, and the waiting are told to come again", async () => {
    const world = await createCustodianWorld();
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    let begun = (): void => undefined;
    const beginning = new Promise<void>((resolve) => {
      begun = resolve;
    });
    const served = await serveWorld(world, {
      note: async () => {
        begun();
        await held;
      },
    });
    const body = await goodBody(world);
    const first = post(served.path, body);
    await beginning;
    const second = post(served.path, body);
    const slow = connect(served.path);
    const slowAnswer = untilEnd(slow);
    slow.write("POST /open-headers HTTP/1.1\r\nhost: c\r\ncontent-length: 1000\r\n\r\n{");
    // Both are known to the server once it answers somebody who came behind them.
    await tell(served.path, "/health");
    const ended = served.end();
    release();
    expect((await first).status).toBe(200);
    expect((await second).status).toBe(503);
    expect(await slowAnswer).toMatch(/^HTTP\/1\.1 503 /);
    await ended;
    await expect(stat(served.path)).rejects.toMatchObject({ code: "ENOENT" });
  });

  it("is not held up by those who say nothing", async () => {
    const served = await serveWorld(await createCustodianWorld());
    const silent = connect(served.path);
    const closed = untilEnd(silent);
    silent.write("POST /open-hea");
    await tell(served.path, "/health");
    await served.end();
    expect(await closed).toBe("");
  });
});

describe("the place of the socket", () => {
  it("is for its owner and its group alone", async () => {
    const served = await serveWorld(await createCustodianWorld());
    expect((await stat(served.path)).mode & 0o777).toBe(0o660);
  });

  it("is not taken from a custodian that is there", async () => {
    const world = await createCustodianWorld();
    const served = await serveWorld(world);
    await expect(serveWorld(world)).rejects.toMatchObject({ exitCode: exitCode.tryAgain });
    expect((await tell(served.path, "/health")).status).toBe(200);
  });

  it("is not taken from another program that answers there", async () => {
    const world = await createCustodianWorld();
    await mkdir(join(world.folder, "run"), { mode: 0o750 });
    const server = createServer((socket) => socket.destroy());
    server.listen(join(world.folder, "run", "custodian.sock"));
    await once(server, "listening");
    onTestFinished(() => void server.close());
    await expect(serveWorld(world)).rejects.toMatchObject({
      exitCode: exitCode.tryAgain,
      message: expect.stringMatching(/something answers at/),
    });
  });

  it.each([
    ["a file", (path: string) => writeFile(path, "precious")],
    ["a link to a socket elsewhere", (path: string) => symlink(`${path}.elsewhere`, path)],
    ["a folder", (path: string) => mkdir(path)],
  ])("is not taken when it is %s", async (_, make) => {
    const world = await createCustodianWorld();
    const run = join(world.folder, "run");
    await mkdir(run, { mode: 0o750 });
    await make(join(run, "custodian.sock"));
    await expect(serveWorld(world)).rejects.toMatchObject({
      exitCode: exitCode.config,
      message: expect.stringMatching(/is no socket; nothing was changed/),
    });
    expect(await readdir(run)).toContain("custodian.sock");
  });

  it.each([0o777, 0o770, 0o1777])("must be a folder that nobody else may change, not %o", async (mode) => {
    const world = await createCustodianWorld();
    const run = join(world.folder, "run");
    await mkdir(run);
    await chmod(run, mode);
    await expect(serveWorld(world)).rejects.toMatchObject({
      exitCode: exitCode.config,
      message: expect.stringMatching(/others than root and this user may change/),
    });
  });

  it("must not lie below a folder that others may change", async () => {
    const world = await createCustodianWorld();
    await chmod(world.folder, 0o777);
    await expect(serveWorld(world)).rejects.toMatchObject({ exitCode: exitCode.config });
  });
});

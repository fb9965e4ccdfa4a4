import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import { connectCustodian } from "../../src/custodian/io/remote-custodian.ts";
import { BODY_BYTES_MAX } from "../../src/custodian/protocol.ts";
import { encodeRequest } from "../../src/custodian/wire-request.ts";
import { HEADER_BYTES_MAX } from "../../src/seal/age-header.ts";
import {
  createCustodianWorld,
  FIRST_DAY,
  rawOf,
  requestOf,
  STORE_ID,
  serveWorld,
} from "./support/custodian-world.ts";
import { goodBody, post, recipient, tell, untilEnd } from "./support/raw-client.ts";

/** Longer than any test takes: what ends a connection is the one limit that a test makes short. */
const patient = { headMs: 60_000, requestMs: 120_000, idleMs: 60_000 };

describe("a hostile client", () => {
  it.each([
    ["junk", "\u0000\u0001{{{", 400, /no JSON object/],
    ["nothing", "", 400, /no JSON object/],
    ["brackets without end", "[".repeat(500_000), 400, /no JSON object/],
    ["a version to come", JSON.stringify({ version: 2 }), 400, /same version of hostlog/],
  ])("that sends %s is told so", async (_, body, status, problem) => {
    const served = await serveWorld(await createCustodianWorld());
    const told = await post(served.path, body);
    expect([told.status, served.lines]).toEqual([status, []]);
    expect(told.problem).toMatch(problem);
  });

  it.each([
    ["says that it sends too much", `content-length: ${64 * BODY_BYTES_MAX}`],
    ["does not say how much it sends", "transfer-encoding: chunked"],
  ])("that %s is cut off", async (_, how) => {
    const served = await serveWorld(await createCustodianWorld());
    const socket = connect(served.path);
    const ended = untilEnd(socket);
    socket.write(`POST /open-headers HTTP/1.1\r\nhost: c\r\n${how}\r\n\r\n`);
    const chunk = `10000\r\n${"x".repeat(0x10000)}\r\n`;
    let sentBytes = 0;
    const send = (): void => {
      for (let isTaken = true; isTaken && socket.writable; sentBytes += chunk.length)
        isTaken = socket.write(chunk);
    };
    socket.on("drain", send);
    send();
    // Whoever still speaks when the other side hangs up may not hear why.
    expect(await ended).toMatch(/^$|^HTTP\/1\.1 413 /);
    expect(sentBytes).toBeLessThan(2 * BODY_BYTES_MAX);
    expect((await tell(served.path, "/health")).status).toBe(200);
  });

  it.each([
    ["another store's", { store: "5d3c1a52-0000-4000-8000-00000000ffff" }, 409, /another store/],
    ["a thousand and one objects", { count: 1001 }, 400, /more than 1000 objects/],
    ["a plain object", { key: "dt=2026-11-20/web-1_standard_00.parquet" }, 400, /no sealed object/],
    ["a file of the machine", { key: "../../keys" }, 400, /no sealed object/],
  ])("that asks for %s is refused, and nothing is opened", async (_, wish, status, problem) => {
    const world = await createCustodianWorld();
    const served = await serveWorld(world);
    const { store, count, key } = { store: STORE_ID, count: 1, key: undefined, ...wish };
    const known = await world.headerOf(rawOf(FIRST_DAY));
    const header = { ...known, key: key ?? known.key };
    const request = requestOf(...Array.from({ length: count }, () => header));
    const told = await post(served.path, encodeRequest({ storeId: store, recipient, request }));
    expect([told.status, served.lines]).toEqual([status, []]);
    expect(told.problem).toMatch(problem);
  });

  it("that asks for what is not there is told so", async () => {
    const served = await serveWorld(await createCustodianWorld());
    const told = [
      await tell(served.path, "/"),
      await tell(served.path, "/identities"),
      await tell(served.path, "/open-headers"),
      await tell(served.path, "/health", "DELETE"),
    ];
    expect(told.map(({ status }) => status)).toEqual([404, 404, 405, 405]);
  });

  it("that sends headers of many recipients costs little, and gets nothing for it", async () => {
    const world = await createCustodianWorld();
    const served = await serveWorld(world);
    const stanza = `-> X25519 ${Buffer.alloc(32, 9).toString("base64").replace("=", "")}\n${"A".repeat(43)}\n`;
    const count = Math.floor((HEADER_BYTES_MAX - 100) / stanza.length);
    const header = Buffer.from(`age-encryption.org/v1\n${stanza.repeat(count)}--- ${"A".repeat(43)}\n`);
    const { view, key } = await world.headerOf(rawOf(FIRST_DAY));
    const custodian = await connectCustodian(served.settings, STORE_ID);
    onTestFinished(() => custodian.close());
    const bombs = Array.from({ length: 20 }, () => ({ view, key, header }));
    const opening = custodian.openHeaders(requestOf(...bombs));
    expect((await tell(served.path, "/health")).status).toBe(200);
    expect(new Set((await opening).map(({ kind }) => kind))).toEqual(new Set(["not-openable"]));
  });

  it.each([
    ["in the head", { ...patient, headMs: 300 }, "", `x-slow: ${"a".repeat(1000)}`],
    [
      "in the body",
      { ...patient, headMs: 600, requestMs: 600 },
      "content-length: 1000\r\n\r\n",
      "x".repeat(1000),
    ],
  ])("that speaks a byte at a time %s is cut off", async (_, patience, quick, slow) => {
    const served = await serveWorld(await createCustodianWorld(), { patience });
    const socket = connect(served.path);
    const answer = untilEnd(socket);
    socket.write(`POST /open-headers HTTP/1.1\r\nhost: c\r\n${quick}`);
    for (const letter of slow) {
      if (!socket.writable) break;
      socket.write(letter);
      await delay(50);
    }
    expect(await answer).toMatch(/^HTTP\/1\.1 408 [\s\S]*the request came too slowly/);
  });

  it("that speaks something else is told so", async () => {
    const served = await serveWorld(await createCustodianWorld());
    const socket = connect(served.path);
    socket.write("\u0016\u0003\u0001 hello\r\n\r\n");
    expect(await untilEnd(socket)).toMatch(/^HTTP\/1\.1 400 [\s\S]*no HTTP that a custodian reads/);
  });

  it("that goes away half-way keeps nobody from being served", async () => {
    const world = await createCustodianWorld();
    const served = await serveWorld(world);
    const body = await goodBody(world);
    for (const sent of [1, 100, body.length]) {
      const socket = connect(served.path);
      socket.on("error", () => undefined);
      socket.write(`POST /open-headers HTTP/1.1\r\nhost: c\r\ncontent-length: ${body.length}\r\n\r\n`);
      socket.write(body.slice(0, sent));
      await once(socket, "connect");
      socket.destroy();
    }
    expect((await post(served.path, body)).status).toBe(200);
  });
});

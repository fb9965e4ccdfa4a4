import { once } from "node:events";
import { request as httpRequest, type IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { text as textOf } from "node:stream/consumers";
import { parseProblem } from "../../../src/custodian/wire-answer.ts";
import { encodeRequest } from "../../../src/custodian/wire-request.ts";
import { generateIdentity } from "../../../src/seal/x25519.ts";
import { type CustodianWorld, FIRST_DAY, rawOf, requestOf, STORE_ID } from "./custodian-world.ts";

/** Of somebody who asks without our client. */
export const { recipient, identity } = generateIdentity();

export interface Told {
  readonly status: number;
  readonly body: string;
  readonly problem: string;
}

/** Asks the socket for something, as any client can. */
export async function tell(path: string, target: string, method = "GET", body?: string): Promise<Told> {
  const request = httpRequest({ socketPath: path, path: target, method, agent: false });
  // A server that closes behind its answer may break off a write that is still on its way.
  request.on("error", () => undefined);
  request.end(body);
  const [response] = (await once(request, "response")) as [IncomingMessage];
  const said = await textOf(response);
  return { status: response.statusCode ?? 0, body: said, problem: parseProblem(said)?.problem ?? "" };
}

export function post(path: string, body: string): Promise<Told> {
  return tell(path, "/open-headers", "POST", body);
}

/** A request for one object. */
export async function goodBody({ headerOf }: CustodianWorld): Promise<string> {
  return encodeRequest({
    storeId: STORE_ID,
    recipient,
    request: requestOf(await headerOf(rawOf(FIRST_DAY))),
  });
}

/** Everything that comes until the other side ends. */
export function untilEnd(socket: Socket): Promise<string> {
  let said = "";
  socket.on("data", (chunk: Buffer) => {
    said += chunk.toString("latin1");
  });
  socket.on("error", () => undefined);
  return new Promise((resolve) => {
    socket.on("close", () => resolve(said));
  });
}

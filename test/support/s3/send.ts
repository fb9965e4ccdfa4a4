import type { ServerResponse } from "node:http";
import type { S3Answer } from "../s3-answer.ts";

/** Byte by byte of a body that drips. */
const DRIP_MS = 20;

export function send(response: ServerResponse, answer: S3Answer, dateMs: number): void {
  writeHead(response, answer, dateMs);
  response.end(response.req.method === "HEAD" ? undefined : answer.body);
}

/** The connection ends in the middle of the body. */
export function sendHalf(response: ServerResponse, answer: S3Answer, dateMs: number): void {
  writeHead(response, answer, dateMs);
  response.write(answer.body.subarray(0, answer.body.length / 2), () => response.destroy());
}

export function drip(response: ServerResponse, answer: S3Answer, dateMs: number): void {
  writeHead(response, answer, dateMs);
  let sent = 0;
  const timer = setInterval(() => response.write(answer.body.subarray(sent, ++sent)), DRIP_MS);
  response.on("close", () => clearInterval(timer));
}

function writeHead(response: ServerResponse, { status, headers = {}, body }: S3Answer, dateMs: number): void {
  // What has no content has no length of it either: RFC 9110 section 8.6.
  const length = status === 204 ? {} : { "content-length": body.length };
  response.writeHead(status, { ...length, date: new Date(dateMs).toUTCString(), ...headers });
}

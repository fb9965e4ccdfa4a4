import { clfTime, epochTime, isoTime, type TimeToken } from "./compile-time.ts";
import type { Meaning, Slot } from "./compile-walk.ts";
import { type Take, take } from "./walk-line.ts";

function meaning(taken: Take, slots: readonly Slot[], rank = 0, unitMs = 0): Meaning {
  return { take: taken, slots, rank, unitMs };
}

export const unkept: Meaning = meaning(take.unkept, []);

/** `$uri$is_args$args`, where the three stand together. */
export const nginxTarget: Meaning = meaning(take.target, ["path", "query"], 2);

/**
 * What nginx's variables mean to the record. A variable that is not here is not kept: cookies, authorisation,
 * upstream times, ports. Sources: the variables of ngx_http_core_module, ngx_http_log_module and
 * ngx_http_realip_module. `$remote_addr` is what realip made of it; without it the next best is taken.
 */
export const nginxVariables: Readonly<Record<string, Meaning>> = {
  remote_addr: meaning(take.client, ["client"]),
  the_real_ip: meaning(take.client, ["client"], 1),
  proxy_protocol_addr: meaning(take.client, ["client"], 2),
  realip_remote_addr: meaning(take.client, ["client"], 3),
  http_x_real_ip: meaning(take.client, ["client"], 4),
  http_x_forwarded_for: meaning(take.client, ["client"], 5),
  proxy_add_x_forwarded_for: meaning(take.client, ["client"], 6),
  remote_user: meaning(take.remoteUser, ["remoteUser"]),
  request: meaning(take.request, ["method", "path", "query", "protocol"]),
  request_method: meaning(take.text, ["method"], 1),
  request_uri: meaning(take.target, ["path", "query"], 1),
  uri: meaning(take.text, ["path"], 2),
  document_uri: meaning(take.text, ["path"], 2),
  args: meaning(take.text, ["query"], 2),
  query_string: meaning(take.text, ["query"], 2),
  server_protocol: meaning(take.text, ["protocol"], 1),
  status: meaning(take.status, ["status"]),
  body_bytes_sent: meaning(take.bytesSent, ["bytesSent"]),
  bytes_sent: meaning(take.bytesSent, ["bytesSent"], 1),
  request_time: meaning(take.duration, ["durationMs"], 0, 1000),
  http_referer: meaning(take.text, ["referrer"]),
  http_user_agent: meaning(take.text, ["userAgent"]),
  server_name: meaning(take.text, ["domain"]),
  http_host: meaning(take.text, ["requestHost"]),
  host: meaning(take.text, ["requestHost"], 1),
  server_port: meaning(take.unkeptNumber, []),
  remote_port: meaning(take.unkeptNumber, []),
  pid: meaning(take.unkeptNumber, []),
  connection: meaning(take.unkeptNumber, []),
  connection_requests: meaning(take.unkeptNumber, []),
  request_length: meaning(take.unkeptNumber, []),
};

export const nginxTimes: Readonly<Record<string, readonly TimeToken[]>> = {
  time_local: clfTime,
  time_iso8601: isoTime,
  msec: epochTime,
};

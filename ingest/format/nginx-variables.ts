import { clfTime, epochTime, isoTime, type TimeToken } from "./compile-time.ts";
import type { Meaning, Slot } from "./format-token.ts";
import { keep, shape } from "./walk.ts";

function text(slot: Slot, rank = 0): Meaning {
  return { shape: shape.text, keep: keep.field, slots: [slot], rank, unitMs: 0 };
}

function client(rank = 0): Meaning {
  return { ...text("client", rank), shape: shape.list };
}

export const unkept: Meaning = { shape: shape.text, keep: keep.nothing, slots: [], rank: 0, unitMs: 0 };

const unkeptNumber: Meaning = { ...unkept, shape: shape.whole };

/** `$uri$is_args$args`, where the three stand together. */
export const nginxTarget: Meaning = { ...unkept, keep: keep.target, slots: ["path", "query"], rank: 2 };

/**
 * What nginx's variables mean to the record. A variable that is not here is not kept: cookies, authorisation,
 * upstream times, ports. Sources: the variables of ngx_http_core_module, ngx_http_log_module and
 * ngx_http_realip_module. `$remote_addr` is what realip made of it; without it the next best is taken.
 */
export const nginxVariables: Readonly<Record<string, Meaning>> = {
  remote_addr: client(),
  the_real_ip: client(1),
  proxy_protocol_addr: client(2),
  realip_remote_addr: client(3),
  http_x_real_ip: client(4),
  http_x_forwarded_for: client(5),
  proxy_add_x_forwarded_for: client(6),
  remote_user: { ...text("remoteUser"), keep: keep.remoteUser },
  request: { ...unkept, keep: keep.request, slots: ["method", "path", "query", "protocol"] },
  request_method: text("method", 1),
  request_uri: { ...nginxTarget, rank: 1 },
  uri: text("path", 2),
  document_uri: text("path", 2),
  args: text("query", 2),
  query_string: text("query", 2),
  server_protocol: { ...text("protocol", 1), shape: shape.protocol },
  status: { ...unkept, shape: shape.status, keep: keep.status, slots: ["status"] },
  body_bytes_sent: { ...unkeptNumber, keep: keep.bytesSent, slots: ["bytesSent"] },
  bytes_sent: { ...unkeptNumber, keep: keep.bytesSent, slots: ["bytesSent"], rank: 1 },
  request_time: { ...unkept, shape: shape.decimal, keep: keep.duration, slots: ["durationMs"], unitMs: 1000 },
  http_referer: text("referrer"),
  http_user_agent: text("userAgent"),
  server_name: text("domain"),
  http_host: text("requestHost"),
  host: text("requestHost", 1),
  server_port: unkeptNumber,
  remote_port: unkeptNumber,
  pid: unkeptNumber,
  connection: unkeptNumber,
  connection_requests: unkeptNumber,
  request_length: unkeptNumber,
};

export const nginxTimes: Readonly<Record<string, readonly TimeToken[]>> = {
  time_local: clfTime,
  time_iso8601: isoTime,
  msec: epochTime,
};

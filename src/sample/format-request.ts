import type { SampleRequest } from "./sample-request.ts";

const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** A line of the combined format, without newline. Source: Apache httpd 2.4, mod_log_config, "Common Log Format". */
export function formatCombined({
  ms,
  client,
  request,
  status,
  bytesSent,
  referrer,
  agent,
}: SampleRequest): string {
  return `${client} - - [${clfTime(ms)}] "${request}" ${status} ${bytesSent} "${referrer}" "${agent}"`;
}

/** The same with the site before it, as Debian's Apache writes `other_vhosts_access.log`. */
export function formatVhostCombined(request: SampleRequest): string {
  return `${request.site}:443 ${formatCombined(request)}`;
}

function clfTime(ms: number): string {
  const [date = "", time = ""] = new Date(ms).toISOString().slice(0, 19).split("T");
  const [year, month, day] = date.split("-");
  return `${day}/${months[Number(month) - 1]}/${year}:${time} +0000`;
}

/** What a line of a combined log says; the rest is filled in. */
export interface LogLine {
  readonly ms: number;
  readonly client?: string;
  readonly user?: string;
  readonly request?: string;
  readonly status?: number;
  readonly bytes?: number;
  readonly referrer?: string;
  readonly agent?: string;
}

const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** An instant as Apache and nginx write it, in UTC. */
export function clfTime(ms: number): string {
  const date = new Date(ms);
  const two = (value: number): string => String(value).padStart(2, "0");
  const time = [date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()].map(two).join(":");
  return `${two(date.getUTCDate())}/${months[date.getUTCMonth()]}/${date.getUTCFullYear()}:${time} +0000`;
}

/** A line of the combined format, without newline. */
export function combinedLine(line: LogLine): string {
  const client = line.client ?? "192.0.2.10";
  const request = line.request ?? "GET / HTTP/1.1";
  const agent = line.agent ?? "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0";
  return `${client} - ${line.user ?? "-"} [${clfTime(line.ms)}] "${request}" ${line.status ?? 200} ${line.bytes ?? 512} "${line.referrer ?? "-"}" "${agent}"`;
}

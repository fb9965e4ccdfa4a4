import { dayOfMs, MS_PER_DAY, startMs } from "../day.ts";
import { attack } from "./attack.ts";
import { formatCombined, formatVhostCombined } from "./format-request.ts";
import { ordinaryTraffic } from "./ordinary-traffic.ts";
import type { SampleRequest, SampleSite } from "./sample-request.ts";

export interface SampleLog {
  /** A file's name. One that ends in `.gz` is to be compressed. */
  readonly name: string;
  /** Its lines, each with its newline. */
  readonly text: string;
}

/** The sample begins so many days ago, and ends now. */
const DAYS = 3;

/** Longer ago than anything may be kept. */
const PAST_TERM_DAYS = 800;

/** Longer ahead than clocks differ. */
const FUTURE_DAYS = 40;

/**
 * Three days of two sites of a hosting node, with a break-in in between, as its servers would have written them
 * by now: the shop in a file of its own, which was rotated yesterday, the blog in the file for all other sites.
 * Some lines are what every log has sooner or later: cut off, not a request at all, of a clock that was wrong, or
 * older than anything may be kept. The same instant gives the same bytes.
 */
export function sampleLogs(nowMs: number): readonly SampleLog[] {
  const today = startMs(dayOfMs(nowMs));
  const firstDayMs = today - DAYS * MS_PER_DAY;
  const rotatedAtMs = today - MS_PER_DAY;
  const bad = attack(firstDayMs);
  const requestsOf = (site: SampleSite): readonly SampleRequest[] =>
    [...ordinaryTraffic(site, firstDayMs, nowMs), ...bad.filter((request) => request.site === site)].sort(
      (a, b) => a.ms - b.ms,
    );
  const shop = requestsOf("shop.example.org");
  const blog = requestsOf("blog.example.net");
  const rotated = shop.filter(({ ms }) => ms < rotatedAtMs).map(formatCombined);
  const current = shop.filter(({ ms }) => ms >= rotatedAtMs).map(formatCombined);
  return [
    { name: "other_vhosts_access.log", text: textOf(withOddities(blog, nowMs)) },
    { name: "shop.example.org.access.log", text: textOf([...current, "192.0.2.18 - - ["]) },
    { name: "shop.example.org.access.log.1.gz", text: textOf(rotated) },
  ];
}

function withOddities(requests: readonly SampleRequest[], nowMs: number): readonly string[] {
  const lines = requests.map(formatVhostCombined);
  const [first] = requests;
  if (first === undefined) return lines;
  const past = formatVhostCombined({ ...first, ms: nowMs - PAST_TERM_DAYS * MS_PER_DAY });
  const future = formatVhostCombined({ ...first, ms: nowMs + FUTURE_DAYS * MS_PER_DAY });
  const middle = Math.floor(lines.length / 2);
  return [
    past,
    ...lines.slice(0, middle),
    'PHP Warning:  Undefined array key "page" in /var/www/blog/wp-content/themes/leaf/index.php on line 31',
    future,
    ...lines.slice(middle),
  ];
}

function textOf(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join("");
}

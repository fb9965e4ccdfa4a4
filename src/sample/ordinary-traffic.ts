import { createRandom, type Random } from "./random.ts";
import type { SampleRequest, SampleSite } from "./sample-request.ts";
import { bots, pagesOf, people, referrers } from "./sample-visitors.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const VISITS_A_DAY = 11;
const CRAWLS_A_DAY = 5;

/** What happens on a site from one instant to another on days like all others. Not in order of time. */
export function ordinaryTraffic(site: SampleSite, fromMs: number, untilMs: number): readonly SampleRequest[] {
  const requests: SampleRequest[] = [];
  const random = createRandom(site.length * 7919);
  for (let dayMs = fromMs; dayMs < untilMs; dayMs += 24 * HOUR_MS) {
    for (let i = 0; i < VISITS_A_DAY; i++) requests.push(...visit(site, dayMs, random));
    for (let i = 0; i < CRAWLS_A_DAY; i++) requests.push(...crawl(site, dayMs, random));
  }
  return requests.filter(({ ms }) => ms < untilMs);
}

function visit(site: SampleSite, dayMs: number, random: Random): readonly SampleRequest[] {
  const { pages, assets } = pagesOf[site];
  const { client, agent } = random.oneOf(people);
  // People come between seven and eleven at night.
  let ms = dayMs + 7 * HOUR_MS + random.between(0, 16 * HOUR_MS);
  let referrer = random.oneOf(referrers);
  const requests: SampleRequest[] = [];
  const pageCount = random.between(1, 4);
  for (let page = 0; page < pageCount; page++) {
    const target = random.oneOf(pages);
    const address = `https://${site}${target}`;
    requests.push({ ms, site, client, agent, referrer, ...get(target, random) });
    if (page === 0) {
      for (const asset of assets.slice(0, random.between(0, assets.length))) {
        const sentMs = ms + random.between(40, 900);
        requests.push({ ms: sentMs, site, client, agent, referrer: address, ...get(asset, random) });
      }
    }
    referrer = address;
    ms += random.between(5_000, 4 * MINUTE_MS);
  }
  return requests;
}

function crawl(site: SampleSite, dayMs: number, random: Random): readonly SampleRequest[] {
  const { client, agent } = random.oneOf(bots);
  const startMs = dayMs + random.between(0, 24 * HOUR_MS - 1);
  return pagesOf[site].crawled.map((target, index) => ({
    ms: startMs + index * random.between(1_000, 9_000),
    site,
    client,
    agent,
    referrer: "-",
    ...get(target, random),
  }));
}

const missing: readonly string[] = ["/sitemap.xml"];

function get(target: string, random: Random): Pick<SampleRequest, "request" | "status" | "bytesSent"> {
  const request = `GET ${target} HTTP/${random.oneOf(["1.1", "2.0", "2.0"])}`;
  if (missing.includes(target)) return { request, status: 404, bytesSent: 153 };
  if (random.between(1, 60) === 1) return { request, status: 500, bytesSent: 177 };
  const isUnchanged = /\.(?:css|js|svg|ico|jpg)$/.test(target) && random.between(1, 4) === 1;
  return isUnchanged
    ? { request, status: 304, bytesSent: 0 }
    : { request, status: 200, bytesSent: random.between(900, 60_000) };
}

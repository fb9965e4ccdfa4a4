import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { clfTime } from "../support/log-lines.ts";

/** When the log that {@link writeLog} makes ends. */
export const logEndMs = Date.parse("2026-03-03T00:00:00Z");

const pages = [
  "/",
  "/wp-login.php",
  "/shop/",
  "/contact",
  "/blog/how-we-work",
  "/assets/app.js",
  "/style.css",
];
const agents = [
  "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
  "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
  "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
  "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
  "curl/8.5.0",
];

/**
 * Writes a log in the vhost_combined format: three days in order, 200 sites of very different size, documentation
 * addresses, a third of the paths seldom repeated. The same for the same number of lines.
 */
export async function writeLog(path: string, lines: number): Promise<void> {
  const file = createWriteStream(path);
  let state = 42;
  /** Park and Miller's minimal standard generator. */
  const random = (below: number): number => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
  for (let i = 0; i < lines; ) {
    let text = "";
    for (const end = Math.min(lines, i + 5000); i < end; i++) text += `${lineAt(i, lines, random)}\n`;
    if (!file.write(text)) await once(file, "drain");
  }
  file.end();
  await once(file, "close");
}

function lineAt(index: number, lines: number, random: (below: number) => number): string {
  const time = clfTime(logEndMs - 3 * 86_400_000 + Math.floor((index / lines) * 3 * 86_400_000));
  const site = `site-${Math.floor(200 / (1 + random(200)))}.example.org`;
  const v4 = `${["192.0.2", "198.51.100", "203.0.113"][random(3)]}.${random(256)}`;
  const client =
    random(4) === 0 ? `2001:db8:${random(4096).toString(16)}::${random(65_536).toString(16)}` : v4;
  const page = random(3) === 0 ? `/product/${random(500_000)}/detail` : pages[random(pages.length)];
  const query = random(5) === 0 ? `?ref=${random(1_000_000)}` : "";
  const referrer = random(2) === 0 ? "-" : `https://www.example.net/search/${random(20_000)}`;
  const agent = (agents[random(agents.length)] ?? "").replace("131.0", `${100 + random(40)}.0`);
  return `${site}:443 ${client} - - [${time}] "GET ${page}${query} HTTP/1.1" ${[200, 200, 304, 404][random(4)]} ${random(90_000)} "${referrer}" "${agent}"`;
}

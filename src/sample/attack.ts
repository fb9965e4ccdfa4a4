import type { SampleRequest, SampleSite } from "./sample-request.ts";

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

const shop: SampleSite = "shop.example.org";
const blog: SampleSite = "blog.example.net";

const attacker = "203.0.113.66";
/** From here the booty is fetched, a different address of the same network each time. */
const attackerNetwork = "2001:db8:bad";
const scanner = "Mozilla/5.0 zgrab/0.x";
const browser =
  "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/119.0.0.0 Safari/537.36";

/** How often a password is guessed; the last guess is right. */
const GUESSES = 36;

/**
 * A break-in over three days, the first of which begins at `firstDayMs`: sites are scanned, a password is
 * guessed, the shop's search is tried for SQL injection, a web shell is uploaded as a plug-in, and the backup
 * that it makes is fetched. Before all that, somebody harmless knocks. In order of time.
 */
export function attack(firstDayMs: number): readonly SampleRequest[] {
  return [
    ...tryBackup(firstDayMs + 9 * HOUR_MS + 12 * MINUTE_MS),
    ...scan(firstDayMs + 21 * HOUR_MS + 40 * MINUTE_MS),
    ...guessPassword(firstDayMs + DAY_MS + 2 * HOUR_MS + 10 * MINUTE_MS),
    ...injectSql(firstDayMs + DAY_MS + 3 * HOUR_MS + 5 * MINUTE_MS),
    ...uploadShell(firstDayMs + 2 * DAY_MS + HOUR_MS + 31 * MINUTE_MS),
    ...fetchBackup(firstDayMs + 2 * DAY_MS + HOUR_MS + 44 * MINUTE_MS),
  ];
}

type Move = readonly [request: string, status: number, bytesSent: number];

function moves(
  list: readonly Move[],
  {
    everyMs,
    startMs,
    ...who
  }: Pick<SampleRequest, "site" | "client" | "agent"> & { startMs: number; everyMs: number },
): readonly SampleRequest[] {
  return list.map(([request, status, bytesSent], index) => ({
    ...who,
    ms: startMs + index * everyMs,
    request,
    status,
    bytesSent,
    referrer: "-",
  }));
}

/** Somebody else, who asks every site of the world for its backup. */
function tryBackup(startMs: number): readonly SampleRequest[] {
  const who = { client: "198.51.100.77", agent: "python-requests/2.32.5", everyMs: 0 };
  return [shop, blog].flatMap((site, index) =>
    moves([["GET /backup.zip HTTP/1.1", 404, 153]], {
      ...who,
      site,
      startMs: startMs + index * 4 * SECOND_MS,
    }),
  );
}

function scan(startMs: number): readonly SampleRequest[] {
  const targets =
    "/.env /.git/config /.aws/credentials /config.php.bak /phpinfo.php /phpmyadmin/ /admin/ /backup.sql /backup.zip /wp-login.php";
  const probes = (found: string): readonly Move[] =>
    targets.split(" ").map((target) => {
      const request = `GET ${target} HTTP/1.1`;
      return target === found ? [request, 200, 6841] : [request, 404, 153];
    });
  // What a scanner that speaks TLS leaves behind on a port that does not.
  const handshake: Move = [String.raw`\x16\x03\x01\x02\x00\x01\x00\x01\xFC\x03\x03`, 400, 157];
  const who = { client: attacker, agent: scanner, everyMs: 2 * SECOND_MS };
  return [
    ...moves([handshake, ...probes("")], { ...who, site: shop, startMs }),
    ...moves([handshake, ...probes("/wp-login.php")], { ...who, site: blog, startMs: startMs + MINUTE_MS }),
  ];
}

function guessPassword(startMs: number): readonly SampleRequest[] {
  const guess: Move = ["POST /wp-login.php HTTP/1.1", 200, 7112];
  const list: readonly Move[] = [
    ...Array.from({ length: GUESSES - 1 }, () => guess),
    ["POST /wp-login.php HTTP/1.1", 302, 20],
    ["GET /wp-admin/ HTTP/1.1", 200, 48_213],
  ];
  return moves(list, { site: blog, client: attacker, agent: browser, startMs, everyMs: 7 * SECOND_MS });
}

function injectSql(startMs: number): readonly SampleRequest[] {
  const list: readonly Move[] = [
    ["GET /search?q=1%27 HTTP/1.1", 500, 177],
    ["GET /search?q=1%27%20OR%201%3D1--%20- HTTP/1.1", 200, 31_870],
    ["GET /search?q=1%27%20UNION%20SELECT%20NULL%2CNULL--%20- HTTP/1.1", 500, 177],
    ["GET /search?q=1%27%20UNION%20SELECT%20email%2Cpassword%20FROM%20customers--%20- HTTP/1.1", 403, 199],
  ];
  const agent = "sqlmap/1.9.10#stable (https://sqlmap.org)";
  return moves(list, { site: shop, client: attacker, agent, startMs, everyMs: 3 * SECOND_MS });
}

function uploadShell(startMs: number): readonly SampleRequest[] {
  const shell = "/wp-content/plugins/seo/cache.php";
  const list: readonly Move[] = [
    ["POST /wp-login.php HTTP/1.1", 302, 20],
    ["GET /wp-admin/plugin-install.php?tab=upload HTTP/1.1", 200, 39_120],
    ["POST /wp-admin/update.php?action=upload-plugin HTTP/1.1", 200, 27_344],
    [`GET ${shell}?c=id HTTP/1.1`, 200, 54],
    [`GET ${shell}?c=ls+-la HTTP/1.1`, 200, 1204],
    [`POST ${shell} HTTP/1.1`, 200, 31],
    [`GET ${shell}?c=zip+-r+backup.zip+. HTTP/1.1`, 200, 88_104],
  ];
  return moves(list, { site: blog, client: attacker, agent: browser, startMs, everyMs: 40 * SECOND_MS });
}

function fetchBackup(startMs: number): readonly SampleRequest[] {
  const fetched: Move = ["GET /backup.zip HTTP/1.1", 200, 48_211_904];
  const rest: Move = ["GET /backup.zip HTTP/1.1", 206, 11_730_944];
  const who = { site: blog, agent: "curl/8.17.0", everyMs: 0 };
  return [
    ...moves([fetched], { ...who, client: `${attackerNetwork}:1::66`, startMs }),
    ...moves([rest], { ...who, client: `${attackerNetwork}:2::7`, startMs: startMs + 6 * MINUTE_MS }),
    ...moves([["GET /backup.zip HTTP/1.1", 404, 153]], {
      ...who,
      client: attacker,
      startMs: startMs + 3 * HOUR_MS,
    }),
  ];
}

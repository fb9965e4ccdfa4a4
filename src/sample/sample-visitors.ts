import type { SampleSite } from "./sample-request.ts";

/** Who comes by on an ordinary day. All addresses are set aside for documentation (RFC 5737, RFC 3849). */
export interface SampleVisitor {
  readonly client: string;
  readonly agent: string;
}

const firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0";
const chrome =
  "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36";
const iphone =
  "Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.1 Mobile/15E148 Safari/604.1";
const android =
  "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36";

export const people: readonly SampleVisitor[] = [
  { client: "192.0.2.18", agent: firefox },
  { client: "192.0.2.41", agent: chrome },
  { client: "192.0.2.97", agent: iphone },
  { client: "192.0.2.143", agent: android },
  { client: "198.51.100.23", agent: chrome },
  { client: "198.51.100.61", agent: iphone },
  { client: "198.51.100.140", agent: firefox },
  { client: "198.51.100.201", agent: android },
  { client: "2001:db8:17:4::a3", agent: firefox },
  { client: "2001:db8:17:9c::21", agent: iphone },
  { client: "2001:db8:2f00:11:8c1d:5eff:fe02:77a4", agent: chrome },
  { client: "2001:db8:2f00:12::1", agent: android },
];

export const bots: readonly SampleVisitor[] = [
  {
    client: "198.51.100.8",
    agent: "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
  },
  {
    client: "198.51.100.9",
    agent: "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
  },
  { client: "2001:db8:99::5", agent: "Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)" },
];

interface SamplePages {
  readonly pages: readonly string[];
  /** What a browser fetches with the first page. */
  readonly assets: readonly string[];
  /** What robots look for. */
  readonly crawled: readonly string[];
}

export const pagesOf: Readonly<Record<SampleSite, SamplePages>> = {
  "shop.example.org": {
    pages: [
      "/",
      "/catalogue/mugs",
      "/catalogue/mugs/blue-enamel-mug",
      "/catalogue/teapots?sort=price",
      "/catalogue/teapots/cast-iron-teapot",
      "/search?q=teapot",
      "/basket",
      "/checkout",
      "/account/orders/100482",
      "/unsubscribe/j.jansen@example.com",
    ],
    assets: ["/static/shop.css", "/static/shop.js", "/static/logo.svg", "/favicon.ico"],
    crawled: ["/robots.txt", "/sitemap.xml", "/catalogue/mugs", "/catalogue/teapots?page=2"],
  },
  "blog.example.net": {
    pages: [
      "/",
      "/2026/10/how-to-brew-sencha/",
      "/2026/11/a-visit-to-the-potter/",
      "/category/brewing/",
      "/about/",
      "/?s=sencha",
      "/feed/",
    ],
    assets: [
      "/wp-content/themes/leaf/style.css",
      "/wp-includes/js/jquery/jquery.min.js",
      "/wp-content/uploads/2026/10/sencha.jpg",
    ],
    crawled: ["/robots.txt", "/wp-sitemap.xml", "/2026/10/how-to-brew-sencha/", "/feed/", "/xmlrpc.php"],
  },
};

export const referrers = [
  "-",
  "-",
  "https://www.google.com/",
  "https://duckduckgo.com/",
  "https://tea.example.com/links.html",
];

/**
 * The only names of browsers and systems that statistics show. What ua-parser-js finds is partly cut from
 * the agent's own text, which the visitor writes: it is used as a key into these lists, in any letter case, and
 * never passed on.
 */
const browsers = [
  "2345Explorer",
  "360",
  "Android Browser",
  "Baidu",
  "Brave",
  "Chrome",
  "Chrome Headless",
  "Chrome WebView",
  "Chromium",
  "Coc Coc",
  "DuckDuckGo",
  "Edge",
  "Electron",
  "Epiphany",
  "Facebook",
  "Falkon",
  "Firefox",
  "Firefox Focus",
  "Firefox Reality",
  "GSA",
  "HeyTap",
  "Huawei Browser",
  "IE",
  "IEMobile",
  "Instagram",
  "KakaoTalk",
  "Kindle",
  "Klar",
  "Konqueror",
  "LibreWolf",
  "Line",
  "LinkedIn",
  "Links",
  "Lynx",
  "Maxthon",
  "Midori",
  "MIUI Browser",
  "Mobile Safari",
  "Naver",
  "Netscape",
  "NetSurf",
  "Nokia Browser",
  "Oculus Browser",
  "Opera",
  "Opera Coast",
  "Opera GX",
  "Opera Mini",
  "Opera Mobi",
  "Opera Tablet",
  "Opera Touch",
  "PaleMoon",
  "PhantomJS",
  "Puffin",
  "QQBrowser",
  "Quark",
  "Safari",
  "Sailfish Browser",
  "Samsung Internet",
  "SeaMonkey",
  "Silk",
  "Sleipnir",
  "Slimjet",
  "Snapchat",
  "Sogou Explorer",
  "Sogou Mobile",
  "TikTok",
  "Twitter",
  "UCBrowser",
  "Vivaldi",
  "Vivo Browser",
  "Waterfox",
  "WeChat",
  "Weibo",
  "Whale",
  "Yandex",
  "w3m",
] as const;

/** `isDesktop` says what a machine is whose agent names no device. */
const systems = [
  { name: "Android", isDesktop: false },
  { name: "Arch", isDesktop: true },
  { name: "BlackBerry", isDesktop: false },
  { name: "CentOS", isDesktop: true },
  { name: "Chromecast", isDesktop: false },
  { name: "Chromium OS", isDesktop: true },
  { name: "Debian", isDesktop: true },
  { name: "Fedora", isDesktop: true },
  { name: "Firefox OS", isDesktop: false },
  { name: "FreeBSD", isDesktop: true },
  { name: "Gentoo", isDesktop: true },
  { name: "Haiku", isDesktop: true },
  { name: "HarmonyOS", isDesktop: false },
  { name: "iOS", isDesktop: false },
  { name: "KaiOS", isDesktop: false },
  { name: "Linux", isDesktop: true },
  { name: "Mac OS", isDesktop: true },
  { name: "Manjaro", isDesktop: true },
  { name: "Mint", isDesktop: true },
  { name: "NetBSD", isDesktop: true },
  { name: "Nintendo", isDesktop: false },
  { name: "OpenBSD", isDesktop: true },
  { name: "OpenHarmony", isDesktop: false },
  { name: "openSUSE", isDesktop: true },
  { name: "PlayStation", isDesktop: false },
  { name: "Sailfish", isDesktop: false },
  { name: "Solaris", isDesktop: true },
  { name: "Symbian", isDesktop: false },
  { name: "Tizen", isDesktop: false },
  { name: "Ubuntu", isDesktop: true },
  { name: "watchOS", isDesktop: false },
  { name: "webOS", isDesktop: false },
  { name: "Windows", isDesktop: true },
  { name: "Windows Mobile", isDesktop: false },
  { name: "Windows Phone", isDesktop: false },
  { name: "Xbox", isDesktop: false },
] as const;

export type BrowserName = (typeof browsers)[number] | "Other";
export type SystemName = (typeof systems)[number]["name"] | "Other";

export interface System {
  readonly name: SystemName;
  readonly isDesktop: boolean;
}

const browserByKey: ReadonlyMap<string, BrowserName> = new Map(
  browsers.map((name) => [name.toLowerCase(), name]),
);
const systemByKey: ReadonlyMap<string, System> = new Map(
  systems.map((system) => [system.name.toLowerCase(), system]),
);

export function browserOf(found: string | undefined): BrowserName {
  return browserByKey.get(found?.toLowerCase() ?? "") ?? "Other";
}

export function systemOf(found: string | undefined): System {
  return systemByKey.get(found?.toLowerCase() ?? "") ?? { name: "Other", isDesktop: false };
}

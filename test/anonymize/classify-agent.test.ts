import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { browserOf, systemOf } from "../../anonymize/agent-names.ts";
import { classifyAgent } from "../../anonymize/classify-agent.ts";

const webkit = "AppleWebKit/537.36 (KHTML, like Gecko)";

describe("classifyAgent", () => {
  it.each([
    [
      `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${webkit} Chrome/133.0.0.0 Safari/537.36`,
      "Chrome 133 Windows desktop",
    ],
    [
      `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${webkit} Chrome/133.0.0.0 Safari/537.36 Edg/133.0.1.2`,
      "Edge 133 Windows desktop",
    ],
    [
      "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:134.0) Gecko/20100101 Firefox/134.0",
      "Firefox 134 Ubuntu desktop",
    ],
    [
      "Mozilla/5.0 (iPhone; CPU iPhone OS 18_3_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.3 Mobile/15E148 Safari/604.1",
      "Mobile Safari 18 iOS mobile",
    ],
    [
      "Mozilla/5.0 (iPad; CPU OS 17_2 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.2 Mobile/15E148 Safari/604.1",
      "Mobile Safari 17 iOS tablet",
    ],
    [
      `Mozilla/5.0 (Linux; Android 10; K) ${webkit} Chrome/131.0.0.0 Mobile Safari/537.36`,
      "Chrome 131 Android mobile",
    ],
    [
      `Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) ${webkit} Chrome/130.0.0.0 Safari/537.36`,
      "Chrome 130 Chromium OS desktop",
    ],
    [
      `Mozilla/5.0 (Web0S; Linux/SmartTV) ${webkit} Chrome/94.0.4606.128 Safari/537.36 WebAppManager`,
      "Chrome 94 webOS tv",
    ],
    [
      "Mozilla/5.0 (PlayStation 4 3.11) AppleWebKit/537.73 (KHTML, like Gecko)",
      "Other undefined PlayStation console",
    ],
    ["", "Other undefined Other other"],
  ])("reads %s", (agent, expected) => {
    const { browser, browserMajor, os, device, isBot } = classifyAgent(agent);
    expect(`${browser} ${browserMajor} ${os} ${device}`).toBe(expected);
    expect(isBot).toBe(false);
  });

  it.each([
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "curl/8.5.0",
    "python-requests/2.31.0",
    "Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)",
  ])("knows %s for a program", (agent) => expect(classifyAgent(agent).isBot).toBe(true));

  it.each([
    "__proto__",
    "constructor",
    "Chrome/99999999.0",
    "() { :;}; echo",
    "${jndi:ldap://x}",
    "=cmd|'/c calc'!A0",
    "\\x1B[2J",
  ])("shows nothing of %s", (agent) => {
    expect(classifyAgent(agent)).toMatchObject({ browserMajor: undefined, os: "Other", device: "other" });
  });

  it("answers in words from its lists and small numbers, whatever the agent is", () => {
    const piece = fc.oneof(
      fc.constantFrom(
        "Mozilla/5.0 (",
        "Android 9; ",
        "SM-",
        "Chrome/",
        "Opera Mobi",
        "Version/",
        "twitter",
        " Safari/",
        "(KHTML)",
        "; wv)",
      ),
      fc.constantFrom(
        "Links (",
        "Linux",
        "[LinkedInApp]",
        "nintendo ",
        "xbox; xbox ",
        "nettv/1.",
        "Ubuntu 9 like Android",
        "tesla/2019.",
      ),
      fc.string({ maxLength: 6 }),
      fc.nat(999_999).map(String),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const { browser, browserMajor = 0, os, device } = classifyAgent(pieces.join(""));
        expect(browserOf(browser)).toBe(browser);
        expect(systemOf(os).name).toBe(os);
        expect(["desktop", "mobile", "tablet", "tv", "console", "wearable", "other"]).toContain(device);
        expect(browserMajor).toBeGreaterThanOrEqual(0);
        expect(browserMajor).toBeLessThanOrEqual(9999);
      }),
      { numRuns: 400 },
    );
  });

  it("looks at no more than the beginning of an agent without end", () => {
    const began = performance.now();
    for (const piece of ["a", "Mozilla/5.0 ", "Android ", "((((", "; ", "Chrome/1."])
      classifyAgent(piece.repeat(100_000));
    expect(performance.now() - began).toBeLessThan(1000);
    expect(classifyAgent(`${"x".repeat(600)} Chrome/133.0`).browser).toBe("Other");
    expect(classifyAgent(`Mozilla/5.0 (X11; Linux x86_64; ${"rv:1; ".repeat(100)}) Googlebot`).isBot).toBe(
      false,
    );
  });
});

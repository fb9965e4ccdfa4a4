import { describe, expect, it } from "vitest";
import { compileDomainOfPath } from "../../../ingest/source/domain-of-path.ts";
import { exitCode } from "../../../src/exit-code.ts";

describe("compileDomainOfPath", () => {
  it.each([
    ["{domain}.access.log", "shop.example.org.access.log", "shop.example.org"],
    ["{domain}.access.log", "logs/shop.example.org.access.log", "shop.example.org"],
    ["{domain}", "/var/log/httpd/domlogs/shop.example.org", "shop.example.org"],
    ["{domain}-ssl_log", "shop.example.org-ssl_log", "shop.example.org"],
    ["vhosts/{domain}/logs/*", "/var/www/vhosts/shop.example.org/logs/access_log", "shop.example.org"],
    [
      "/vhosts/{domain}/logs/access*log",
      "/var/www/vhosts/shop.example.org/logs/access_ssl_log",
      "shop.example.org",
    ],
    ["access-{domain}-*.log", "access-shop.example.org-node1.log", "shop.example.org"],
    ["access+({domain}).log", "access+(shop.example.org).log", "shop.example.org"],
  ])("finds the site by %s in %s", (pattern, path, domain) => {
    expect(compileDomainOfPath(pattern)(path)).toBe(domain);
  });

  it.each([".1", ".2.gz", "-20261122", "-20261122.gz", ".2026-11-22.zst", ".1.bz2", ".gz"])(
    "leaves out %s, which rotation and compression put behind the name",
    (suffix) => {
      expect(compileDomainOfPath("{domain}.log")(`logs/shop.example.org.log${suffix}`)).toBe(
        "shop.example.org",
      );
      expect(compileDomainOfPath("{domain}")(`logs/shop.example.org${suffix}`)).toBe("shop.example.org");
    },
  );

  it("takes a pattern that speaks of such a suffix at its word", () => {
    expect(compileDomainOfPath("{domain}.log.1")("shop.example.org.log.1")).toBe("shop.example.org");
    expect(compileDomainOfPath("{domain}.log.1")("shop.example.org.log.2")).toBeUndefined();
  });

  it.each([
    ["{domain}.access.log", "shop.example.org.error.log"],
    ["{domain}.access.log", ".access.log"],
    ["vhosts/{domain}/logs/*", "/var/www/sites/shop.example.org/logs/access_log"],
    ["vhosts/{domain}/logs/*", "logs/access_log"],
    ["vhosts/{domain}/logs/access_log", "vhosts/shop/example.org/logs/access_log"],
    ["{domain}.log", "shopXlog"],
  ])("finds none by %s in %s", (pattern, path) => {
    expect(compileDomainOfPath(pattern)(path)).toBeUndefined();
  });

  it.each(["access.log", "{domain}/{domain}.log", "{Domain}.log", ""])(
    "refuses the pattern %j",
    (pattern) => {
      expect(() => compileDomainOfPath(pattern)).toThrow(
        expect.objectContaining({
          exitCode: exitCode.config,
          message: expect.stringContaining("{domain} exactly once"),
        }),
      );
    },
  );

  it("answers at once, however long a name is", () => {
    const domainOf = compileDomainOfPath("*{domain}*-*.log");
    expect(domainOf(`${"a-".repeat(120)}.txt`)).toBeUndefined();
    expect(compileDomainOfPath("{domain}.log")(`${".1".repeat(120)}x`)).toBeUndefined();
  });
});

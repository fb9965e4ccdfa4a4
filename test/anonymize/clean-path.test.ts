import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cleanPath, PATH_BYTES_MAX, SEGMENTS_MAX } from "../../anonymize/clean-path.ts";
import { textOfBytes } from "../../src/text.ts";

describe("cleanPath", () => {
  it.each([
    [
      "/",
      "/2026/11/22/post-title-with-words",
      "/product/12345",
      "/api/v2/orders/100234",
      "/a/../b",
      "//x",
      "*",
    ],
    [
      "/img/logo-300x200.png",
      "/icon@2x.png",
      "/favicon-32x32.png",
      "/img/DSC_0012.JPG",
      "/wp-content/themes/x/style.css",
    ],
    [
      "/jquery-3.7.1.min.js",
      "/npm/jquery@3.7.1/dist/jquery.min.js",
      "/node-v20.11.1-linux-x64.tar.gz",
      "/win32-x64-setup.exe",
    ],
    [
      "/backup-2026-11-22-103000.zip",
      "/IMG_20231105_143022.jpg",
      "/blog/20261122/",
      "/10:30:00",
      "/2024-q4-report-v2.pdf",
      "/perl/Foo::Bar",
      "/rgb-255-0-128.png",
    ],
    [
      "/iPhone-15-Pro-Max-256GB-review",
      "/MyComponentName.vue",
      "/arbeidsongeschiktheidsverzekering",
      "/decor/facade",
      "/sku/AB12CDEFGHIJKLM",
    ],
    [
      "/%E4%B8%AD%E6%96%87/page",
      "/caf\\xE9",
      "/café",
      "/page%20with%20space",
      "/%zz",
      "/a\\x5Cb",
      "/%2e%2e/%2e%2e/etc/passwd",
    ],
  ])("keeps %s and the like byte for byte", (...paths) => {
    for (const path of paths) expect(cleanPath(path)).toBe(path);
  });

  it.each([
    ["/users/jan@example.nl/edit", "/users/:mail/edit"],
    ["/users/jan%40example.nl/edit", "/users/:mail/edit"],
    ["/users/jan%2540example.nl/edit", "/users/:mail/edit"],
    ["/jan@163.com", "/:mail"],
    ["/mailto:jan.jansen+x@example.nl", "/:mail"],
    ["/jan@203.0.113.7", "/:mail"],
    ["/~jan/photo.jpg", "/:user/photo.jpg"],
    ["/%7Ejan/photo.jpg", "/:user/photo.jpg"],
    ["/@jan", "/:user"],
  ])("hides people in %s: %s", (path, clean) => expect(cleanPath(path)).toBe(clean));

  it.each([
    ["/ip/203.0.113.7", "/ip/:ip"],
    ["/ip/203%2E0%2e113.7", "/ip/:ip"],
    ["/host-203-0-113-7.html", "/host-:ip.html"],
    ["/log-2026-11-22-203.0.113.7.txt", "/log-2026-11-22-:ip.txt"],
    ["/x/3405803783", "/x/:num"],
    ["/x/0xcb007107", "/x/:hex"],
    ["/x/cb007107", "/x/:hex"],
    ["/2001:db8::1", "/:ip"],
    ["/[2001:DB8::1]:443", "/[:ip]:443"],
    ["/2001%3Adb8%3A%3A1/x", "/:ip/x"],
    ["/::ffff:203.0.113.7", "/:ip"],
    ["/2001-db8-0-0-0-0-0-1.ipv6-literal.net", "/:ip.ipv6-literal.net"],
    ["/20010db800000000000000000000abcd", "/:hex"],
  ])("hides the address in %s: %s", (path, clean) => expect(cleanPath(path)).toBe(clean));

  it.each([
    ["/o/123e4567-e89b-12d3-a456-426614174000", "/o/:uuid"],
    ["/o/123E4567_E89B_12D3_A456_426614174000.json", "/o/:uuid.json"],
    ["/js/app.3f2a9c1b.js", "/js/app.:hex.js"],
    ["/photo-1504639725590-34d0984388bd", "/photo-:num-:hex"],
    ["/customer/1234567", "/customer/:num"],
    ["/invoice-20260001.pdf", "/invoice-:num.pdf"],
    ["/bsn/123.456.782", "/bsn/:num"],
    ["/tel/06-12345678", "/tel/:phone"],
    ["/tel/+31%206%2012345678", "/tel/:phone"],
    ["/tel/(020)%20123%204567", "/tel/:phone"],
    ["/pay/NL91ABNA0417164300", "/pay/:iban"],
    ["/pay/nl91%20abna%200417%201643%2000-x", "/pay/:iban-x"],
    ["/pay/BE68-5390-0754-7034.pdf", "/pay/:iban.pdf"],
  ])("hides the number in %s: %s", (path, clean) => expect(cleanPath(path)).toBe(clean));

  it.each([
    ["/reset/eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFU", "/reset/:tok"],
    ["/s/dQw4w9WgXcQ", "/s/:tok"],
    ["/c/amFuQGV4YW1wbGUubmw=", "/c/:tok"],
    ["/c/QWxhZGRpbjpvcGVuIHNlc2FtZQ", "/c/:tok"],
    ["/(S(lit3py55t21z5v55vlm25s55))/orders.aspx", "/(S(:tok))/orders.aspx"],
    ["/k/a8Kd9-3jsLq_0PzQ7", "/k/:tok"],
    [`/x/${"q".repeat(40)}`, "/x/:tok"],
    [`/x/${"a-b ".repeat(70)}`, "/x/:tok"],
  ])("hides the token in %s: %s", (path, clean) => expect(cleanPath(path)).toBe(clean));

  it.each([
    ["http://user:password@host.example/x", "/x"],
    ["HTTPS://203.0.113.7:443", "/"],
    ["http://host?x=/y", "/"],
    ["/a;jsessionid=AB12/b;v=1", "/a/b"],
    ["/a%3Bjsessionid=AB12/b", "/a/b"],
    ["/x?mail=a", "/x"],
    ["/x#top/y", "/x"],
    ["/x%3fmail=a/y", "/x"],
    ["/x%253Fmail=a/y", "/x"],
    ["/x%%33fmail=a/y", "/x"],
    ["/x%23top", "/x"],
    ["/x%2Fjan@example.nl%2Fy", "/x%2F:mail%2Fy"],
  ])("drops what is no path from %s: %s", (target, clean) => expect(cleanPath(target)).toBe(clean));

  it.each([
    ["/a\\x00b/c", "/:binary/c"],
    ["/a%00b/c", "/:binary/c"],
    ["/a%0d%0aSet-Cookie:x/c", "/:binary/c"],
    ["\\x16\\x03\\x01", ":binary"],
    ["/\uE123", "/:binary"],
  ])("marks control characters in %s: %s", (path, clean) => expect(cleanPath(path)).toBe(clean));

  it("cuts what is too deep, too long or encoded too often", () => {
    const deep = "/a".repeat(SEGMENTS_MAX);
    expect(cleanPath(deep)).toBe(deep);
    expect(cleanPath(`${deep}/b/c`)).toBe(`${deep}/*`);
    expect(cleanPath(`${"/long-title".repeat(12)}/${"é-".repeat(120)}/x`)).toMatch(
      /^(?:\/long-title){12}\/\*$|é-/,
    );
    expect(
      Buffer.byteLength(cleanPath("/é-é-é-é-é-é-é-é-é-é-é-é-é-é-é-é-é-é-é-é-é-é-é-é-é".repeat(14))),
    ).toBeLessThanOrEqual(PATH_BYTES_MAX);
    expect(cleanPath("/%25252525252541")).toBe("/:tok");
  });

  const nasty = fc
    .array(
      fc.oneof(
        fc.constantFrom(
          "/",
          "/",
          "/",
          "-",
          ".",
          ":",
          "::",
          "@",
          "~",
          "%",
          "%25",
          "%40",
          "%2F",
          "%3f",
          "%3B",
          ";",
          "\\x00",
          "\\xE9",
        ),
        fc.constantFrom(
          "%E9",
          "é",
          " ",
          "%20",
          "+",
          "0",
          "203.0.113.7",
          "2026-11-22",
          "12345",
          "a",
          "Zq9",
          "ab",
          "NL91ABNA0417164300",
        ),
        fc.constantFrom(
          "jan@example.nl",
          ":ip",
          ":tok",
          "*",
          "2x.png",
          "eyJhbGciOi",
          "=",
          "_",
          "f00d",
          "cafe1234",
          "(020)",
        ),
      ),
      { maxLength: 30 },
    )
    .map((parts) => parts.join(""));

  it("changes nothing when it is applied to its own output, and stays within its limits", () => {
    fc.assert(
      fc.property(fc.oneof(nasty, fc.uint8Array({ maxLength: 80 }).map(textOfBytes)), (target) => {
        const clean = cleanPath(target);
        expect(cleanPath(clean)).toBe(clean);
        expect(Buffer.byteLength(clean)).toBeLessThanOrEqual(PATH_BYTES_MAX);
        expect(clean.split("/").length).toBeLessThanOrEqual(SEGMENTS_MAX + 2);
        expect(clean).not.toMatch(/[?#]/);
      }),
      { numRuns: 8000 },
    );
  });

  it.each([
    ["base64url", 16, 0.96],
    ["base64url", 22, 0.99],
    ["base64url", 43, 0.999],
    ["hex", 8, 0.999],
    ["hex", 32, 1],
  ] as const)("hides random tokens of %s, %i characters long, at a rate of %d", (encoding, length, rate) => {
    const tokens = Array.from({ length: 3000 }, (_, seed) =>
      createHash("sha256").update(String(seed)).digest(encoding).slice(0, length),
    );
    const hidden = tokens.filter((token) => !cleanPath(`/reset/${token}/done.html`).includes(token));
    expect(hidden.length / tokens.length).toBeGreaterThanOrEqual(rate);
  });

  it.each([
    ["digits and separators", "/1-".repeat(20_000)],
    ["hex and colons", `/${"a:".repeat(30_000)}`],
    ["at signs", `/${"a@".repeat(30_000)}`],
    ["percent signs", `/${"%25".repeat(20_000)}`],
    ["letters", `/${"a".repeat(60_000)}`],
    ["an IBAN without end", "/AB12 ABCD".repeat(6000)],
    ["semicolons", `/${";".repeat(60_000)}`],
    ["slashes", "/".repeat(60_000)],
  ])("does not stumble over 64 KiB of %s", (_, target) => {
    const began = performance.now();
    cleanPath(target);
    expect(performance.now() - began).toBeLessThan(500);
  });
});

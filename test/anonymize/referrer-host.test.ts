import { describe, expect, it } from "vitest";
import { referrerHost } from "../../anonymize/referrer-host.ts";

describe("referrerHost", () => {
  it.each([
    ["https://www.Example.com/search?q=jan%40example.nl", "www.example.com"],
    ["http://example.com:8080", "example.com"],
    ["https://example.com?x", "example.com"],
    ["https://example.com#x", "example.com"],
    ["https://user:password@example.com/x", "example.com"],
    ["https://a@b@example.com/", "example.com"],
    ["https://münchen.example/", "xn--mnchen-3ya.example"],
    ["https://xn--80ak6aa92e.example/", "xn--80ak6aa92e.example"],
    ["https://r3---sn-25.example.com/", "r3---sn-25.example.com"],
  ])("finds in %s the host %s", (referrer, host) => expect(referrerHost(referrer)).toBe(host));

  it.each([
    ["https://ip-192-0-2-77.dyn.example.net/", "dyn.example.net"],
    ["https://77.2.0.192.in-addr.arpa/", "in-addr.arpa"],
    ["https://c000024d.cable.example.net/", "cable.example.net"],
    ["https://123e4567-e89b-12d3-a456-426614174000.apps.example.com/", "apps.example.com"],
    ["https://a8Kd93jsLq0Pz2Xb.example.com/", "example.com"],
    ["https://12345678.com/", undefined],
  ])("leaves off labels that look personal in %s: %s", (referrer, host) =>
    expect(referrerHost(referrer)).toBe(host),
  );

  it.each(["https://192.0.2.77/", "http://[2001:db8::1]:8080/x", "https://0x7f.1/", "https://2130706433/"])(
    "does not show the address %s",
    (referrer) => expect(referrerHost(referrer)).toBeUndefined(),
  );

  it.each([
    "-",
    "",
    "example.com",
    "/path",
    "android-app://com.example/",
    "javascript:alert(1)",
    "https://",
    "https:///x",
    "about:blank",
  ])("finds no host in %j", (referrer) => expect(referrerHost(referrer)).toBeUndefined());

  it("reads no further than a host can be", () => {
    expect(referrerHost(`https://${"a@".repeat(50_000)}example.com/`)).toBeUndefined();
  });
});

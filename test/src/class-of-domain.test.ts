import { describe, expect, it } from "vitest";
import { classOfDomain } from "../../src/class-of-domain.ts";

const rules = {
  "shop.example.org": "shop",
  "*.example.org": "example",
  "*.deep.example.org": "deep",
  "*.org": "org",
  localhost: "machine",
};

describe("classOfDomain", () => {
  it.each([
    ["its own name", "shop.example.org", "shop"],
    ["the suffix it ends with", "blog.example.org", "example"],
    ["a suffix over several labels", "a.b.c.example.org", "example"],
    ["the longest suffix of several", "a.deep.example.org", "deep"],
    ["a suffix, which the name behind it does not end with itself", "example.org", "org"],
    ["the suffix at a dot only", "notexample.org", "org"],
    ["its own name without a dot", "localhost", "machine"],
    ["standard, where nothing fits", "example.net", "standard"],
    ["standard, for lines that name no site", "unknown", "standard"],
    ["standard, for the empty name", "", "standard"],
  ])("goes by %s", (_name, domain, expected) => {
    expect(classOfDomain(rules, domain)).toBe(expected);
  });

  it.each(["constructor", "__proto__", "toString", "valueof", "a.constructor"])(
    "takes the host name %s, which every object answers to, for an ordinary one",
    (domain) => {
      expect(classOfDomain(rules, domain)).toBe("standard");
    },
  );
});

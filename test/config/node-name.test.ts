import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nodeNameOf } from "../../config/node-name.ts";
import { isNodeName } from "../../src/partition.ts";

describe("nodeNameOf", () => {
  it.each([
    ["web-17", "web-17"],
    ["WEB-17.Example.NET", "web-17.example.net"],
    ["web_17", "web-17"],
    ["a..b", "a.b"],
    ["-web-", "web"],
    ["", "node"],
    ["___", "node"],
    ["x".repeat(80), "x".repeat(63)],
  ])("makes of %j the node %s", (hostName, node) => {
    expect(nodeNameOf(hostName)).toBe(node);
  });

  it("is a node name, whatever the machine is called", () => {
    fc.assert(fc.property(fc.string(), (hostName) => isNodeName(nodeNameOf(hostName))));
  });
});

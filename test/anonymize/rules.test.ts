import { describe, expect, expectTypeOf, it } from "vitest";
import { type Rule, rules, type SourceOf, type Sources, sourcesOf } from "../../anonymize/rules.ts";
import { type AnalyticsColumnName, analyticsSchema } from "../../src/schema/analytics-schema.ts";
import { type RawColumnName, rawSchema } from "../../src/schema/raw-schema.ts";
import { rawColumnsOf } from "./support/raw-columns-of.ts";

const raw = rawColumnsOf([{ remote_user: "jan", query: "mail=jan", path: "/" }]);
const analyticsNames = Object.keys(analyticsSchema.columns) as AnalyticsColumnName[];

describe("rules", () => {
  it("does not compile while a raw column has no rule", () => {
    const { path: _, ...withoutPath } = rules;
    // @ts-expect-error nobody has decided about the path
    const table: { readonly [Column in RawColumnName]: Rule } = withoutPath;
    expect(Object.keys(table)).toHaveLength(Object.keys(rawSchema.columns).length - 1);
  });

  it("does not compile while an analytics column has no source", () => {
    type Sourceless = {
      [Name in AnalyticsColumnName]: [SourceOf<Name>] extends [never] ? Name : never;
    }[AnalyticsColumnName];
    expectTypeOf<Sourceless>().toEqualTypeOf<never>();
    for (const name of analyticsNames) expect(Object.keys(sourcesOf(raw, [name])), name).not.toHaveLength(0);
  });

  it("says which raw columns an analytics column is made from", () => {
    expectTypeOf<SourceOf<"client_net">>().toEqualTypeOf<"client_ip_key">();
    expectTypeOf<SourceOf<"status" | "path">>().toEqualTypeOf<"status" | "path">();
    expectTypeOf<keyof Sources<"visit_start">>().toEqualTypeOf<
      "time" | "domain" | "client_ip_key" | "client_text" | "user_agent"
    >();
  });

  it("drops who logged in, what was asked for, and all that joins a row to raw", () => {
    const dropped = Object.entries(rules).flatMap(([name, rule]) => ("drop" in rule ? [name] : []));
    expect(dropped).toEqual([
      "received_at",
      "client_ip",
      "remote_user",
      "query",
      "request_raw",
      "request_host",
      "duration_ms",
      "node",
      "source",
      "source_offset",
    ]);
  });
});

describe("sourcesOf", () => {
  it("hands out nothing but the columns that may be read", () => {
    expect(Object.keys(sourcesOf(raw, ["client_net", "country"]))).toEqual(["client_ip_key"]);
    expect(Object.keys(sourcesOf(raw, ["path", "method"]))).toEqual(["method", "path"]);
  });

  it("does not compile, and finds nothing, when a dropped column is read", () => {
    const everything = sourcesOf(raw, analyticsNames);
    // @ts-expect-error the rule of remote_user is to drop it
    expect(everything.remote_user).toBeUndefined();
    // @ts-expect-error the query is no source of the path
    expect(sourcesOf(raw, ["path"]).query).toBeUndefined();
    // @ts-expect-error the full address is a source of the network, and of no path
    expect(sourcesOf(raw, ["path"]).client_ip_key).toBeUndefined();
  });
});

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { repository } from "./repository-files.ts";

const page = readFileSync(join(repository, "docs", "threat-model.md"), "utf8");

/** A test as the page names it: a file, and a title in it. */
const named = [...page.replaceAll(/\s+/g, " ").matchAll(/`(test\/[^`]+\.test\.ts)` "([^"]+)"/g)].map(
  ([, path = "", title = ""]) => ({ path, title }),
);

describe("the threat model", () => {
  it("names tests that are there, by their titles", () => {
    const missing = named.filter(({ path, title }) => {
      const file = join(repository, path);
      return !existsSync(file) || !readFileSync(file, "utf8").includes(`"${title}"`);
    });
    expect(missing).toEqual([]);
  });

  it("shows each threat by tests, and has nothing that looks like one and is not read as one", () => {
    const chapters = page.split(/^## /m).slice(1);
    expect(chapters).toHaveLength(7);
    expect(chapters.filter((chapter) => !chapter.includes("\nShown by: `test/"))).toEqual([]);
    expect(named).toHaveLength(page.match(/`test\//g)?.length ?? 0);
  });
});

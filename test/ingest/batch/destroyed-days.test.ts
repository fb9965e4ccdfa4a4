import { describe, expect, it } from "vitest";
import { lineAt, now, take, type World } from "./take-lines.ts";

describe("a line of a day whose key was destroyed", () => {
  const lines = ["2026-11-19", "2026-11-20", "2026-11-21"].map((day) => lineAt(`${day}T12:00:00Z`));
  const [before = "", onThatDay = ""] = lines;

  it("is refused and counted, and the days beside it are not", () => {
    const { source, days, intake } = take(lines.join("\n"), { destroyed: { raw: [["2026-11-20"]] } });
    expect(days).toEqual(["2026-11-19", "2026-11-21"]);
    expect(source).toMatchObject({
      stored: 2,
      refused: [[before.length + 1, before.length + onThatDay.length + 2, 1]],
    });
    expect(intake.destroyedDayLines).toBe(1);
  });

  it("is kept where the destroyed key is another class's", () => {
    const world: World = {
      terms: [
        ["2y", "2y"],
        ["2y", "2y"],
      ],
      destroyed: { raw: [[], ["2026-11-20"]] },
    };
    expect(take(onThatDay, world).days).toEqual(["2026-11-20"]);
    expect(take(onThatDay, { ...world, domain: "short.example.org" }).source).toMatchObject({
      refused: [[0, onThatDay.length, 1]],
    });
  });

  it("is refused also when nobody can read it, and the line before it tells its day", () => {
    const { source, quarantine, intake } = take([onThatDay, "one", lineAt(now), "two"].join("\n"), {
      destroyed: { raw: [["2026-11-20"]] },
    });
    expect(quarantine).toMatchObject([{ line: "two" }]);
    expect(source).toMatchObject({ stored: 1, refused: [[0, onThatDay.length + 5, 2]] });
    expect(intake.destroyedDayLines).toBe(2);
  });

  it("is refused where the key of its day in quarantine was destroyed, but not for a line that can be read", () => {
    const { source, quarantine, intake } = take(`${lineAt(now)}\none\n`, {
      destroyed: { quarantine: ["2026-11-22"] },
    });
    expect(quarantine).toEqual([]);
    expect(source).toMatchObject({ stored: 1, refused: [[expect.any(Number), expect.any(Number), 1]] });
    expect(intake.destroyedDayLines).toBe(1);
  });
});

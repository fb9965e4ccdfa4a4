import { describe, expect, it } from "vitest";
import {
  judgeHolder,
  type ProcessIdentity,
  parseHolder,
  parseProcessStat,
  SILENT_MS_MAX,
} from "../../src/lock-holder.ts";

const observer: ProcessIdentity = {
  pid: 7,
  startTicks: "700",
  bootId: "b",
  pidNamespace: "n",
  hostName: "web-1",
};
const holder: ProcessIdentity = { ...observer, pid: 5, startTicks: "500" };
const seen = { startTicks: "500", isInUse: true };
const gone = { startTicks: undefined, isInUse: false };

describe("judgeHolder", () => {
  it("sees on its own machine whether the very process lives, however long it was busy", () => {
    expect(judgeHolder(holder, observer, seen, 10 * SILENT_MS_MAX)).toBe("live");
    expect(judgeHolder(holder, observer, { ...seen, startTicks: "501" }, 0)).toBe("dead");
    expect(judgeHolder(holder, observer, gone, 0)).toBe("dead");
  });

  it("goes by the touches for a process that /proc hides", () => {
    const hidden = { startTicks: undefined, isInUse: true };
    expect(judgeHolder(holder, observer, hidden, 0)).toBe("elsewhere");
    expect(judgeHolder(holder, observer, hidden, SILENT_MS_MAX + 1)).toBe("dead");
  });

  it("takes the same number in another container for another process", () => {
    const other = { ...holder, pidNamespace: "m" };
    expect(judgeHolder(other, observer, gone, 0)).toBe("elsewhere");
    expect(judgeHolder(other, observer, seen, SILENT_MS_MAX + 1)).toBe("dead");
  });

  it("takes every process of an earlier boot for dead, but one on another machine", () => {
    expect(judgeHolder({ ...holder, bootId: "a" }, observer, seen, 0)).toBe("dead");
    expect(judgeHolder({ ...holder, bootId: "a", hostName: "web-2" }, observer, seen, 0)).toBe("elsewhere");
  });

  it("asks the number alone where there is no /proc", () => {
    const plain = { startTicks: null, bootId: null, pidNamespace: null };
    const judge = (isInUse: boolean, hostName: string, silentMs: number): string =>
      judgeHolder(
        { ...holder, ...plain, hostName },
        { ...observer, ...plain },
        { startTicks: undefined, isInUse },
        silentMs,
      );
    expect(judge(false, "web-1", 0)).toBe("dead");
    expect(judge(true, "web-1", 0)).toBe("elsewhere");
    expect(judge(true, "web-1", SILENT_MS_MAX + 1)).toBe("dead");
    expect(judge(false, "web-2", 0)).toBe("elsewhere");
  });
});

describe("parseHolder", () => {
  const whole = { ...holder, token: "t", purpose: "p" };

  it("reads what a holder wrote", () => {
    expect(parseHolder(JSON.stringify(whole))).toEqual(whole);
  });

  it.each([
    "",
    "{",
    "null",
    "7",
    "{}",
    JSON.stringify({ ...whole, pid: 0 }),
    JSON.stringify({ ...whole, pid: -1 }),
    JSON.stringify({ ...whole, bootId: 1 }),
  ])("finds no holder in %j", (text) => {
    expect(parseHolder(text)).toBeUndefined();
  });
});

describe("parseProcessStat", () => {
  it("finds state and start behind a name with spaces and parentheses", () => {
    const fields = Array.from({ length: 49 }, (_, i) => String(i + 4));
    expect(parseProcessStat(`5 (a) b (c)) S ${fields.join(" ")}`)).toEqual({ state: "S", startTicks: "22" });
  });

  it("finds nothing in a text that is cut short", () => {
    expect(parseProcessStat("5 (node) S 1 2")).toBeUndefined();
  });
});

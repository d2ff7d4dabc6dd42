import { describe, expect, test } from "vitest";
import { measureInRounds, stepsPerBlock } from "./rounds.ts";

describe("rounds", () => {
  test("lanes take turns", async () => {
    const order: string[] = [];
    const lane = (name: string): { measure: () => Promise<number> } => ({
      measure: async () => {
        order.push(name);
        return 1;
      },
    });
    await measureInRounds([lane("a"), lane("b")], { repetitions: 3, budgetMs: 100 });
    expect(order.join("")).toBe("ababab");
  });

  test("a slow lane is measured once at least, and no more than its budget allows", async () => {
    const counts = { over: 0, slow: 0, fast: 0 };
    const lane = (name: keyof typeof counts, ms: number): { measure: () => Promise<number> } => ({
      measure: async () => {
        counts[name]++;
        return ms;
      },
    });
    const lanes = [lane("over", 500), lane("slow", 30), lane("fast", 1)];
    await measureInRounds(lanes, { repetitions: 9, budgetMs: 100 });
    expect(counts).toEqual({ over: 1, slow: 3, fast: 9 });
  });

  test("a block is about as long as asked, of one step at least and not of too many", () => {
    expect(stepsPerBlock(90, 400, 10)).toBe(4);
    expect(stepsPerBlock(5000, 400, 10)).toBe(1);
    expect(stepsPerBlock(2, 400, 10)).toBe(10);
    expect(stepsPerBlock(0, 400, 10)).toBe(10);
  });
});

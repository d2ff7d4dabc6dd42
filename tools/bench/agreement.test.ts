import { describe, expect, test } from "vitest";
import { compareEvidence, lossTolerance, type Evidence } from "./agreement.ts";

const movement = { student: 2, studentStatistics: 3, meanStudent: 0.002, meanStudentStatistics: 1, queue: 5 };
const evidence: Evidence = { losses: [6, 5, 4], movement };

describe("agreement", () => {
  test("rounding is forgiven, and told", () => {
    const agreement = compareEvidence(evidence, { losses: [6, 5.0001, 4], movement });
    expect(agreement.agrees).toBe(true);
    expect(agreement.lossDifference).toBeCloseTo(2e-5, 8);
    expect(agreement.movementDifference).toBe(0);
  });

  test.each([
    ["one loss is off", { losses: [6, 5, 4 * (1 + 3 * lossTolerance)], movement }],
    ["a loss is not a number", { losses: [6, NaN, 4], movement }],
    ["there are too few losses", { losses: [6, 5], movement }],
    ["the mean student stood still", { losses: [6, 5, 4], movement: { ...movement, meanStudent: 0 } }],
    [
      "running statistics are unknown",
      { losses: [6, 5, 4], movement: { ...movement, studentStatistics: NaN } },
    ],
  ])("%s: no agreement, whoever is asked", (_, other) => {
    expect(compareEvidence(evidence, other).agrees).toBe(false);
    expect(compareEvidence(other, evidence).agrees).toBe(false);
  });

  test("later losses are not compared", () => {
    const longer = (fourth: number): Evidence => ({ losses: [...evidence.losses, fourth], movement });
    expect(compareEvidence(longer(3), longer(3.1)).agrees).toBe(true);
  });

  test("two that are both not a number do not agree", () => {
    const broken = { losses: [NaN, NaN, NaN], movement };
    expect(compareEvidence(broken, broken).agrees).toBe(false);
  });
});

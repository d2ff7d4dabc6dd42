import { expect, test } from "vitest";
import { describeLabels } from "./dataset.ts";

test("labels are told with their counts, as many as a person would read, and escaped", () => {
  expect(describeLabels({ labels: ["cat", "d\u202eog"], labelCounts: [3, 4] })).toBe("cat 3, d\\u202Eog 4");
  const labels = Array.from({ length: 30_000 }, (_, i) => `n${i}`);
  const text = describeLabels({ labels, labelCounts: labels.map(() => 2) });
  expect(text).toMatch(/^n0 2, n1 2, .*n39 2, … and 29960 more$/);
});

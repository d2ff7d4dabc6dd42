import { expect, test } from "vitest";
import { defaultConfig } from "../../contract/config.ts";
import { describeChange, isApplied } from "./describeChange.ts";

test("a change is told as its controls are labelled", () => {
  expect(describeChange({ learningRate: 0.05 })).toBe("Set Learning rate to 0.05");
  expect(describeChange({ optimiser: "muon", learningRate: 0.05 })).toBe(
    "Set Optimiser to Muon and Learning rate to 0.05",
  );
});

test("a change is applied when every part of it is", () => {
  expect(isApplied({ learningRate: defaultConfig.learningRate }, defaultConfig)).toBe(true);
  expect(isApplied({ learningRate: defaultConfig.learningRate, momentum: 0.5 }, defaultConfig)).toBe(false);
});

import { expect, test } from "vitest";
import { defaultConfig } from "../../contract/config.ts";
import { describeSetup } from "./describeSetup.ts";

test("says what differs from the usual settings, and nothing where nothing does", () => {
  expect(describeSetup(defaultConfig)).toBe("");
  expect(describeSetup({ ...defaultConfig, seed: 77 })).toBe("");
  expect(describeSetup({ ...defaultConfig, method: "mocov2", batchSize: 12 })).toMatch(
    /^Start trains with .*MoCo-v2.* · .* 12.*\.$/,
  );
});

test("says whose images they are in a sentence", () => {
  expect(describeSetup({ ...defaultConfig, data: "own" })).toBe("Start trains on your own images.");
  expect(describeSetup({ ...defaultConfig, data: "own", teacher: "none", evaluateEvery: 0 })).toBe(
    "Start trains on your own images with no teacher · evaluated only at the start and the end.",
  );
});

test("names a few of many", () => {
  const text = describeSetup({
    ...defaultConfig,
    batchSize: 12,
    steps: 7,
    queueSize: 64,
    temperature: 0.3,
    hiddenWidth: 9,
    imageSize: 16,
  });
  expect(text.split(" · ")).toHaveLength(5);
  expect(text).toMatch(/and 2 more settings that are not the usual ones\.$/);
});

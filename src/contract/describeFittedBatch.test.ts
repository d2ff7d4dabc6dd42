import { expect, test } from "vitest";
import { sampleRun } from "../formats/testing/sampleRun.ts";
import { defaultConfig } from "./config.ts";
import { describeFittedBatch } from "./describeFittedBatch.ts";

test("a batch that was made smaller, or that repeats its images, is named with its reason, any other is not", () => {
  const plan = { ...sampleRun.plan, trainImages: 6, config: { ...defaultConfig, batchSize: 6 } };
  expect(describeFittedBatch({ ...defaultConfig, batchSize: 32 }, plan)).toBe(
    "The 6 training images do not fill a batch of 32, so batches of 6 are taken.",
  );
  expect(describeFittedBatch(plan.config, plan)).toBe("");
  const smallest = { ...defaultConfig, batchSize: 4 };
  expect(describeFittedBatch(smallest, { ...plan, trainImages: 3, config: smallest })).toBe(
    "The 3 training images do not fill a batch of 4, so images are repeated in it.",
  );
});

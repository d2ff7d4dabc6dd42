import { expect, test } from "vitest";
import { sampleRun } from "../formats/testing/sampleRun.ts";
import { defaultConfig } from "./config.ts";
import { describeFittedBatch } from "./describeFittedBatch.ts";

test("a batch that was made smaller is named with its reason, any other is not", () => {
  const plan = { ...sampleRun.plan, trainImages: 6, config: { ...defaultConfig, batchSize: 6 } };
  expect(describeFittedBatch({ ...defaultConfig, batchSize: 32 }, plan)).toBe(
    "The 6 training images do not fill a batch of 32, so batches of 6 are taken.",
  );
  expect(describeFittedBatch(plan.config, plan)).toBe("");
});

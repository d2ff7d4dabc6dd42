import { expect, test } from "vitest";
import { settingNames, settings } from "../../contract/config.ts";
import { searchSettings } from "./searchSettings.ts";

test("what is called so comes before what mentions it", () => {
  expect(searchSettings("seed")[0]).toBe("seed");
  expect(searchSettings("steps")[0]).toBe("steps");
  expect(searchSettings("Batch")[0]).toBe("batchSize");
  expect(searchSettings("learning rate")[0]).toBe("learningRate");
  expect(searchSettings("lr")[0]).toBe("learningRate");
  expect(searchSettings("τ")[0]).toBe("temperature");
  expect(searchSettings("teacher temperature")[0]).toBe("teacherTemperature");
});

test("help and options are searched too", () => {
  expect(searchSettings("bottleneck")).toContain("hiddenWidth");
  expect(searchSettings("muon")).toContain("optimiser");
  expect(searchSettings("mobilenet")).toContain("student");
});

test("every word must be found somewhere", () => {
  expect(searchSettings("crop smallest")[0]).toBe("cropScaleMin");
  expect(searchSettings("crop xyzzy")).toEqual([]);
  expect(searchSettings("   ")).toEqual([]);
});

test("every setting is the first hit of its own name, and among the hits of its label", () => {
  for (const name of settingNames) {
    expect(searchSettings(name)[0]).toBe(name);
    expect(searchSettings(settings[name].label)).toContain(name);
  }
});

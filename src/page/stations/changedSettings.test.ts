import { expect, test } from "vitest";
import { defaultConfig } from "../../contract/config.ts";
import { changedSettings } from "./changedSettings.ts";

test("nothing differs at first, whoever's images they are", () => {
  expect(changedSettings(defaultConfig)).toEqual([]);
  expect(changedSettings({ ...defaultConfig, data: "own" })).toEqual([]);
});

test("name, value and default, as a person reads them", () => {
  const config = {
    ...defaultConfig,
    learningRate: 0.03,
    optimiser: "sgd",
    queueSize: 2048,
    steps: 0,
  } as const;
  expect(changedSettings(config)).toEqual([
    { name: "queueSize", label: "Queue", value: "2048 keys", usual: "1024 keys", live: false },
    { name: "optimiser", label: "Optimiser", value: "SGD with momentum", usual: "Muon", live: false },
    { name: "steps", label: "Steps", value: "as many as the epochs need", usual: "300", live: false },
    { name: "learningRate", label: "Learning rate", value: "0.03", usual: "0.05", live: true },
  ]);
});

import { expect, test } from "vitest";
import { settingNames, settings, type Setting } from "./config.ts";
import { settingPhrase } from "./settingPhrase.ts";

test("name and value read as one phrase", () => {
  expect(settingPhrase("batchSize", 64)).toBe("batch 64");
  expect(settingPhrase("cropRatioMax", 4 / 3)).toBe("crop, widest 1.333");
  expect(settingPhrase("method", "mocov2")).toBe("method MoCo-v2 (no teacher)");
  expect(settingPhrase("knnNeighbours", 5)).toBe("kNN neighbours 5");
  expect(settingPhrase("evaluateEvery", 50)).toBe("evaluate every 50");
  expect(settingPhrase("evaluateEvery", 0)).toBe("evaluated only at the start and the end");
  expect(settingPhrase("teacher", "none")).toBe("no teacher");
});

test("every value that means something of its own has its phrase", () => {
  for (const name of settingNames) {
    const { meanings = {}, phrases = {} }: Setting & { meanings?: object } = settings[name];
    expect(phrases, name).toMatchObject(Object.fromEntries(Object.keys(meanings).map((v) => [v, /./])));
  }
});

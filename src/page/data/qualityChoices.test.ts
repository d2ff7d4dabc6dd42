import { expect, test } from "vitest";
import { defaultConfig } from "../../contract/config.ts";
import { describeMinutes, qualityChoices, qualityOf, secondsOf } from "./qualityChoices.ts";

test("better has larger views and takes longer, on any machine", () => {
  for (const imagesPerSecond of [50, 300, 5000]) {
    for (const images of [60, 800, 8000]) {
      const { quick, better } = qualityChoices({ images, imagesPerSecond });
      expect(quick.patch.imageSize ?? defaultConfig.imageSize).toBe(32);
      expect(better.patch.imageSize).toBe(96);
      expect(better.seconds!).toBeGreaterThan(quick.seconds!);
    }
  }
});

test("no run is longer than its patience, short of a hundred steps", () => {
  const { quick, better } = qualityChoices({ images: 4000, imagesPerSecond: 300 });
  expect(quick.seconds!).toBeLessThanOrEqual(300);
  expect(better.seconds!).toBeLessThanOrEqual(1200);
});

test("how long is not known before the speed is", () => {
  const { quick, better } = qualityChoices({ images: 400, imagesPerSecond: null });
  expect([quick.seconds, better.seconds]).toEqual([null, null]);
});

test("the time of settings is that of their steps, whenever they were chosen", () => {
  const { quick, better } = qualityChoices({ images: 4000, imagesPerSecond: null });
  expect(secondsOf(quick.patch, 100)).toBe((2500 * 32) / 100);
  expect(secondsOf(better.patch, 100)).toBe((9 * (2500 * 32)) / 100);
});

test("an answer is recognised in the settings, whatever teacher and seed", () => {
  const choices = qualityChoices({ images: 400, imagesPerSecond: 500 });
  const quick = { ...defaultConfig, ...choices.quick.patch, seed: 7 };
  const better = { ...defaultConfig, ...choices.better.patch, teacher: "own" as const };
  expect(qualityOf(quick, choices)).toBe("quick");
  expect(qualityOf(better, choices)).toBe("better");
  expect(qualityOf({ ...better, imageSize: 64 }, choices)).toBeNull();
});

test("minutes as a person says them", () => {
  expect([null, 20, 65, 250].map(describeMinutes)).toEqual([
    "",
    "under a minute",
    "about a minute",
    "about 4 minutes",
  ]);
});

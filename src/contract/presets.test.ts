import { expect, test } from "vitest";
import { defaultConfig, parseConfigPatch } from "./config.ts";
import { patchForImages, photosPatch, presetNames, presetOf, presets } from "./presets.ts";

test.each(presetNames)("%s holds settings that exist, with values they may have", (name) => {
  expect(parseConfigPatch(presets[name].patch)).toEqual({ patch: presets[name].patch, problems: [] });
});

test("a configuration is known by its preset, whatever its seed and images", () => {
  expect(presetOf({ ...defaultConfig, seed: 7 })).toBe("seeItWork");
  expect(presetOf({ ...defaultConfig, ...presets.alone.patch, data: "own" })).toBe("alone");
  expect(presetOf({ ...defaultConfig, ...presets.paper.patch })).toBe("paper");
  expect(presetOf({ ...defaultConfig, temperature: 0.123 })).toBeNull();
});

test.each([0, 12, 300, 2000, 10_000, 200_000])(
  "own photos, %i of them, get settings that are valid",
  (images) => {
    for (const imagesPerSecond of [null, 1, 60, 20_000]) {
      const patch = photosPatch({ images, imagesPerSecond });
      expect(parseConfigPatch(patch)).toEqual({ patch, problems: [] });
    }
  },
);

test("a slow machine gets a run of some minutes, a large set a wider student", () => {
  expect(photosPatch({ images: 2000, imagesPerSecond: 20 }).steps).toBe(187);
  expect(photosPatch({ images: 2000, imagesPerSecond: 2000 }).steps).toBe(1250);
  expect(photosPatch({ images: 10_000, imagesPerSecond: null })).toMatchObject({
    studentWidth: 16,
    batchSize: 64,
  });
});

test("images of one's own get settings for photos unless others were set, as by a link", () => {
  expect(patchForImages({ ...defaultConfig, seed: 7 }, 600)).toMatchObject({ data: "own", steps: 400 });
  for (const config of [{ ...defaultConfig, temperature: 0.1 }, { ...defaultConfig, data: "own" } as const])
    expect(patchForImages(config, 600)).toEqual({ data: "own" });
});

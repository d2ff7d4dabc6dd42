import { expect, test } from "vitest";
import { goodTeachers } from "./goodTeachers.ts";

test("three published teachers are good ones, of a known size and a free licence", () => {
  expect(goodTeachers.map(({ preset }) => preset.id)).toEqual([
    "mobilenet-v3-large",
    "resnet18",
    "dinov2-small",
  ]);
  for (const { preset } of goodTeachers) {
    expect(preset.roughBytes).not.toBeNull();
    expect(preset.licence).not.toContain("NC");
  }
});

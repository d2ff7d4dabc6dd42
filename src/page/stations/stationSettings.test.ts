import { describe, expect, test } from "vitest";
import { defaultConfig, settingNames, settings } from "../../contract/config.ts";
import { methodNames } from "../../contract/methods.ts";
import {
  isEssential,
  isUsed,
  ownControls,
  settingsOf,
  stations,
  stationSettings,
} from "./stationSettings.ts";

describe("the settings of the stations", () => {
  test("every setting of the table has its control at exactly one station", () => {
    expect(stations.flatMap(settingsOf).toSorted()).toEqual([...settingNames].toSorted());
  });

  test.each(methodNames)("with %s, what a station lists is all it has", (method) => {
    for (const station of stations) {
      const { essential, others, unused } = stationSettings(station, { ...defaultConfig, method });
      const own = ownControls.filter((name) => settingsOf(station).includes(name));
      expect([...essential, ...others, ...unused, ...own].toSorted()).toEqual(
        [...settingsOf(station)].toSorted(),
      );
    }
  });

  test("a station shows five essentials at most, and some where it has settings", () => {
    for (const station of stations) {
      const essentials = settingsOf(station).filter(isEssential);
      expect(essentials.length).toBeLessThanOrEqual(5);
      if (station !== "machine") expect(essentials.length).toBeGreaterThan(0);
    }
  });

  test("views have the size of views, and training has what is done with the images held out", () => {
    expect(settingsOf("views")).toContain("imageSize");
    expect(settingsOf("training")).toEqual(expect.arrayContaining(["holdout", "seed", "evaluateEvery"]));
    expect(settingsOf("machine")).toEqual([]);
  });

  test("what a method does not use is set apart", () => {
    const alone = { ...defaultConfig, method: "mocov2" as const, teacher: "none" as const };
    expect(stationSettings("objective", alone).unused).toEqual([
      "distillWeight",
      "teacherTemperature",
      "queueInit",
    ]);
    expect(stationSettings("teacher", alone).unused).toEqual([
      "teacherBatchNorm",
      "teacherInputSize",
      "teacherViews",
    ]);
    expect(isUsed(alone, "teacher")).toBe(true); // how else would one choose another
    expect(settings.teacher.default).toBe("bundled");
  });
});

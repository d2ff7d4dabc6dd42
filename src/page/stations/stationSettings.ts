import type { Config, Setting, SettingGroup, SettingName } from "../../contract/config.ts";
import { settingNames, settings } from "../../contract/config.ts";
import { methods, methodUses } from "../../contract/methods.ts";
import type { Station } from "../stores/stationStore.ts";

/** In the order of the data. */
export const stations = [
  "data",
  "views",
  "student",
  "teacher",
  "objective",
  "training",
  "machine",
] as const satisfies readonly Station[];

export const stationTitles: Readonly<Record<Station, string>> = {
  data: "Data",
  views: "Views",
  student: "Student",
  teacher: "Teacher",
  objective: "Objective",
  training: "Training",
  machine: "Where training runs",
};

const stationOfGroup: Readonly<Record<SettingGroup, Station>> = {
  data: "data",
  teacher: "teacher",
  student: "student",
  objective: "objective",
  augmentation: "views",
  optimiser: "training",
  evaluation: "training",
  run: "training",
};

/** The one station where a setting has its control. The table counts the size of views to the data. */
export function stationOf(name: SettingName): Station {
  return name === "imageSize" ? "views" : stationOfGroup[settings[name].group];
}

/** Settings that a station shows in a way of its own, and not from the table. */
export const ownControls: readonly SettingName[] = ["data", "teacher"];

/** All settings of a station, in the order of the table. */
export function settingsOf(station: Station): readonly SettingName[] {
  return settingNames.filter((name) => stationOf(name) === station);
}

export function isEssential(name: SettingName): boolean {
  const setting: Setting = settings[name];
  return setting.essential === true;
}

/** Whether a setting makes a difference for the method that is chosen. */
export function isUsed(config: Config, name: SettingName): boolean {
  if (settings[name].group === "teacher" && name !== "teacher" && !methods[config.method].usesTeacher)
    return false;
  return methodUses(config.method, name);
}

interface StationSettings {
  readonly essential: readonly SettingName[];
  readonly others: readonly SettingName[];
  /** Those that the method has no use for. */
  readonly unused: readonly SettingName[];
}

/** What a station's panel lists, its own controls aside. */
export function stationSettings(station: Station, config: Config): StationSettings {
  const names = settingsOf(station).filter((name) => !ownControls.includes(name));
  const used = names.filter((name) => isUsed(config, name));
  return {
    essential: used.filter(isEssential),
    others: used.filter((name) => !isEssential(name)),
    unused: names.filter((name) => !isUsed(config, name)),
  };
}

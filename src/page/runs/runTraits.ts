import { settingNames, settings, type Setting, type SettingName } from "../../contract/config.ts";
import { settingPhrase } from "../../contract/settingPhrase.ts";
import { formatSetting } from "../settings/formatSetting.ts";
import type { RunRecord } from "../stores/runHistory.ts";

/** Something by which a run can differ from another: a setting, what it learnt from, how far it came. */
export interface RunTrait {
  readonly label: string;
  /** As a person reads it. */
  readonly value: string;
  /** Both as one phrase. */
  readonly phrase: string;
}

/** Settings that say how long a run is. */
const lengthSettings: ReadonlySet<SettingName> = new Set<SettingName>(["steps", "epochs", "batchSize"]);

/**
 * Everything by which runs can differ, in the same order for every run.
 *
 * @param except settings that are left out. Without one that says how long a run is, its number of steps is left out too.
 */
export function runTraits(run: RunRecord, except: readonly SettingName[] = []): readonly RunTrait[] {
  const named = settingNames
    .filter((name) => !except.includes(name))
    .map((name) => ({
      label: settings[name].label,
      value: settingValue(run, name),
      phrase: settingPhrase(name, run.config[name]),
    }));
  const trait = (label: string, value: string): RunTrait => ({
    label,
    value,
    phrase: `${label.toLowerCase()} ${value}`,
  });
  return [
    ...named,
    trait("Images learnt from", `${run.datasetName} ${run.dataFingerprint.slice(0, 12)}`.trim()),
    trait("Teacher’s name", run.teacherName === "" ? "none" : run.teacherName),
    trait("Ended", run.end.kind),
    ...(except.some((name) => lengthSettings.has(name))
      ? []
      : [trait("Steps taken", String(run.last?.step ?? 0))]),
  ];
}

/** "128", "SGD with momentum" */
export function settingValue({ config }: RunRecord, name: SettingName): string {
  const setting: Setting = settings[name];
  return formatSetting(setting, config[name]);
}

import { useState, type ReactNode } from "react";
import { useStore } from "zustand";
import type { SettingGroup, SettingName } from "../../contract/config.ts";
import { settings } from "../../contract/config.ts";
import { methods } from "../../contract/methods.ts";
import { Fold } from "../settings/Fold.tsx";
import { SettingControl } from "../settings/SettingControl.tsx";
import { configStore } from "../stores/configStore.ts";
import { settingTarget } from "./openSetting.ts";
import styles from "./StationContents.module.css";
import { stationSettings } from "./stationSettings.ts";
import type { Station } from "../stores/stationStore.ts";

/** Headings where a station has settings of several kinds. */
const groupTitles: Readonly<Partial<Record<SettingGroup, string>>> = {
  optimiser: "Optimiser",
  evaluation: "Evaluation",
};

interface StationSettingsProps {
  readonly station: Station;
  /** What stands below a setting, of its present value. */
  readonly below?: Readonly<Partial<Record<SettingName, ReactNode>>>;
}

/** A station's essentials, then "All settings" for the rest; what the method does not use is only named. */
export function StationSettings({ station, below = {} }: StationSettingsProps) {
  const config = useStore(configStore, (state) => state.config);
  const target = useStore(settingTarget, (state) => state.target);
  const { essential, others, unused } = stationSettings(station, config);
  const [isShown, setShown] = useState(false);
  // Whoever looks for one of them sees it, used or not.
  const isSought = target !== null && unused.includes(target.name);
  if (isSought && !isShown) setShown(true);
  const controls = (names: readonly SettingName[]) =>
    names.map((name) => (
      <SettingControl key={name} name={name}>
        {below[name]}
      </SettingControl>
    ));
  const groups = [...new Set(others.map((name) => settings[name].group))];

  return (
    <div className={styles.list}>
      {controls(essential)}
      {others.length === 0 ? null : (
        <div className={styles.inset}>
          <Fold title={`All settings (${others.length} more)`} testId="all-settings">
            {groups.map((group) => (
              <div key={group} className={styles.list}>
                {groups.length > 1 && groupTitles[group] !== undefined ? (
                  <h3 className={styles.subhead}>{groupTitles[group]}</h3>
                ) : null}
                {controls(others.filter((name) => settings[name].group === group))}
              </div>
            ))}
          </Fold>
        </div>
      )}
      {unused.length === 0 ? null : (
        <p className={`${styles.muted} ${styles.inset}`} data-testid="unused-settings">
          {methods[config.method].label} does not use: {unused.map((name) => settings[name].label).join(", ")}
          .{" "}
          <button type="button" className={styles.link} onClick={() => setShown(!isShown)}>
            {isShown ? "Hide" : "Show"}
          </button>
        </p>
      )}
      {isShown ? controls(unused) : null}
    </div>
  );
}

import { useStore } from "zustand";
import type { Setting, SettingGroup, SettingName } from "../../contract/config.ts";
import { settingNames, settings } from "../../contract/config.ts";
import { methodUses } from "../../contract/methods.ts";
import { configStore } from "../stores/configStore.ts";
import { SettingControl } from "./SettingControl.tsx";
import styles from "./SettingsGroup.module.css";

interface SettingsGroupProps {
  readonly group: SettingGroup;
  /** Settings that have a control of their own elsewhere. */
  readonly except?: readonly SettingName[];
}

/** All settings of a group that the method has a use for, in the order of the table; the advanced ones folded. */
export function SettingsGroup({ group, except = [] }: SettingsGroupProps) {
  const method = useStore(configStore, (state) => state.config.method);
  const names = settingNames.filter(
    (name) => settings[name].group === group && !except.includes(name) && methodUses(method, name),
  );
  const isAdvanced = (name: SettingName): boolean => (settings[name] as Setting).advanced === true;
  const advanced = names.filter(isAdvanced);
  return (
    <div className={styles.group}>
      {names
        .filter((name) => !isAdvanced(name))
        .map((name) => (
          <SettingControl key={name} name={name} />
        ))}
      {advanced.length === 0 ? null : (
        <Fold title={`Advanced (${advanced.length})`}>
          {advanced.map((name) => (
            <SettingControl key={name} name={name} />
          ))}
        </Fold>
      )}
    </div>
  );
}

/** Settings that few need, one click away. */
export function Fold({ title, children }: { readonly title: string; readonly children: React.ReactNode }) {
  return (
    <details className={styles.advanced}>
      <summary>{title}</summary>
      <div className={styles.group}>{children}</div>
    </details>
  );
}

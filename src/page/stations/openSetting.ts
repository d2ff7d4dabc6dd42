import { createStore } from "zustand/vanilla";
import type { SettingName } from "../../contract/config.ts";
import { stationOf } from "./stationSettings.ts";
import { openStation } from "../stores/stationStore.ts";

/** A setting to be brought into sight, with the keyboard on its control; a new object each time it is asked for. */
export const settingTarget = createStore<{ readonly target: { readonly name: SettingName } | null }>(() => ({
  target: null,
}));

/** Opens the station of a setting, at its control. */
export function openSetting(name: SettingName): void {
  settingTarget.setState({ target: { name } });
  openStation(stationOf(name));
}

import { useId } from "react";
import { useStore } from "zustand";
import { settings, type Config, type Setting, type SettingName } from "../../contract/config.ts";
import { changeSetting } from "../commands/changeSetting.ts";
import { useEngine } from "../engine/EngineContext.tsx";
import { formatSetting } from "../settings/formatSetting.ts";
import { sliderStops } from "../settings/sliderStops.ts";
import { configStore } from "../stores/configStore.ts";
import { runIsBusy, runStore } from "../stores/runStore.ts";

/** A setting as one list to choose from. */
export function EmbedSetting({ name }: { readonly name: SettingName }) {
  const engine = useEngine();
  const id = useId();
  const value = useStore(configStore, (state) => state.config[name]);
  const isBusy = useStore(runStore, (run) => runIsBusy(run));
  const setting: Setting = settings[name];
  const values = choicesOf(setting, value);
  return (
    <label htmlFor={id}>
      <span>{setting.label}</span>{" "}
      <select
        id={id}
        data-setting={name}
        value={String(value)}
        disabled={isBusy && setting.live !== true}
        onChange={(event) => {
          const chosen = values.find((other) => String(other) === event.target.value);
          if (chosen !== undefined) void changeSetting(engine, name, chosen as Config[typeof name]);
        }}
      >
        {values.map((other) => (
          <option key={other} value={String(other)}>
            {formatSetting(setting, other)}
          </option>
        ))}
      </select>
    </label>
  );
}

/** As many as a list can hold, and the present one. */
const mostChoices = 40;

function choicesOf(setting: Setting, value: number | string): readonly (number | string)[] {
  if (setting.kind === "choice") return Object.keys(setting.options).filter((option) => option !== "own");
  const stops = sliderStops(setting) ?? [setting.default];
  const every = Math.ceil(stops.length / mostChoices);
  const few = stops.filter((_, i) => i % every === 0);
  return [...new Set([...few, setting.default, Number(value)])].sort((a, b) => a - b);
}

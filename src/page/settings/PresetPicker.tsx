import { useStore } from "zustand";
import { presetNames, presetOf, presets } from "../../contract/presets.ts";
import { applyPreset } from "../commands/applyPreset.ts";
import { useEngine } from "../engine/EngineContext.tsx";
import { configStore } from "../stores/configStore.ts";
import { runIsBusy, runStore } from "../stores/runStore.ts";
import styles from "./PresetPicker.module.css";

/** Settings for a purpose, one click each. */
export function PresetPicker() {
  const engine = useEngine();
  const chosen = useStore(configStore, (state) => presetOf(state.config));
  const busy = useStore(runStore, (run) => runIsBusy(run));
  return (
    <fieldset className={styles.presets}>
      <legend>Begin with</legend>
      {presetNames.map((name) => (
        <button
          key={name}
          type="button"
          className={styles.preset}
          data-testid={`preset-${name}`}
          aria-pressed={chosen === name}
          disabled={busy}
          onClick={() => void applyPreset(engine, name)}
        >
          <strong>{presets[name].label}</strong>
          <span>{presets[name].summary}</span>
        </button>
      ))}
    </fieldset>
  );
}

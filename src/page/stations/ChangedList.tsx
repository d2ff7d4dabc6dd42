import { useStore } from "zustand";
import { resetSettings } from "../commands/resetSettings.ts";
import { useEngine } from "../engine/EngineContext.tsx";
import { configStore } from "../stores/configStore.ts";
import { runIsBusy, runStore } from "../stores/runStore.ts";
import { changedSettings } from "./changedSettings.ts";
import { openSetting } from "./openSetting.ts";
import styles from "./StationContents.module.css";

/** What differs from the defaults, at whatever station, with a way back for each and for all. */
export function ChangedList() {
  const engine = useEngine();
  const config = useStore(configStore, (state) => state.config);
  const isBusy = useStore(runStore, (run) => runIsBusy(run));
  const changed = changedSettings(config);
  if (changed.length === 0) return <p className={styles.muted}>All settings have their defaults.</p>;
  return (
    <details className={styles.changed} data-testid="changed-settings">
      <summary>Changed ({changed.length})</summary>
      <ul className={styles.changes}>
        {changed.map(({ name, label, value, usual, live }) => (
          <li key={name} className={styles.change}>
            <p>
              <button type="button" className={styles.link} onClick={() => openSetting(name)}>
                {label}
              </button>
              : {value} <span className={styles.muted}>(default {usual})</span>
            </p>
            <button
              type="button"
              className={styles.small}
              disabled={isBusy && !live}
              aria-label={`Reset ${label} to ${usual}`}
              onClick={() => void resetSettings(engine, [name])}
            >
              Reset
            </button>
          </li>
        ))}
      </ul>
      <button
        type="button"
        disabled={isBusy}
        data-testid="reset-all"
        onClick={() =>
          void resetSettings(
            engine,
            changed.map(({ name }) => name),
          )
        }
      >
        Reset all to their defaults
      </button>
    </details>
  );
}

import { useId, useState, type KeyboardEvent } from "react";
import { useStore } from "zustand";
import { settings } from "../../contract/config.ts";
import { configStore } from "../stores/configStore.ts";
import { openSetting } from "./openSetting.ts";
import { searchSettings } from "./searchSettings.ts";
import styles from "./StationContents.module.css";
import { isUsed, stationOf, stationTitles } from "./stationSettings.ts";

/** Any setting of any station, by words of its name or its help. */
export function SettingSearch() {
  const id = useId();
  const config = useStore(configStore, (state) => state.config);
  const [query, setQuery] = useState("");
  const hits = searchSettings(query);

  const onKey = (event: KeyboardEvent): void => {
    if (event.key === "Escape" && query !== "") {
      event.preventDefault(); // so that the panel stays
      setQuery("");
    }
    const [first] = hits;
    if (event.key === "Enter" && first !== undefined) {
      openSetting(first);
      setQuery("");
    }
  };

  return (
    <div className={styles.search} role="search">
      <input
        type="text"
        aria-label="Find a setting"
        aria-describedby={`${id}-count`}
        placeholder="Find a setting"
        autoComplete="off"
        spellCheck={false}
        value={query}
        data-testid="setting-search"
        onChange={(event) => setQuery(event.target.value)}
        onKeyDown={onKey}
      />
      <span id={`${id}-count`} className="visually-hidden" role="status">
        {query.trim() === "" ? "" : `${hits.length} found`}
      </span>
      {query.trim() === "" ? null : hits.length === 0 ? (
        <p className={styles.muted}>No setting is called so.</p>
      ) : (
        <ul className={styles.hits} data-testid="setting-hits">
          {hits.map((name) => (
            <li key={name}>
              <button
                type="button"
                className={styles.hit}
                onClick={() => {
                  openSetting(name);
                  setQuery("");
                }}
              >
                {settings[name].label}
                <span>
                  {stationTitles[stationOf(name)]}
                  {isUsed(config, name) ? "" : ", not used now"}
                </span>
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

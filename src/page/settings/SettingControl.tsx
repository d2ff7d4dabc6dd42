import { useId, useState } from "react";
import { useStore } from "zustand";
import type { Config, NumberSetting, Setting, SettingName } from "../../contract/config.ts";
import { parseConfigPatch, settings } from "../../contract/config.ts";
import { changeSetting } from "../commands/changeSetting.ts";
import { useEngine } from "../engine/EngineContext.tsx";
import { configStore } from "../stores/configStore.ts";
import { runIsGoing, runStore } from "../stores/runStore.ts";
import styles from "./SettingControl.module.css";
import { nearestStop, sliderStops } from "./sliderStops.ts";

/** Any setting of `contract/config.ts`: its value, unit, explanation and published value, all from that table. */
export function SettingControl({ name }: { readonly name: SettingName }) {
  const engine = useEngine();
  const id = useId();
  const value = useStore(configStore, (state) => state.config[name]);
  const setting: Setting = settings[name];
  const change = (next: number | string): void => {
    void changeSetting(engine, name, next as Config[typeof name]);
  };

  return (
    <div className={styles.setting} data-setting={name}>
      {setting.kind === "choice" ? (
        <div className={styles.row}>
          <label className={styles.label} htmlFor={id}>
            {setting.label}
          </label>
          <select
            id={id}
            className={styles.select}
            value={value}
            aria-describedby={`${id}-help`}
            onChange={(event) => change(event.target.value)}
          >
            {Object.entries(setting.options).map(([option, text]) => (
              <option key={option} value={option}>
                {text}
              </option>
            ))}
          </select>
        </div>
      ) : (
        <NumberControl id={id} name={name} setting={setting} value={Number(value)} onChange={change} />
      )}
      <p className={styles.facts}>
        <span id={`${id}-help`}>{explain(setting, value)}</span>{" "}
        <PublishedValue setting={setting} value={value} onTake={change} />{" "}
        <RestartMark name={name} setting={setting} />
      </p>
    </div>
  );
}

/** What the setting is, and what the option chosen means where its label does not say. */
function explain(setting: Setting, value: number | string): string {
  const option = setting.kind === "choice" ? setting.explanations?.[String(value)] : undefined;
  return option === undefined ? setting.help : `${setting.help} ${option}`;
}

interface NumberControlProps {
  readonly id: string;
  readonly name: SettingName;
  readonly setting: NumberSetting;
  readonly value: number;
  readonly onChange: (value: number) => void;
}

function NumberControl({ id, name, setting, value, onChange }: NumberControlProps) {
  // What is being typed, until it is a value; null while nothing is.
  const [draft, setDraft] = useState<string | null>(null);
  const stops = sliderStops(setting);
  const problem = draft === null ? undefined : parseConfigPatch({ [name]: draft }).problems[0]?.message;
  const meaning = setting.meanings?.[value];

  const type = (text: string): void => {
    setDraft(text);
    const parsed = parseConfigPatch({ [name]: text }).patch[name];
    if (typeof parsed === "number") onChange(parsed);
  };

  return (
    <>
      <div className={styles.row}>
        <label className={styles.label} htmlFor={id}>
          {setting.label}
        </label>
        <span className={styles.value}>
          <input
            id={id}
            type="number"
            className={`${styles.number} ${setting.max > 1e6 ? styles.wide : ""}`}
            value={draft ?? value}
            min={setting.min}
            max={setting.max}
            step={setting.integer === true ? 1 : "any"}
            aria-invalid={problem !== undefined}
            aria-describedby={`${id}-help`}
            onChange={(event) => type(event.target.value)}
            onBlur={() => setDraft(null)}
          />
          {setting.unit === undefined ? null : <span className={styles.unit}>{setting.unit}</span>}
        </span>
      </div>
      {stops === null ? null : (
        <input
          type="range"
          className={styles.slider}
          min={0}
          max={stops.length - 1}
          step={1}
          value={nearestStop(stops, value)}
          aria-label={setting.label}
          aria-valuetext={`${meaning ?? value} ${meaning === undefined ? (setting.unit ?? "") : ""}`.trim()}
          onChange={(event) => {
            setDraft(null);
            onChange(stops[Number(event.target.value)]!);
          }}
        />
      )}
      {meaning === undefined && problem === undefined ? null : (
        <p className={styles.facts}>
          {meaning === undefined ? null : (
            <span className={styles.meaning}>
              {value} = {meaning}
            </span>
          )}
          {problem === undefined ? null : (
            <span className={styles.problem} role="status">
              {problem}; {value} stays.
            </span>
          )}
        </p>
      )}
    </>
  );
}

interface PublishedValueProps {
  readonly setting: Setting;
  readonly value: number | string;
  readonly onTake: (value: number | string) => void;
}

function PublishedValue({ setting, value, onTake }: PublishedValueProps) {
  const { published } = setting;
  if (published === undefined) return null;
  if (published === value) return <span>(As published.)</span>;
  const text =
    setting.kind === "choice"
      ? (setting.options[String(published)] ?? String(published))
      : String(Number.isInteger(published) ? published : Number(Number(published).toPrecision(4)));
  return (
    <button
      type="button"
      className={styles.published}
      title={`Set ${setting.label} to the published value`}
      onClick={() => onTake(published)}
    >
      published: {text}
    </button>
  );
}

/** During a run: which settings wait for the next one, and which of those differ from it. */
function RestartMark({ name, setting }: { readonly name: SettingName; readonly setting: Setting }) {
  const going = useStore(runStore, (run) => runIsGoing(run));
  const inRun = useStore(runStore, (run) => run.config?.[name]);
  const value = useStore(configStore, (state) => state.config[name]);
  if (!going || setting.live === true) return null;
  return inRun === value ? (
    <span className={styles.restart}>needs restart</span>
  ) : (
    <span className={styles.changed}>changed: needs restart</span>
  );
}

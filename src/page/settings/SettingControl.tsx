import { useId, useState, type ReactNode } from "react";
import { useStore } from "zustand";
import type { Config, NumberSetting, Setting, SettingName } from "../../contract/config.ts";
import { defaultConfig, parseConfigPatch, settings } from "../../contract/config.ts";
import { sharedEmbeddingDim } from "../../contract/matching.ts";
import { changeSetting } from "../commands/changeSetting.ts";
import { resetSettings } from "../commands/resetSettings.ts";
import { useEngine } from "../engine/EngineContext.tsx";
import { configStore } from "../stores/configStore.ts";
import { runIsBusy, runStore } from "../stores/runStore.ts";
import { teacherStore } from "../stores/teacherStore.ts";
import { formatSetting } from "./formatSetting.ts";
import styles from "./SettingControl.module.css";
import { nearestStop, sliderStops } from "./sliderStops.ts";

interface SettingControlProps {
  readonly name: SettingName;
  /** What stands below it, of its present value. */
  readonly children?: ReactNode;
}

/** Any setting of `contract/config.ts`: its value, unit, explanation and published value, all from that table. */
export function SettingControl({ name, children }: SettingControlProps) {
  const engine = useEngine();
  const id = useId();
  const value = useStore(configStore, (state) => state.config[name]);
  const isBusy = useStore(runStore, (run) => runIsBusy(run));
  const [isExplained, setExplained] = useState(false);
  const setting: Setting = settings[name];
  const isDisabled = isBusy && setting.live !== true;
  const isChanged = value !== defaultConfig[name];
  const change = (next: number | string): void => {
    void changeSetting(engine, name, next as Config[typeof name]);
  };
  const shared = { id, value, isDisabled, onChange: change };

  return (
    <div className={styles.setting} data-setting={name} data-changed={isChanged}>
      <div className={styles.row}>
        <span className={styles.name}>
          <label htmlFor={id}>{setting.label}</label>
          <button
            type="button"
            className={styles.ask}
            aria-label={`What is ${setting.label}?`}
            aria-expanded={isExplained}
            aria-controls={`${id}-help`}
            onClick={() => setExplained(!isExplained)}
          >
            ?
          </button>
          {isBusy && setting.live === true ? <span className={styles.live}>live</span> : null}
        </span>
        {setting.kind === "number" ? (
          <NumberField key={name} name={name} setting={setting} {...shared} />
        ) : (
          <select
            id={id}
            className={styles.select}
            value={value}
            disabled={isDisabled}
            onChange={(event) => change(event.target.value)}
          >
            {Object.entries(setting.options).map(([option, text]) => (
              <option key={option} value={option}>
                {text}
              </option>
            ))}
          </select>
        )}
      </div>
      <p id={`${id}-help`} className={styles.help} hidden={!isExplained}>
        {explain(setting, value)}
      </p>
      {setting.kind === "number" ? <Slider name={name} setting={setting} {...shared} /> : null}
      {children}
      <p className={styles.ways}>
        <PublishedValue setting={setting} value={value} isDisabled={isDisabled} onTake={change} />
        {isChanged ? (
          <button
            type="button"
            className={styles.way}
            disabled={isDisabled}
            onClick={() => void resetSettings(engine, [name])}
          >
            Back to default: {formatSetting(setting, defaultConfig[name])}
          </button>
        ) : null}
      </p>
    </div>
  );
}

/** What the setting is, and what the option chosen means where its label does not say. */
function explain(setting: Setting, value: number | string): string {
  const option = setting.kind === "choice" ? setting.explanations?.[String(value)] : undefined;
  return option === undefined ? setting.help : `${setting.help} ${option}`;
}

interface FieldProps {
  readonly id: string;
  readonly name: SettingName;
  readonly setting: NumberSetting;
  readonly value: number | string;
  readonly isDisabled: boolean;
  readonly onChange: (value: number) => void;
}

function NumberField({ id, name, setting, value, isDisabled, onChange }: FieldProps) {
  // What is being typed, until it is a value; null while nothing is.
  const [draft, setDraft] = useState<string | null>(null);
  const problem = draft === null ? undefined : parseConfigPatch({ [name]: draft }).problems[0]?.message;
  const meaning = useMeaning(name, setting, Number(value));

  const type = (text: string): void => {
    setDraft(text);
    const parsed = parseConfigPatch({ [name]: text }).patch[name];
    if (typeof parsed === "number") onChange(parsed);
  };

  return (
    <>
      <span className={styles.value}>
        <input
          id={id}
          type="number"
          className={`${styles.number} ${setting.max > 1e6 ? styles.wide : ""}`}
          value={draft ?? shownNumber(Number(value))}
          min={setting.min}
          max={setting.max}
          step={setting.integer === true ? 1 : "any"}
          disabled={isDisabled}
          aria-invalid={problem !== undefined}
          aria-describedby={`${id}-meaning`}
          onChange={(event) => type(event.target.value)}
          onBlur={() => setDraft(null)}
        />
        {setting.unit === undefined ? null : <span className={styles.unit}>{setting.unit}</span>}
      </span>
      <span id={`${id}-meaning`} className={styles.meaning}>
        {meaning === undefined ? null : `${Number(value)}: ${meaning}`}
        {problem === undefined ? null : (
          <span className={styles.problem} role="status">
            {problem}; {Number(value)} stays.
          </span>
        )}
      </span>
    </>
  );
}

/** Short enough for its field; whole numbers whole. */
function shownNumber(value: number): number {
  return Number.isInteger(value) ? value : Number(value.toPrecision(5));
}

function Slider({ name, setting, value, isDisabled, onChange }: FieldProps) {
  const stops = sliderStops(setting);
  const meaning = useMeaning(name, setting, Number(value));
  if (stops === null) return null;
  return (
    <input
      type="range"
      className={styles.slider}
      min={0}
      max={stops.length - 1}
      step={1}
      value={nearestStop(stops, Number(value))}
      disabled={isDisabled}
      aria-label={setting.label}
      aria-valuetext={meaning ?? formatSetting(setting, value)}
      onChange={(event) => onChange(stops[Number(event.target.value)]!)}
    />
  );
}

/** What a special value means; of the embedding, how long it comes out with the teacher that is there. */
function useMeaning(name: SettingName, setting: NumberSetting, value: number): string | undefined {
  const card = useStore(teacherStore, (state) => state.card);
  const config = useStore(configStore, (state) => state.config);
  if (name === "embeddingDim" && value === 0 && card !== null && config.teacher !== "none")
    return `auto (${sharedEmbeddingDim(config, card)}, like the teacher)`;
  return setting.meanings?.[value];
}

interface PublishedValueProps {
  readonly setting: Setting;
  readonly value: number | string;
  readonly isDisabled: boolean;
  readonly onTake: (value: number | string) => void;
}

function PublishedValue({ setting, value, isDisabled, onTake }: PublishedValueProps) {
  const { published } = setting;
  if (published === undefined) return null;
  if (published === value) return <span className={styles.same}>As in the paper</span>;
  return (
    <button type="button" className={styles.way} disabled={isDisabled} onClick={() => onTake(published)}>
      Use the paper’s value: {formatSetting(setting, published)}
    </button>
  );
}

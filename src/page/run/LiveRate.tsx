import { useState } from "react";
import { useStore } from "zustand";
import { parseConfigPatch } from "../../contract/config.ts";
import { changeSetting } from "../commands/changeSetting.ts";
import { useEngine } from "../engine/EngineContext.tsx";
import { configStore } from "../stores/configStore.ts";
import styles from "./LiveRate.module.css";

/** The one setting people turn while they watch, within reach of the curves. */
export function LiveRate() {
  const engine = useEngine();
  const value = useStore(configStore, (state) => state.config.learningRate);
  const [draft, setDraft] = useState<string | null>(null);
  const take = (text: string): void => {
    setDraft(text);
    const { learningRate } = parseConfigPatch({ learningRate: text }).patch;
    if (learningRate !== undefined) void changeSetting(engine, "learningRate", learningRate);
  };
  return (
    <span className={styles.rate}>
      <label htmlFor="live-rate">Learning rate</label>
      <button
        type="button"
        aria-label="½× the learning rate"
        onClick={() => take(String(Number((value / 2).toPrecision(3))))}
        onBlur={() => setDraft(null)}
      >
        ½×
      </button>
      <input
        id="live-rate"
        data-testid="live-learning-rate"
        type="number"
        step="any"
        min={0}
        value={draft ?? value}
        onChange={(event) => take(event.target.value)}
        onBlur={() => setDraft(null)}
      />
      <button
        type="button"
        aria-label="2× the learning rate"
        onClick={() => take(String(Number((value * 2).toPrecision(3))))}
        onBlur={() => setDraft(null)}
      >
        2×
      </button>
    </span>
  );
}

import { createStore } from "zustand/vanilla";
import type { Config, ConfigPatch, ConfigProblem } from "../../contract/config.ts";
import { configDifference, defaultConfig } from "../../contract/config.ts";

interface ConfigState {
  /** What the next run will be made of. A run that is going keeps the configuration it was started with. */
  readonly config: Config;
  /** What was wrong with the link the page was opened with. */
  readonly problems: readonly ConfigProblem[];
}

export const configStore = createStore<ConfigState>(() => ({ config: defaultConfig, problems: [] }));

export function patchConfig(patch: ConfigPatch): void {
  const { config } = configStore.getState();
  const next: Config = { ...config, ...patch };
  if (Object.keys(configDifference(next, config)).length > 0) configStore.setState({ config: next });
}

/** Everything to its default but for `patch`. */
export function replaceConfig(patch: ConfigPatch, problems: readonly ConfigProblem[] = []): void {
  configStore.setState({ config: { ...defaultConfig, ...patch }, problems });
}

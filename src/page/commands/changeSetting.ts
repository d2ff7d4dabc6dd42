import type { Config, ConfigPatch, Setting, SettingName } from "../../contract/config.ts";
import { settings, usualRates } from "../../contract/config.ts";
import type { Engine } from "../../contract/protocol.ts";
import { metricLogOf } from "../metrics/metricArchive.ts";
import { lastRow } from "../metrics/metricLog.ts";
import { ablationIsGoing } from "../stores/ablationStore.ts";
import { configStore, patchConfig } from "../stores/configStore.ts";
import { notifyError } from "../stores/noticeStore.ts";
import { runIsGoing, runStore } from "../stores/runStore.ts";
import { coupledPatch } from "./teacherCoupling.ts";

let unsent: ConfigPatch = {};
let sending = false;

/**
 * Changes a setting for the next run, and, when it is a live one, for the run that is going. Runs of an ablation
 * are left alone: they must differ in one thing only.
 */
export async function changeSetting<K extends SettingName>(
  engine: Engine,
  name: K,
  value: Config[K],
): Promise<void> {
  patchConfig({ [name]: value, ...companions(name, value) });
  const setting: Setting = settings[name];
  if (setting.live !== true || !runIsGoing() || ablationIsGoing()) return;
  unsent = { ...unsent, [name]: value };
  if (sending) return; // a slider moves faster than answers come: what came meanwhile goes as one
  sending = true;
  try {
    while (Object.keys(unsent).length > 0 && runIsGoing()) {
      const patch = unsent;
      unsent = {};
      const { runId } = runStore.getState();
      await engine.request("adjustRun", { runId, patch });
      const { runId: presentRun, config, adjustments } = runStore.getState();
      if (presentRun !== runId) continue; // another began meanwhile, with settings of its own
      const step = lastRow(metricLogOf(runId))?.step ?? 0;
      if (config !== null) {
        runStore.setState({
          config: { ...config, ...patch },
          adjustments: [...adjustments, { step, patch }],
        });
      }
    }
  } catch (error) {
    if (runIsGoing()) notifyError(error);
  } finally {
    unsent = {};
    sending = false;
  }
}

/**
 * What goes along: each optimiser's own learning rate, where the rate was the other's; a teacher for a method that needs
 * one, and a method that needs none for no teacher.
 */
function companions(name: SettingName, value: number | string): ConfigPatch {
  const { config } = configStore.getState();
  if (name === "teacher" || name === "method") return coupledPatch(config, { [name]: value });
  if (name !== "optimiser") return {};
  const { optimiser, learningRate } = config;
  return learningRate === usualRates[optimiser]
    ? { learningRate: usualRates[value as Config["optimiser"]] }
    : {};
}

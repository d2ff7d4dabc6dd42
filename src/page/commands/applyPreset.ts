import { photosPatch, presets, type Preset, type PresetName } from "../../contract/presets.ts";
import { lastRow } from "../plots/metricLog.ts";
import { metricLogOf } from "../plots/metricArchive.ts";
import { ablationStore } from "../stores/ablationStore.ts";
import { configStore, replaceConfig } from "../stores/configStore.ts";
import { datasetStore } from "../stores/datasetStore.ts";
import { runStore } from "../stores/runStore.ts";
import { ablationIsGoing } from "./ablation.ts";

/** Sets everything to a preset; images that were given stay chosen, and so does the seed. */
export function applyPreset(name: PresetName): void {
  const { data, seed } = configStore.getState().config;
  const preset: Preset = presets[name];
  const patch = name === "photos" ? patchForPhotos() : preset.patch;
  replaceConfig({ data, seed, ...patch });
  if (preset.design !== undefined && !ablationIsGoing())
    ablationStore.setState({ design: preset.design, jobs: [], status: "idle", config: null });
}

function patchForPhotos() {
  const { summary } = datasetStore.getState();
  const { runId } = runStore.getState();
  const last = runId === "" ? null : lastRow(metricLogOf(runId));
  return photosPatch({
    images: summary?.kind === "own" ? summary.count : 0,
    imagesPerSecond: last?.imagesPerSecond ?? null,
  });
}

import { defaultConfig, type ConfigPatch } from "../../contract/config.ts";
import { photosPatch, presets, type Preset, type PresetName } from "../../contract/presets.ts";
import type { Engine } from "../../contract/protocol.ts";
import { ablationStore } from "../stores/ablationStore.ts";
import { configStore, replaceConfig } from "../stores/configStore.ts";
import { datasetStore } from "../stores/datasetStore.ts";
import { runIsBusy } from "../stores/runStore.ts";

/** Sets everything to a preset; images that were given stay chosen, and so does the seed. */
export async function applyPreset(engine: Engine, name: PresetName): Promise<void> {
  const preset: Preset = presets[name];
  const { data, seed } = configStore.getState().config;
  replaceConfig({ data, seed, ...preset.patch });
  if (preset.design !== undefined) ablationStore.setState({ draft: preset.design });
  if (name === "photos") {
    const patch = await patchForPhotos(engine);
    if (!runIsBusy()) replaceConfig({ seed, ...patch });
  }
}

/** By the size of the set, and how fast this machine goes; what is not known yet is left to the size. */
async function patchForPhotos(engine: Engine): Promise<ConfigPatch> {
  const { summary } = datasetStore.getState();
  const images = summary?.kind === "own" ? summary.count : 0;
  if (images === 0) return photosPatch({ images, imagesPerSecond: null });
  try {
    const { imagesPerSecond } = await engine.request("probe", { config: defaultConfig });
    return photosPatch({ images, imagesPerSecond });
  } catch {
    return photosPatch({ images, imagesPerSecond: null });
  }
}

import type { AblationDesign } from "./ablationDesign.ts";
import { defaultConfig, publishedConfig, type Config, type ConfigPatch } from "./config.ts";

/** Settings for a purpose, chosen by measurement: docs/RECIPES.md has the table behind each. */
export interface Preset {
  readonly label: string;
  /** What it is for and what to expect, in a sentence. */
  readonly summary: string;
  /** Against the defaults. */
  readonly patch: ConfigPatch;
  /** Of a preset that is an ablation. */
  readonly design?: AblationDesign;
}

/** The paper's values but for those that say how large everything is, which no browser on a processor could carry. */
const publishedButSizes: ConfigPatch = {
  ...publishedConfig,
  imageSize: defaultConfig.imageSize,
  studentWidth: defaultConfig.studentWidth,
  studentStem: defaultConfig.studentStem,
  hiddenWidth: defaultConfig.hiddenWidth,
  embeddingDim: defaultConfig.embeddingDim,
  queueSize: defaultConfig.queueSize,
  batchSize: defaultConfig.batchSize,
  batchNormGroups: 1,
  // Their MoCo checkpoints come with a queue; ours has none, and its BatchNorm was trained to run on stored statistics.
  queueInit: defaultConfig.queueInit,
  teacherBatchNorm: defaultConfig.teacherBatchNorm,
  epochs: 20,
  steps: 0,
};

export const presets = {
  seeItWork: {
    label: "See it work",
    summary: "A small student comes close to the bundled teacher on the demo set within a minute.",
    patch: {},
  },
  paper: {
    label: "Paper's settings",
    summary:
      "Optimiser, losses, views and schedule as published, at the demo's size. Slow to show: the paper trains 200 epochs on 1.3 million images.",
    patch: publishedButSizes,
  },
  photos: {
    label: "My photos",
    summary: "Your own images and the bundled teacher; length and width fit the size of the set.",
    patch: { data: "own" },
  },
  alone: {
    label: "Without a teacher",
    summary: "The same student alone (MoCo-v2), with the settings that suit it best: the fair comparison.",
    patch: {
      method: "mocov2",
      teacher: "none",
      temperature: 0.1,
      emaMomentum: 0.9,
      hue: 0.3,
      grayscaleProbability: 0.4,
    },
  },
  bottleneck: {
    label: "Distilling BottleNeck",
    summary:
      "How wide must the head be to take in the teacher? Six widths, three seeds each, as an ablation.",
    // Jobs are measured at their end whatever this says; it holds for a single run begun with the preset.
    patch: { evaluateEvery: 100 },
    design: {
      axis: "hiddenWidth",
      values: [8, 16, 32, 64, 128, 256],
      seeds: [1, 2, 3],
      steps: 200,
      withTeacherless: false,
      stopsHopeless: false,
    },
  },
} as const satisfies Record<string, Preset>;

export type PresetName = keyof typeof presets;
export const presetNames = Object.keys(presets) as readonly PresetName[];

/** What a set allows: how many images it has to train on, and how fast this machine goes. */
export interface PhotosFacts {
  readonly images: number;
  /** Measured with the default student; null before anything was. */
  readonly imagesPerSecond: number | null;
}

/** A run should not take longer than this unless it is asked to, seconds. */
const patienceSeconds = 300;

/**
 * Settings for a visitor's own images: from a few dozen, which are seen often, to ten thousands, which pay for a wider
 * student, larger batches and smaller crops.
 */
export function photosPatch({ images, imagesPerSecond }: PhotosFacts): ConfigPatch {
  const isLarge = images >= 5000;
  const batchSize = isLarge ? 64 : defaultConfig.batchSize;
  const studentWidth = isLarge ? 16 : defaultConfig.studentWidth;
  // Each image some twenty times, within bounds.
  const wanted = Math.round(Math.min(3000, Math.max(300, (20 * images) / batchSize)) / 50) * 50;
  // Cost grows with the square of the width.
  const rate =
    imagesPerSecond === null ? null : imagesPerSecond / (studentWidth / defaultConfig.studentWidth) ** 2;
  const affordable = rate === null ? wanted : Math.max(100, Math.floor((patienceSeconds * rate) / batchSize));
  const steps = Math.min(wanted, affordable);
  return {
    ...presets.photos.patch,
    studentWidth,
    batchSize,
    steps,
    evaluateEvery: Math.max(50, Math.round(steps / 400) * 50),
    cropScaleMin: isLarge ? 0.4 : defaultConfig.cropScaleMin,
  };
}

/**
 * What the data's settings become when images of the visitor's own take the place of the demo: where nothing else was
 * set, those for photos, as the speed is not known yet; else whose images they are, and no more.
 */
export function patchForImages(config: Config, images: number): ConfigPatch {
  const isUntouched = config.data === "demo" && presetOf(config) === "seeItWork";
  return isUntouched ? photosPatch({ images, imagesPerSecond: null }) : presets.photos.patch;
}

/** The preset whose configuration this is, data and seed aside; null for one of the visitor's own. */
export function presetOf(config: Config): PresetName | null {
  const free = { data: config.data, seed: config.seed, splitSeed: config.splitSeed };
  const isSame = (patch: ConfigPatch): boolean => {
    const whole: Config = { ...defaultConfig, ...patch, ...free };
    return (Object.keys(whole) as (keyof Config)[]).every((name) => whole[name] === config[name]);
  };
  return presetNames.find((name) => isSame(presets[name].patch)) ?? null;
}

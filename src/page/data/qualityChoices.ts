import type { Config, ConfigPatch } from "../../contract/config.ts";
import { defaultConfig } from "../../contract/config.ts";
import { photosPatch, type PhotosFacts } from "../../contract/presets.ts";

/** How good a student of the visitor's own images should be. */
export type Quality = "quick" | "better";

export interface QualityChoice {
  readonly patch: ConfigPatch;
  /** How long a run takes here; null before the speed was measured. */
  readonly seconds: number | null;
}

/** Side of the views that show more than colour and coarse form. */
const betterSize = 96;
/** Whoever asks for better waits so many times longer. */
const morePatience = 4;

/**
 * Settings of either answer, by the size of the set and the speed of this machine.
 *
 * @param facts as measured with the default student at its size of views.
 */
export function qualityChoices(facts: PhotosFacts): Readonly<Record<Quality, QualityChoice>> {
  const { images, imagesPerSecond } = facts;
  const quick = photosPatch(facts);
  const slower = imagesPerSecond === null ? null : imagesPerSecond / areaOf(betterSize);
  const better: ConfigPatch = {
    ...photosPatch({ images, imagesPerSecond: slower === null ? null : slower * morePatience }),
    imageSize: betterSize,
  };
  return {
    quick: { patch: quick, seconds: secondsOf(quick, imagesPerSecond) },
    better: { patch: better, seconds: secondsOf(better, imagesPerSecond) },
  };
}

/**
 * How long a run takes.
 *
 * @param rate images a second, measured with the default student at its size of views; null gives null.
 */
export function secondsOf(patch: ConfigPatch, rate: number | null): number | null {
  if (rate === null) return null;
  const { steps, batchSize, studentWidth, imageSize } = { ...defaultConfig, ...patch };
  const work = (studentWidth / defaultConfig.studentWidth) ** 2 * areaOf(imageSize);
  return (steps * batchSize * work) / rate;
}

/** Of views of this side against the default ones: cost grows with it. */
function areaOf(imageSize: number): number {
  return (imageSize / defaultConfig.imageSize) ** 2;
}

/** The answer that settings amount to; null where they are others. */
export function qualityOf(config: Config, choices: Readonly<Record<Quality, QualityChoice>>): Quality | null {
  const isChosen = ({ patch }: QualityChoice): boolean =>
    (Object.keys(patch) as (keyof Config)[]).every((name) => config[name] === patch[name]) &&
    config.imageSize === (patch.imageSize ?? defaultConfig.imageSize);
  if (isChosen(choices.quick)) return "quick";
  return isChosen(choices.better) ? "better" : null;
}

/** "about 4 minutes". */
export function describeMinutes(seconds: number | null): string {
  if (seconds === null) return "";
  if (seconds < 50) return "under a minute";
  const minutes = Math.max(1, Math.round(seconds / 60));
  return minutes === 1 ? "about a minute" : `about ${minutes} minutes`;
}

import { defaultConfig, type Config } from "../../contract/config.ts";
import type { DatasetSummary } from "../../contract/dataset.ts";
import { AppError } from "../../contract/errors.ts";
import type { ImageStore } from "../../ml/data/imageStore.ts";
import { splitByClass, type Split } from "../../ml/data/split.ts";

export interface FittedRun {
  readonly summary: DatasetSummary;
  readonly split: Split;
  readonly config: Config;
}

/**
 * A set divided as a configuration asks for, and the configuration as it suits the set: what every run begins with.
 *
 * @throws AppError "dataset-too-small" while images are still coming in.
 */
export function fitToSet(store: ImageStore, asked: Config): FittedRun {
  const { summary } = store;
  if (summary === null) throw new AppError("dataset-too-small", "The images are still being loaded");
  const split = splitByClass(store.allClasses(), asked.holdout, asked.splitSeed);
  return { summary, split, config: { ...asked, batchSize: fittedBatch(asked, split.train.length) } };
}

/**
 * The batch a run takes: the one asked for, except that the default becomes as large as a small set allows (whole
 * BatchNorm groups, at least two images each). A batch that was chosen is left alone, and refused where it is too large.
 */
function fittedBatch({ batchSize, batchNormGroups }: Config, trainImages: number): number {
  if (batchSize !== defaultConfig.batchSize || trainImages >= batchSize) return batchSize;
  const largest = Math.floor(trainImages / batchNormGroups) * batchNormGroups;
  return largest >= 2 * batchNormGroups ? largest : batchSize;
}

import { defaultConfig, type Config } from "../../contract/config.ts";

/**
 * The batch a run takes: the one asked for, except that the default becomes as large as a small set allows (whole
 * BatchNorm groups, at least two images each). A batch that was chosen is left alone, and refused where it is too large.
 */
export function fittedBatch({ batchSize, batchNormGroups }: Config, trainImages: number): number {
  if (batchSize !== defaultConfig.batchSize || trainImages >= batchSize) return batchSize;
  const largest = Math.floor(trainImages / batchNormGroups) * batchNormGroups;
  return largest >= 2 * batchNormGroups ? largest : batchSize;
}

import type { Config } from "../../contract/config.ts";
import { CpuViewSource } from "../../ml/augment/cpuViewSource.ts";
import type { ImageStore } from "../../ml/data/imageStore.ts";
import { EpochSampler } from "../../ml/data/sampler.ts";
import { createMethod } from "../../ml/methods/createMethod.ts";
import { train } from "../../ml/training/train.ts";
import { fitToSet } from "./fitToSet.ts";

/** The first steps make what is made once. */
const warmUpSteps = 2;
const steps = 8;

/**
 * Images a second that the student of a configuration trains on here, by itself: a teacher's embeddings of plain images
 * are computed once and so count for little in a run.
 */
export async function measureSpeed(
  store: ImageStore,
  asked: Config,
): Promise<{ readonly imagesPerSecond: number }> {
  const { split, config } = fitToSet(store, { ...asked, method: "mocov2", teacher: "none" });
  const source = new CpuViewSource(store, config.imageSize);
  const method = createMethod(config, null);
  const sampler = new EpochSampler(split.train, config.batchSize, config.seed);
  try {
    let startMs = 0;
    for await (const { step, scalars } of train({
      method,
      source,
      sampler,
      config,
      totalSteps: warmUpSteps + steps,
      live: () => config,
    })) {
      await scalars.data(); // sync point: the step is over
      scalars.dispose();
      if (step === warmUpSteps) startMs = performance.now();
    }
    return { imagesPerSecond: (1000 * steps * config.batchSize) / (performance.now() - startMs) };
  } finally {
    method.dispose();
    source.dispose();
  }
}

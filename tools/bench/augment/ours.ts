import { invariant } from "../../../src/lib/invariant.ts";
import { CpuViewSource } from "../../../src/ml/augment/cpuViewSource.ts";
import { GpuViewSource } from "../../../src/ml/compiled/views/gpuViewSource.ts";
import { tfjsGpu } from "../../../src/ml/tfjs/tfjsGpu.ts";
import type { AugmentContestant } from "./augmentContestant.ts";

export function ours(where: "gpu" | "cpu"): AugmentContestant {
  return {
    prepare: async ({ job, images, indices, first, second }) => {
      const gpu = tfjsGpu();
      invariant(gpu !== null, "tfjs is on WebGPU");
      const source =
        where === "gpu"
          ? await GpuViewSource.open(gpu, images, job.viewSide)
          : new CpuViewSource(images, job.viewSide);
      return () => source.renderPair(indices, first, second);
    },
  };
}

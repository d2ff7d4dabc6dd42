import { createPrng } from "../../lib/prng.ts";
import { namedEncoder } from "../models/encoder.ts";
import { initialiseWeights } from "../models/weights.ts";
import { NetworkTeacher } from "../teachers/networkTeacher.ts";
import { imageNetPreprocessing } from "../tensors/normalizeImages.ts";

/** A small teacher with random weights, always the same. */
export function createTestTeacher(embeddingDim: number): NetworkTeacher {
  const network = namedEncoder("resnet18", "cifar", 6, { hidden: 16, out: embeddingDim });
  return new NetworkTeacher(
    {
      name: "test",
      source: "safetensors",
      architecture: network.title,
      head: "",
      embeddingDim,
      featureDim: network.featureDim,
      inputSize: 0,
      preprocessing: "",
      parameters: 0,
      bytes: 0,
      notes: [],
    },
    network,
    initialiseWeights(network, createPrng(5, "teacher")),
    imageNetPreprocessing,
  );
}

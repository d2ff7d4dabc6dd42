import type { StoredTensor } from "./storedTensor.ts";
import type { MetadataValue } from "./torchTree.ts";

/** What a PyTorch checkpoint holds, whichever of its two formats it came in. */
export interface TorchFile {
  readonly format: "pytorch-zip" | "pytorch-legacy";
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  readonly metadata: ReadonlyMap<string, MetadataValue>;
  readonly notes: readonly string[];
}

import { readTfjsModel } from "../../formats/tfjsModel.ts";
import * as tf from "../../ml/tfjs/tf.ts";
import type { PackedFile } from "./packedFile.ts";
import type { ModelInput } from "./runtimes.ts";

/** Runs a TensorFlow.js graph model as it lies in its files, on the backend tfjs has. */
export async function runTfjsGraph(
  files: readonly PackedFile[],
  { name, shape, values }: ModelInput,
  outputs: readonly string[],
): Promise<readonly Float32Array[]> {
  const named = files.map(({ path, bytes }) => ({ path, size: bytes.length, read: async () => bytes }));
  const { modelTopology, weightSpecs, weightData, signature } = await readTfjsModel(named, "student");
  const model = await tf.loadGraphModel(
    tf.io.fromMemory({
      modelTopology,
      weightSpecs: [...weightSpecs],
      weightData,
      ...(signature === undefined ? {} : { signature }),
    }),
  );
  const input = tf.tensor(values, [...shape], "float32");
  try {
    // One output comes by itself, several as a list.
    const found = [model.execute({ [name]: input }, [...outputs])].flat();
    const values = await Promise.all(found.map((tensor) => tensor.data<"float32">()));
    const copies = values.map((each) => Float32Array.from(each));
    tf.dispose(found);
    return copies;
  } finally {
    input.dispose();
    model.dispose();
  }
}

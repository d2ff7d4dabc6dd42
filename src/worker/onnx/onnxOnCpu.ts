import type { OnnxSession } from "../../ml/teachers/onnxTeacher.ts";
import * as tf from "../../ml/tfjs/tf.ts";
import { openModel, Tensor, threads } from "./cpuRuntime.ts";

/** A model in WebAssembly, beside whatever backend tfjs has: numbers are copied in and out. */
export async function openOnCpu(
  model: Uint8Array,
  names: { readonly input: string; readonly output: string },
): Promise<OnnxSession> {
  const session = await openModel(model);
  return {
    place: `Runs in ONNX Runtime on WebAssembly with ${threads} thread${threads === 1 ? "" : "s"}; images and embeddings are copied to it and back.`,
    async run(images) {
      const input = new Tensor("float32", await images.data<"float32">(), images.shape);
      const output = (await session.run({ [names.input]: input }))[names.output];
      if (output?.type !== "float32")
        throw new Error(`the output is ${output?.type ?? "missing"}, not float32`);
      return tf.tensor(output.data as Float32Array, [...output.dims]);
    },
    dispose: () => void session.release(),
  };
}

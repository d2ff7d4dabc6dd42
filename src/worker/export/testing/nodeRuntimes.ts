import * as ort from "onnxruntime-node";
import * as tf from "../../../ml/tfjs/tf.ts";
import type { ExportRuntimes } from "../runtimes.ts";
import { runTfjsGraph } from "../runTfjsGraph.ts";

/** What exports are tried in outside a browser. */
export const nodeRuntimes: ExportRuntimes = {
  onnx: {
    title: "ONNX Runtime for Node",
    async run(model, { name, shape, values }, outputs) {
      const session = await ort.InferenceSession.create(model, { logSeverityLevel: 3 });
      const input =
        values instanceof Float32Array
          ? new ort.Tensor("float32", values, shape)
          : new ort.Tensor("uint8", values, shape);
      const found = await session.run({ [name]: input }, [...outputs]);
      await session.release();
      return outputs.map((output) => Float32Array.from(found[output]?.data as Float32Array));
    },
  },
  tfjs: { title: `TensorFlow.js ${tf.version.tfjs}`, run: runTfjsGraph },
};

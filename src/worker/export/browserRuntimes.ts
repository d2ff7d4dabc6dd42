import * as tf from "../../ml/tfjs/tf.ts";
import { openWasm } from "../engine/wasmBinaries.ts";
import { openModel, runtimeVersion, Tensor } from "../onnx/cpuRuntime.ts";
import type { ExportRuntimes } from "./runtimes.ts";
import { runTfjsGraph } from "./runTfjsGraph.ts";

/** ONNX Runtime Web and TensorFlow.js, both on WebAssembly: as a visitor of somebody's page would run the exports. */
export const browserRuntimes: ExportRuntimes = {
  onnx: {
    title: `ONNX Runtime Web ${runtimeVersion}`,
    async run(model, { name, shape, values }, outputs) {
      const session = await openModel(model);
      try {
        const input =
          values instanceof Float32Array
            ? new Tensor("float32", values, shape)
            : new Tensor("uint8", values, shape);
        const found = await session.run({ [name]: input }, [...outputs]);
        return outputs.map((output) => {
          const data = found[output]?.data;
          if (!(data instanceof Float32Array))
            throw new Error(`the output ${output} is missing, or not float32`);
          return data.slice();
        });
      } finally {
        await session.release();
      }
    },
  },
  tfjs: {
    title: `TensorFlow.js ${tf.version.tfjs}`,
    async run(files, input, outputs) {
      if (tf.getBackend() !== "wasm") {
        const { opened } = await openWasm(() => tf.setBackend("wasm"));
        if (!opened) await tf.setBackend("cpu"); // slower, and as good a witness
      }
      return runTfjsGraph(files, input, outputs);
    },
  },
};

import { invariant } from "../../../src/lib/invariant.ts";
import { batchNormTrain } from "../../../src/ml/tfjs/batchNorm.ts";
import { improveBackend } from "../../../src/ml/tfjs/improveBackend.ts";
import * as tf from "../../../src/ml/tfjs/tf.ts";
import type { OpArrays, OpContestant, OpRunner } from "./opContestant.ts";
import { batchNormEpsilon, padding, type ConvolutionShape, type OpJob } from "./opJobs.ts";

type Inputs = Readonly<Record<string, tf.Tensor>>;

/** tfjs's own kernels, or ours in their places. */
export function tfjsOps(kernels: "stock" | "ours"): OpContestant {
  return {
    open: async () => {
      await import("@tensorflow/tfjs-backend-webgpu");
      if (!(await tf.setBackend("webgpu"))) throw new Error("tfjs could not start webgpu.");
      await tf.ready();
      if (kernels === "ours") improveBackend("webgpu");
      return `tfjs ${tf.version.tfjs}${kernels === "ours" ? " with this project's kernels" : ""}`;
    },
    prepare: async (job, arrays) => createRunner(job, arrays, computation(job, kernels)),
  };
}

function createRunner(
  job: OpJob,
  arrays: OpArrays,
  compute: (inputs: Inputs) => readonly tf.Tensor[],
): OpRunner {
  const inputs: Inputs = Object.fromEntries(
    Object.entries(arrays).map(([name, { shape, data }]) => [name, tf.tensor(data, [...shape])]),
  );
  let last: readonly tf.Tensor[] = [];
  const flag = "WEBGPU_USE_NAIVE_CONV2D_TRANSPOSE";
  tf.env().set(flag, true); // tfjs's default
  const choosesKernel =
    job.kind === "convolution" && job.direction === "inputGradient" && !job.shape.depthwise;
  return {
    run: () => {
      tf.dispose([...last]);
      last = tf.tidy(() => [...compute(inputs)]);
    },
    finish: async () => {
      const [result] = last;
      invariant(result !== undefined, "nothing was run");
      const one = tf.tidy(() => tf.slice(tf.reshape(result, [-1]), [0], [1]));
      await one.data(); // after all that was recorded before it
      one.dispose();
    },
    results: async () => {
      const copies: Float32Array[] = [];
      for (const tensor of last) copies.push(Float32Array.from(await tensor.data()));
      return copies;
    },
    variants: choosesKernel
      ? [
          { name: "naive kernel", use: () => tf.env().set(flag, true) },
          { name: "kernel by products", use: () => tf.env().set(flag, false) },
        ]
      : [],
    dispose: () => tf.dispose([...last, ...Object.values(inputs)]),
  };
}

function computation(job: OpJob, kernels: "stock" | "ours"): (inputs: Inputs) => readonly tf.Tensor[] {
  switch (job.kind) {
    case "product":
      return ({ a, b }) => [tf.matMul(a as tf.Tensor2D, b as tf.Tensor2D)];
    case "batchNorm": {
      const forward = kernels === "ours" ? ourBatchNorm : stockBatchNorm;
      if (job.direction === "forward")
        return ({ x, scale, shift }) => [forward(x as tf.Tensor, scale as tf.Tensor, shift as tf.Tensor)];
      const gradients = tf.grads((x, scale, shift) => forward(x, scale, shift));
      return ({ x, scale, shift, dy }) =>
        gradients([x as tf.Tensor, scale as tf.Tensor, shift as tf.Tensor], dy);
    }
    case "convolution":
      return convolution(job.direction, job.shape);
  }
}

function convolution(
  direction: Extract<OpJob, { kind: "convolution" }>["direction"],
  shape: ConvolutionShape,
): (inputs: Inputs) => readonly tf.Tensor[] {
  const { samples, side, inChannels, outChannels, kernel, stride, depthwise } = shape;
  const pad = padding(kernel);
  const settings = {
    strides: [stride, stride],
    pad,
    dataFormat: "NHWC",
    dilations: [1, 1],
    dimRoundingMode: "floor",
  };
  const run = (name: string, inputs: Inputs, more: object): readonly tf.Tensor[] => [
    tf.engine().runKernel<tf.Tensor>(name, inputs, { ...settings, ...more }),
  ];
  const prefix = depthwise ? "DepthwiseConv2dNative" : "Conv2D";
  switch (direction) {
    case "forward":
      return ({ x, w }) => run(prefix, { x: x as tf.Tensor, filter: w as tf.Tensor }, {});
    case "inputGradient": {
      const inputShape = [samples, side, side, inChannels];
      return ({ dy, w }) =>
        run(`${prefix}BackpropInput`, { dy: dy as tf.Tensor, filter: w as tf.Tensor }, { inputShape });
    }
    case "filterGradient": {
      const filterShape = [kernel, kernel, inChannels, depthwise ? 1 : outChannels];
      return ({ x, dy }) =>
        run(`${prefix}BackpropFilter`, { x: x as tf.Tensor, dy: dy as tf.Tensor }, { filterShape });
    }
  }
}

function stockBatchNorm(x: tf.Tensor, scale: tf.Tensor, shift: tf.Tensor): tf.Tensor {
  const { mean, variance } = tf.moments(x, [0, 1, 2]) as { mean: tf.Tensor1D; variance: tf.Tensor1D };
  const normalised = tf.batchNorm(
    x as tf.Tensor4D,
    mean,
    variance,
    shift as tf.Tensor1D,
    scale as tf.Tensor1D,
    batchNormEpsilon,
  );
  return tf.relu(normalised);
}

function ourBatchNorm(x: tf.Tensor, scale: tf.Tensor, shift: tf.Tensor): tf.Tensor {
  return tf.relu(batchNormTrain(x, scale as tf.Tensor1D, shift as tf.Tensor1D, batchNormEpsilon, 1).y);
}

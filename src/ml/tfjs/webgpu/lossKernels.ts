import { invariant } from "../../../lib/invariant.ts";
import type { Granularity } from "../../wgsl/granularity.ts";
import { isLaunchable, type Kernel } from "../../wgsl/kernel.ts";
import { normaliseChannels } from "../../wgsl/elementwise.ts";
import * as relations from "../../wgsl/relations.ts";
import * as softmax from "../../wgsl/softmaxRows.ts";
import * as rows from "../../wgsl/unitRows.ts";
import * as tf from "../tf.ts";
import { KernelRecorder } from "./kernelRecorder.ts";

type Triple = readonly [number, number, number];

/** Numbers beside the operands, of which each kernel has those that it reads. */
interface Attributes {
  readonly scale: number;
  readonly measure: "divergence" | "crossEntropy";
  readonly mean: Triple;
  readonly std: Triple;
}

/** A kernel as tfjs knows it: by name, with operands by name and numbers beside them. */
interface LossKernel {
  readonly inputs: readonly string[];
  /** @param shapes of the inputs. */
  readonly launch: (
    shapes: readonly (readonly number[])[],
    attributes: Attributes,
    granularity: Granularity,
  ) => { readonly kernel: Kernel; readonly results: readonly (readonly number[])[] };
}

type Shape2D = readonly [number, number];

/** By name; `tensors/ownKernels.ts` is how losses ask for them. Operands are in the order of the kernels' bindings. */
const lossKernels: Readonly<Record<string, LossKernel>> = {
  NormaliseChannels: {
    inputs: ["x"],
    launch: ([x], { mean, std }) => ({
      kernel: normaliseChannels(tf.util.sizeFromShape([...x!]), mean, std),
      results: [x!],
    }),
  },
  UnitRows: {
    inputs: ["x"],
    launch: ([x]) => {
      const [count, width] = x as Shape2D;
      return { kernel: rows.unitRows(count, width), results: [[count, width], [count]] };
    },
  },
  UnitRowsGradient: {
    inputs: ["dy", "y", "slopes"],
    launch: ([, y]) => {
      const [count, width] = y as Shape2D;
      return { kernel: rows.unitRowsGradient(count, width), results: [[count, width]] };
    },
  },
  SoftmaxDistance: {
    inputs: ["targets", "logits"],
    launch: ([, logits], attributes, granularity) => {
      const [count, columns] = logits as Shape2D;
      const kernel = softmax.softmaxDistance(count, columns, attributes, granularity);
      return { kernel, results: [[count], [count, columns]] };
    },
  },
  NtXent: {
    inputs: ["cosines"],
    launch: ([cosines], { scale }, granularity) => {
      const [views] = cosines as Shape2D;
      return { kernel: softmax.ntXentLosses(views, scale, granularity), results: [[views], [views]] };
    },
  },
  NtXentSlopes: {
    inputs: ["dy", "cosines", "logSums"],
    launch: ([, cosines], { scale }) => {
      const [views] = cosines as Shape2D;
      return { kernel: softmax.ntXentSlopes(views, scale), results: [[views, views]] };
    },
  },
  BagLosses: {
    inputs: ["queries", "anchors", "members", "cosines", "weights"],
    launch: ([, anchors, , cosines], { scale }, granularity) => {
      const [[images, width], [queries, keys]] = [anchors, cosines] as unknown as [Shape2D, Shape2D];
      const kernel = softmax.bagLosses({ images, width, keys, scale }, granularity);
      return { kernel, results: [[queries], [queries, keys], [queries, 2]] };
    },
  },
  BagGradient: {
    inputs: ["dy", "pulled", "ownPulls", "anchors", "members"],
    launch: ([, , , anchors]) => {
      const shape = anchors as Shape2D;
      return { kernel: softmax.bagGradient(...shape), results: [shape, shape, shape] };
    },
  },
  PairDistances: {
    inputs: ["rows"],
    launch: ([given]) => {
      const [count, width] = given as Shape2D;
      return { kernel: relations.pairDistances(count, width), results: [[count, count]] };
    },
  },
  RelativeDistanceLoss: {
    inputs: ["student", "teacher"],
    launch: ([student], _, granularity) => {
      const [count] = student as Shape2D;
      return { kernel: relations.relativeDistanceLoss(count, granularity), results: [[], [3]] };
    },
  },
  RelativeDistanceGradient: {
    inputs: ["dy", "rows", "student", "teacher", "statistics"],
    launch: ([, given]) => {
      const shape = given as Shape2D;
      return { kernel: relations.relativeDistanceGradient(...shape), results: [shape] };
    },
  },
  PairDirections: {
    inputs: ["rows"],
    launch: ([given]) => {
      const [count, width] = given as Shape2D;
      return {
        kernel: rows.pairDirections(count, width),
        results: [
          [count, count, width],
          [count, count],
        ],
      };
    },
  },
  EndsOfPairs: {
    inputs: ["g"],
    launch: ([g]) => {
      const [count, , width] = g as Triple;
      return { kernel: rows.endsOfPairs(count, width), results: [[count, width]] };
    },
  },
  AngleLosses: {
    inputs: ["student", "teacher"],
    launch: ([student], _, granularity) => {
      const [count] = student as Shape2D;
      return { kernel: relations.angleLosses(count, granularity), results: [[count]] };
    },
  },
  AngleSlopes: {
    inputs: ["dy", "student", "teacher"],
    launch: ([, student]) => {
      const [count] = student as Shape2D;
      return { kernel: relations.angleSlopes(count), results: [student!] };
    },
  },
};

let installed = false;

/**
 * Gives WebGPU kernels for what losses are made of, which tfjs composes of many programs: a step of RKD, DoGo or BINGO ran
 * 127 to 135 of them, whose launches and not whose arithmetic its time went to (docs/PERFORMANCE.md). Idempotent.
 */
export function registerLossKernels(): void {
  if (installed) return;
  installed = true;
  for (const [kernelName, { inputs: names, launch }] of Object.entries(lossKernels)) {
    tf.registerKernel({
      kernelName,
      backendName: "webgpu",
      kernelFunc: ({ inputs, attrs, backend }) => {
        const operands = names.map((name) => {
          const operand = inputs[name];
          invariant(operand !== undefined, `${kernelName} takes ${names.join(", ")}`);
          return operand;
        });
        const recorder = KernelRecorder.of(backend);
        const shapes = operands.map(({ shape }) => shape);
        const lanes = recorder.granularity.rowWorkgroups === null ? "alone" : "together";
        const key = `${kernelName} ${shapes.join(";")} ${JSON.stringify(attrs)} ${lanes}`;
        const { ready, results } = recorder.once(key, () => {
          const { kernel, results } = launch(shapes, attrs as never, recorder.granularity);
          invariant(isLaunchable(kernel), `${kernelName} of ${shapes.join(" and ")} is too large`);
          return { ready: recorder.ready(kernel), results };
        });
        const made = results.map((shape) => recorder.tensor(shape));
        recorder.run(ready, [...operands, ...made]);
        return made;
      },
    });
  }
}

import { createPrng, type Prng } from "../../src/lib/prng.ts";
import { namedEncoder } from "../../src/ml/models/encoder.ts";
import { stateDictSpec, type Network, type TensorSpec } from "../../src/ml/models/network.ts";
import type { StateDict } from "../../src/ml/models/weights.ts";
import type { EncoderShape, StepJob } from "./stepJobs.ts";

/** A job with all its numbers, which are the same for every contestant. */
export interface JobData {
  readonly job: StepJob;
  readonly student: Network;
  readonly teacher: Network;
  /** PyTorch's names and layouts, running statistics included. The mean student starts as a copy. */
  readonly studentState: StateDict;
  /** Its running statistics are not those of an untrained network, so leaving them out shows in the losses. */
  readonly teacherState: StateDict;
  /** [queueSize, embeddingDim] unit rows. Row 0 is the oldest key. */
  readonly queue: Float32Array;
  /** [batch, H, W, 3], as networks take them: normalised already. */
  readonly firstView: Float32Array;
  readonly secondView: Float32Array;
}

/** With some seeds (12345) a ReLU's input in a small layer of STEP-XS is so near 0 that rounding moves a loss by 5e-4. */
const seed = 1;

export function createJobData(job: StepJob): JobData {
  const network = ({ backbone, stem, width }: EncoderShape): Network =>
    namedEncoder(backbone, stem, width, { hidden: job.hidden, out: job.embeddingDim });
  const student = network(job.student);
  const teacher = network(job.teacher);
  const views = createPrng(seed, "views");
  const firstView = normals(views, job.batchSize * job.imageSize ** 2 * 3);
  return {
    job,
    student,
    teacher,
    studentState: randomState(student, createPrng(seed, "student"), "untrained"),
    teacherState: randomState(teacher, createPrng(seed, "teacher"), "trained"),
    queue: unitRows(normals(createPrng(seed, "queue"), job.queueSize * job.embeddingDim), job.embeddingDim),
    firstView,
    // As like the first as two views of an image are.
    secondView: firstView.map((value) => 0.8 * value + 0.6 * views.normal()),
  };
}

/** Weights as an initialiser draws them, but with every BatchNorm scale and shift a little off 1 and 0. */
function randomState(network: Network, prng: Prng, statistics: "untrained" | "trained"): StateDict {
  return new Map(
    stateDictSpec(network)
      .filter(({ role }) => role !== "batchesTracked")
      .map((spec) => {
        const draw = distributionOf(spec, prng, statistics);
        const data = new Float32Array(elementCount(spec.shape)).map(draw);
        return [spec.name, { shape: spec.shape, data }];
      }),
  );
}

function distributionOf(
  { role, shape }: TensorSpec,
  prng: Prng,
  statistics: "untrained" | "trained",
): () => number {
  const [out = 1, fanIn = 1, height = 1, width = 1] = shape;
  switch (role) {
    case "convWeight":
    case "depthwiseWeight": {
      const deviation = Math.sqrt(2 / (out * height * width));
      return () => deviation * prng.normal();
    }
    case "linearWeight":
      return () => prng.normal() / Math.sqrt(fanIn);
    case "bias":
      return () => 0.01 * prng.normal();
    case "normWeight":
      return () => 1 + 0.1 * prng.normal();
    case "normBias":
      return () => 0.1 * prng.normal();
    case "runningMean":
      return statistics === "trained" ? () => 0.1 * prng.normal() : () => 0;
    case "runningVar":
      return statistics === "trained" ? () => 0.5 + prng.uniform() : () => 1;
    case "batchesTracked":
      return () => 0;
  }
}

function normals(prng: Prng, count: number): Float32Array {
  return new Float32Array(count).map(() => prng.normal());
}

/** Divides every row by its length, in place. */
function unitRows(values: Float32Array, dim: number): Float32Array {
  for (let start = 0; start < values.length; start += dim) {
    const row = values.subarray(start, start + dim);
    const length = Math.hypot(...row);
    row.forEach((value, i) => (row[i] = value / length));
  }
  return values;
}

function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

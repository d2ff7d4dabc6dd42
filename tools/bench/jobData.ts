import { hashString, mix32 } from "../../src/lib/prng.ts";
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

/** With some seeds a ReLU's input in a small layer of STEP-XS is so near 0 that rounding moves a loss by 5e-4. */
const seed = 1;

/**
 * A list of random numbers that has its own name, and of which each is drawn by itself: the same can be drawn in another
 * language (`torch/job_data.py`), many at once.
 */
interface RandomList {
  /** In [0, 1). */
  uniform(index: number): number;
  /** Box–Muller over two numbers of the list. */
  normal(index: number): number;
}

function randomList(name: string): RandomList {
  const key = mix32(seed ^ hashString(name));
  const uniform = (index: number): number => mix32(mix32(index + 1) ^ key) / 2 ** 32;
  return {
    uniform,
    normal: (index) =>
      Math.sqrt(-2 * Math.log(1 - uniform(2 * index))) * Math.cos(2 * Math.PI * uniform(2 * index + 1)),
  };
}

export function createJobData(job: StepJob): JobData {
  const network = ({ backbone, stem, width }: EncoderShape): Network =>
    namedEncoder(backbone, stem, width, { hidden: job.hidden, out: job.embeddingDim });
  const student = network(job.student);
  const teacher = network(job.teacher);
  const firstView = normals("view 1", job.batchSize * job.imageSize ** 2 * 3);
  const noise = randomList("view 2");
  return {
    job,
    student,
    teacher,
    studentState: randomState(student, "student"),
    teacherState: randomState(teacher, "teacher"),
    queue: unitRows(normals("queue", job.queueSize * job.embeddingDim), job.embeddingDim),
    firstView,
    // As like the first as two views of an image are.
    secondView: firstView.map((value, i) => 0.8 * value + 0.6 * noise.normal(i)),
  };
}

/**
 * Weights as an initialiser draws them, but with every BatchNorm scale and shift a little off 1 and 0; running
 * statistics as before any training (the student's) and after it (the teacher's).
 */
function randomState(network: Network, owner: "student" | "teacher"): StateDict {
  return new Map(
    stateDictSpec(network)
      .filter(({ role }) => role !== "batchesTracked")
      .map((spec) => {
        const draw = distributionOf(spec, randomList(`${owner}.${spec.name}`), owner === "teacher");
        const data = new Float32Array(elementCount(spec.shape)).map((_, i) => draw(i));
        return [spec.name, { shape: spec.shape, data }];
      }),
  );
}

function distributionOf(
  { role, shape }: TensorSpec,
  random: RandomList,
  trained: boolean,
): (index: number) => number {
  const [out = 1, fanIn = 1, height = 1, width = 1] = shape;
  switch (role) {
    case "convWeight":
    case "depthwiseWeight": {
      const deviation = Math.sqrt(2 / (out * height * width));
      return (i) => deviation * random.normal(i);
    }
    case "linearWeight":
      return (i) => random.normal(i) / Math.sqrt(fanIn);
    case "bias":
      return (i) => 0.01 * random.normal(i);
    case "normWeight":
      return (i) => 1 + 0.1 * random.normal(i);
    case "normBias":
      return (i) => 0.1 * random.normal(i);
    case "runningMean":
      return trained ? (i) => 0.1 * random.normal(i) : () => 0;
    case "runningVar":
      return trained ? (i) => 0.5 + random.uniform(i) : () => 1;
    case "batchesTracked":
      return () => 0;
  }
}

function normals(name: string, count: number): Float32Array {
  const random = randomList(name);
  return new Float32Array(count).map((_, i) => random.normal(i));
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

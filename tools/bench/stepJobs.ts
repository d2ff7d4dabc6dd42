import type { BackboneName } from "../../src/ml/models/encoder.ts";
import type { Stem } from "../../src/ml/models/resnet.ts";

/** One encoder of a job; `width` 64 is the published one. */
export interface EncoderShape {
  readonly backbone: BackboneName;
  readonly stem: Stem;
  readonly width: number;
}

/** A fixed piece of work: one DisCo step on fixed views. Everything about it but the numbers, which are seeded. */
export interface StepJob {
  readonly name: string;
  readonly imageSize: number;
  readonly batchSize: number;
  readonly student: EncoderShape;
  readonly teacher: EncoderShape;
  /** Of both projection heads. */
  readonly hidden: number;
  readonly embeddingDim: number;
  readonly queueSize: number;
  /** SGD when absent. */
  readonly optimiser?: "muon";
  /** Whether it takes a GPU: then it runs by itself on hardware only, and not on the CPU's contestants. */
  readonly needsGpu: boolean;
  /** The contestants that it has by itself, where not all that suit: stock tfjs takes a minute a step here. */
  readonly onlyOn?: readonly string[];
}

/** The same for every job: MoCo-v2's and DisCo's published settings, distillation and contrast weighted alike. */
export const stepSettings = {
  learningRate: 0.03,
  momentum: 0.9,
  weightDecay: 1e-4,
  emaMomentum: 0.999,
  temperature: 0.2,
  distillWeight: 1,
  contrastiveWeight: 1,
} as const;

const cifarResNet18 = (width: number): EncoderShape => ({ backbone: "resnet18", stem: "cifar", width });
/** A mobile network from STEP-S's teacher. */
const mobileJob = (name: string, backbone: BackboneName): StepJob => ({
  name,
  imageSize: 32,
  batchSize: 16,
  student: { backbone, stem: "cifar", width: 8 },
  teacher: cifarResNet18(16),
  hidden: 128,
  embeddingDim: 64,
  queueSize: 512,
  needsGpu: false,
  onlyOn: ["ours-wasm", "pytorch"],
});
const published = (backbone: BackboneName): EncoderShape => ({ backbone, stem: "imagenet", width: 64 });

/** From small to large: the first is what `--quick` takes. */
export const stepJobs: readonly StepJob[] = [
  {
    name: "STEP-XS",
    imageSize: 16,
    batchSize: 8,
    student: cifarResNet18(4),
    teacher: cifarResNet18(8),
    hidden: 128,
    embeddingDim: 64,
    queueSize: 512,
    needsGpu: false,
  },
  {
    name: "STEP-S",
    imageSize: 32,
    batchSize: 16,
    student: cifarResNet18(8),
    teacher: cifarResNet18(16),
    hidden: 128,
    embeddingDim: 64,
    queueSize: 512,
    needsGpu: false,
  },
  mobileJob("STEP-SE", "efficientnetB0"),
  mobileJob("STEP-SM", "mobilenetV3Large"),
  {
    name: "STEP-M",
    imageSize: 64,
    batchSize: 64,
    student: cifarResNet18(32),
    teacher: cifarResNet18(64),
    hidden: 512,
    embeddingDim: 128,
    queueSize: 4096,
    needsGpu: true,
  },
  {
    name: "STEP-L",
    imageSize: 128,
    batchSize: 64,
    student: published("resnet18"),
    teacher: published("resnet50"),
    hidden: 2048,
    embeddingDim: 128,
    queueSize: 65_536,
    needsGpu: true,
  },
  {
    name: "STEP-E",
    imageSize: 128,
    batchSize: 64,
    student: published("efficientnetB0"),
    teacher: published("resnet50"),
    hidden: 2048,
    embeddingDim: 128,
    queueSize: 65_536,
    needsGpu: true,
  },
];

/** "16×16 pixels, batch 8, resnet18 (cifar stem, width 4) from resnet18 (cifar stem, width 8), queue 512". */
export function describeJob({ imageSize, batchSize, student, teacher, queueSize }: StepJob): string {
  const encoder = ({ backbone, stem, width }: EncoderShape): string =>
    `${backbone} (${stem} stem, width ${width})`;
  return (
    `${imageSize}×${imageSize} pixels, batch ${batchSize}, ` +
    `${encoder(student)} from ${encoder(teacher)}, queue ${queueSize}`
  );
}

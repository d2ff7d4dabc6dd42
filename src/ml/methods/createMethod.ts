import type { Config } from "../../contract/config.ts";
import { AppError } from "../../contract/errors.ts";
import { sharedEmbeddingDim } from "../../contract/matching.ts";
import { prefixDims } from "../../contract/prefixDims.ts";
import { invariant } from "../../lib/invariant.ts";
import { createPrng } from "../../lib/prng.ts";
import { randomKeyQueue, type KeyQueue } from "../losses/queue.ts";
import { namedEncoder, type Head } from "../models/encoder.ts";
import type { Network } from "../models/network.ts";
import { initialiseWeights } from "../models/weights.ts";
import type { Teacher } from "../teachers/teacher.ts";
import { imageNetPreprocessing } from "../tensors/normalizeImages.ts";
import { Bags } from "./bags.ts";
import { Bingo } from "./bingo.ts";
import { Compress } from "./compress.ts";
import { Disco } from "./disco.ts";
import { DistillOnly } from "./distillOnly.ts";
import { DoGo } from "./doGo.ts";
import { FrozenTeacher } from "./frozenTeacher.ts";
import type { Method } from "./method.ts";
import { cossLoss, OneViewDistillation, rkdLoss, simRegLoss } from "./oneViewDistillation.ts";
import { Seed } from "./seed.ts";
import { SimClr } from "./simClr.ts";
import { StudentTrainer } from "./studentTrainer.ts";

/** What a method without a teacher's width to follow regresses. */
const defaultFeatureDim = 128;

/** K rounded down to whole batches, and at least one: the queue is written a batch at a time. */
export function resolveQueueSize(config: Config): number {
  return Math.max(1, Math.floor(config.queueSize / config.batchSize)) * config.batchSize;
}

/** The student as the method wants it: with the usual head, SimReg's, or none. */
export function studentNetwork(config: Config, teacher: Teacher | null): Network {
  const { student, studentStem, studentWidth, hiddenWidth, method } = config;
  const build = (head: Head | null): Network => namedEncoder(student, studentStem, studentWidth, head);
  if (method === "compress") return build(null);
  if (method === "simReg")
    return build({ kind: "simReg", out: teacher?.card.featureDim ?? defaultFeatureDim });
  return build({ hidden: hiddenWidth, out: sharedEmbeddingDim(config, teacher?.card ?? null) });
}

/**
 * The method a configuration asks for, freshly initialised from its seed.
 *
 * @param teacher already of the student's embedding width where the method matches embeddings; null without one.
 * @throws AppError "config-invalid" when settings contradict each other.
 */
export function createMethod(config: Config, teacher: Teacher | null): Method {
  if (config.batchSize % config.batchNormGroups !== 0) {
    throw new AppError(
      "config-invalid",
      `A batch of ${config.batchSize} cannot be split into ${config.batchNormGroups} equal BatchNorm groups`,
      { hint: "Choose a number of groups that divides the batch." },
    );
  }
  if (teacher !== null && config.teacherBatchNorm === "train" && !teacher.supportsTrainBatchNorm) {
    throw new AppError("config-invalid", "This teacher runs with its stored BatchNorm statistics only", {
      hint: "Set “Teacher BatchNorm” to “stored statistics”.",
    });
  }
  if (teacher !== null && config.teacherViews === "plain" && config.teacherBatchNorm === "train") {
    throw new AppError("config-invalid", "Embeddings worked out once cannot depend on each step's batch", {
      hint: "Set “Teacher BatchNorm” to “stored statistics”, or let the teacher see the student's views.",
    });
  }
  if (config.cachedViews === 1 || (config.cachedViews > 0 && config.method === "bingo")) {
    throw new AppError(
      "config-invalid",
      config.cachedViews === 1
        ? "A step takes two views of an image, so one stored view is too few"
        : "BINGO's companions have views of their own at every step, which cannot be stored",
      { hint: "Set “Stored views” to 0, or to 2 and more with another method." },
    );
  }
  if (config.cachedViews > 0 && config.teacherBatchNorm === "train" && teacher !== null) {
    throw new AppError("config-invalid", "Targets of stored views cannot depend on each step's batch", {
      hint: "Set “Teacher BatchNorm” to “stored statistics”, or “Stored views” to 0.",
    });
  }
  const network = studentNetwork(config, teacher);
  const weights = initialiseWeights(network, createPrng(config.seed, "init"));
  const trainer = new StudentTrainer(network, weights, {
    optimiser: config.optimiser,
    momentum: config.momentum,
    weightDecay: config.weightDecay,
    batchNormGroups: config.batchNormGroups,
    preprocessing: imageNetPreprocessing,
  });
  const queue = (stream: string, dim: number): KeyQueue =>
    randomKeyQueue(createPrng(config.seed, stream), resolveQueueSize(config), dim, config.batchSize);
  const frozen = (): FrozenTeacher => {
    invariant(teacher !== null, `${config.method} needs a teacher`);
    return new FrozenTeacher(teacher, {
      batchNorm: config.teacherBatchNorm,
      inputSize: config.teacherInputSize,
    });
  };
  const { embeddingDim } = network;
  const prefixes = config.nested === "on" ? prefixDims(embeddingDim) : [embeddingDim];
  switch (config.method) {
    case "disco":
      return new Disco(trainer, frozen(), queue("queue", embeddingDim), config.emaMomentum, prefixes);
    case "mocov2":
      return new Disco(trainer, null, queue("queue", embeddingDim), config.emaMomentum, prefixes);
    case "simclr":
      return new SimClr(trainer);
    case "distillOnly":
      return new DistillOnly(trainer, frozen());
    case "seed":
      return new Seed(trainer, frozen(), queue("queue", network.embeddingDim), config.teacherTemperature);
    case "compress": {
      const { teacher } = frozen();
      const teacherMemory = queue("teacher queue", teacher.card.featureDim);
      return new Compress(trainer, frozen(), queue("queue", network.featureDim), teacherMemory);
    }
    case "simReg":
      return new OneViewDistillation(trainer, frozen(), simRegLoss);
    case "rkd":
      return new OneViewDistillation(trainer, frozen(), rkdLoss);
    case "coss":
      return new OneViewDistillation(trainer, frozen(), cossLoss);
    case "doGo":
      return new DoGo(trainer, frozen());
    case "bingo": {
      const cuts = createPrng(config.seed, "cutmix");
      return new Bingo(trainer, frozen(), queue("queue", network.embeddingDim), new Bags(), cuts);
    }
  }
}

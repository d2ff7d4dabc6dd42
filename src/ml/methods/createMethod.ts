import type { Config } from "../../contract/config.ts";
import { AppError } from "../../contract/errors.ts";
import { createPrng } from "../../lib/prng.ts";
import { randomKeyQueue } from "../losses/queue.ts";
import { namedEncoder } from "../models/encoder.ts";
import type { Network } from "../models/network.ts";
import { initialiseWeights, type Weights } from "../models/weights.ts";
import type { Teacher } from "../teachers/teacher.ts";
import { imageNetPreprocessing } from "../tensors/normalizeImages.ts";
import { Disco } from "./disco.ts";
import type { Method } from "./method.ts";

/** MoCo-v2's embedding width, used when no teacher says otherwise. */
const defaultEmbeddingDim = 128;

/** The width student and teacher are to share: the configured one, else the teacher's, else MoCo-v2's. */
export function resolveEmbeddingDim(config: Config, teacher: Teacher | null): number {
  if (config.embeddingDim !== 0) return config.embeddingDim;
  return teacher?.card.embeddingDim ?? defaultEmbeddingDim;
}

/** K rounded down to whole batches, and at least one: the queue is written a batch at a time. */
export function resolveQueueSize(config: Config): number {
  return Math.max(1, Math.floor(config.queueSize / config.batchSize)) * config.batchSize;
}

export function studentNetwork(config: Config, embeddingDim: number): Network {
  const head = { hidden: config.hiddenWidth, out: embeddingDim };
  return namedEncoder(config.student, config.studentStem, config.studentWidth, head);
}

export function initialStudent(network: Network, config: Config): Weights {
  return initialiseWeights(network, createPrng(config.seed, "init"));
}

/**
 * The method a configuration asks for, freshly initialised from its seed.
 *
 * @param teacher already of the student's embedding width; null for methods without one.
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
  const embeddingDim = resolveEmbeddingDim(config, teacher);
  const network = studentNetwork(config, embeddingDim);
  const student = initialStudent(network, config);
  const queueSize = resolveQueueSize(config);
  const queue = randomKeyQueue(createPrng(config.seed, "queue"), queueSize, embeddingDim, config.batchSize);
  switch (config.method) {
    case "disco":
    case "mocov2":
      return new Disco(network, student, config.method === "disco" ? teacher : null, queue, {
        emaMomentum: config.emaMomentum,
        momentum: config.momentum,
        weightDecay: config.weightDecay,
        batchNormGroups: config.batchNormGroups,
        teacherBatchNorm: config.teacherBatchNorm,
        teacherInputSize: config.teacherInputSize,
        preprocessing: imageNetPreprocessing,
      });
  }
}

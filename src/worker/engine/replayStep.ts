import type { StepPictures, StepReplay } from "../../contract/sight.ts";
import type { ViewPair } from "../../ml/augment/viewPair.ts";
import type { ViewSource } from "../../ml/augment/viewSource.ts";
import type { KeyQueue } from "../../ml/losses/queue.ts";
import type { StudentTrainer } from "../../ml/methods/studentTrainer.ts";
import { copyWeights, disposeWeights, type Weights } from "../../ml/models/weights.ts";
import { normalizeRows } from "../../ml/tensors/unitRows.ts";
import * as tf from "../../ml/tfjs/tf.ts";
import type { StepSeen } from "../../ml/training/train.ts";

export type EmbeddingPair = readonly [Float32Array, Float32Array];

/** The teacher's embeddings of the two views of a step's first image, as unit vectors. */
export type TeacherOfStep = (seen: StepSeen, views: ViewPair) => Promise<EmbeddingPair>;

export interface Replay {
  readonly trainer: StudentTrainer;
  readonly meanStudent: Weights | null;
  readonly queue: KeyQueue | null;
  readonly source: ViewSource;
  readonly seen: StepSeen;
  readonly pictures: StepPictures;
  readonly teacher: TeacherOfStep | null;
}

/**
 * Takes a step apart for the first image of its batch: the same views, embedded by the networks as they are after the
 * step, with the statistics of the same batch. Works on copies, and leaves everything as it was.
 */
export async function replayStep(replay: Replay): Promise<StepReplay> {
  const { trainer, meanStudent, queue, source, seen, pictures, teacher } = replay;
  const { indices, parameters } = seen;
  const views = source.renderPair(indices, parameters.first, parameters.second);
  try {
    const student = await embedFirst(trainer, trainer.weights, views);
    return {
      pictures,
      student,
      meanStudent: meanStudent === null ? null : await embedFirst(trainer, meanStudent, views),
      teacher: teacher === null ? null : await teacher(seen, views),
      queue: queue === null ? null : await lookAtQueue(queue, student[0], indices.length),
    };
  } finally {
    tf.dispose([views.first, views.second]);
  }
}

/** Unit embeddings of the first image's views. A sync point. */
async function embedFirst(
  trainer: StudentTrainer,
  weights: Weights,
  { first, second }: ViewPair,
): Promise<EmbeddingPair> {
  const copy = copyWeights(weights, "copy"); // a pass in train mode moves running statistics
  try {
    const both: tf.Tensor2D = tf.tidy(() => {
      const inputs = [trainer.prepare(first), trainer.prepare(second)];
      const rows = trainer.runViews(inputs, copy).map(({ embedding }) => {
        const row: tf.Tensor2D = tf.slice2d(embedding, [0, 0], [1, embedding.shape[1]]);
        return normalizeRows(row);
      });
      return tf.concat2d(rows, 0);
    });
    const pair = await readPair(both);
    both.dispose();
    return pair;
  } finally {
    disposeWeights(copy);
  }
}

/** @param rows [2, D]. A sync point. */
export async function readPair(rows: tf.Tensor2D): Promise<EmbeddingPair> {
  const values = await rows.data<"float32">();
  const dim = rows.shape[1];
  return [values.slice(0, dim), values.slice(dim)];
}

/**
 * Cosines of an embedding with the keys that were in the queue when the step began, as far as they still are: not with the
 * step's own, of which one is of the same image. A sync point.
 */
async function lookAtQueue(
  queue: KeyQueue,
  embedding: Float32Array,
  newest: number,
): Promise<StepReplay["queue"]> {
  const { capacity, dim, next } = queue;
  if (dim !== embedding.length || capacity <= newest) return null;
  const cosines = tf.tidy(() => tf.matMul(queue.keys(), tf.tensor2d(embedding, [dim, 1])));
  const values = await cosines.data<"float32">();
  cosines.dispose();
  let [sum, nearest] = [0, -1];
  for (let age = newest; age < capacity; age++) {
    const similarity = values[(next - 1 - age + 2 * capacity) % capacity] as number;
    sum += similarity;
    nearest = Math.max(nearest, similarity);
  }
  return { size: capacity, meanSimilarity: sum / (capacity - newest), nearestSimilarity: nearest };
}

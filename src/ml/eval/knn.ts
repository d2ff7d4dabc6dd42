import { normalizeRows } from "../tensors/unitRows.ts";
import * as tf from "../tfjs/tf.ts";
import { finish, type Sliced } from "../../lib/slices.ts";
import { searchNeighbours } from "./nearestNeighbours.ts";

export interface KnnOptions {
  readonly neighbours: number;
  /** Neighbours vote with weight exp(cosine / temperature). */
  readonly temperature: number;
}

/**
 * The settings for a bank of this many images: solo-learn's k = 20, T = 0.07 for small ones, MoCo's k = 200,
 * T = 0.1 from 10 000 on.
 */
export function knnDefaults(bankCount: number): KnnOptions {
  return bankCount >= 10_000 ? { neighbours: 200, temperature: 0.1 } : { neighbours: 20, temperature: 0.07 };
}

export interface KnnQuestion extends KnnOptions {
  /** [N, D] raw features; normalised here. */
  readonly bank: tf.Tensor2D;
  /** [N]; negative = no label, no vote. */
  readonly bankClasses: ArrayLike<number>;
  /** [M, D] raw features; normalised here. */
  readonly queries: tf.Tensor2D;
}

export interface KnnAnswer {
  readonly classCount: number;
  /** [M, classCount] sums of weights. */
  readonly scores: Float64Array;
  /** [M] the class with the largest sum (of equals the smallest class). */
  readonly predictions: Int32Array;
}

/**
 * Weighted k-nearest-neighbours by cosine (Wu et al., arXiv 1805.01978): the k most similar bank images vote for
 * their class with weight exp(cos/T).
 */
async function* predictInSlices(question: KnnQuestion, task = ""): Sliced<KnnAnswer> {
  const { bankClasses, neighbours: k, temperature } = question;
  const [bank, queries] = tf.tidy(() => [normalizeRows(question.bank), normalizeRows(question.queries)]);
  let found;
  try {
    found = yield* searchNeighbours(bank, queries, k, { task });
  } finally {
    tf.dispose([bank, queries]);
  }
  const { indices, cosines } = found;

  const queryCount = question.queries.shape[0];
  let classCount = 0;
  for (let i = 0; i < bankClasses.length; i++) classCount = Math.max(classCount, bankClasses[i]! + 1);
  const scores = new Float64Array(queryCount * classCount);
  const predictions = new Int32Array(queryCount);
  for (let query = 0; query < queryCount; query++) {
    const at = query * classCount;
    for (let j = query * k; j < (query + 1) * k; j++) {
      const vote = bankClasses[indices[j]!]!;
      if (vote >= 0) scores[at + vote]! += Math.exp(cosines[j]! / temperature);
    }
    for (let c = 1; c < classCount; c++)
      if (scores[at + c]! > scores[at + predictions[query]!]!) predictions[query] = c;
  }
  return { classCount, scores, predictions };
}

/** All slices of `predictInSlices`. */
export async function knnPredict(question: KnnQuestion): Promise<KnnAnswer> {
  return (await finish(predictInSlices(question))) as KnnAnswer;
}

export interface KnnTest extends KnnQuestion {
  /** [M]; negative = no label, not asked. */
  readonly queryClasses: ArrayLike<number>;
}

/** Share of the labelled queries whose class is found; NaN when none is labelled. */
export async function* accuracyInSlices(question: KnnTest, task = ""): Sliced<number> {
  const { predictions } = yield* predictInSlices(question, task);
  let [asked, right] = [0, 0];
  predictions.forEach((prediction, query) => {
    const truth = question.queryClasses[query]!;
    if (truth < 0) return;
    asked++;
    if (prediction === truth) right++;
  });
  return right / asked;
}

/** All slices of `accuracyInSlices`. */
export async function knnAccuracy(question: KnnTest): Promise<number> {
  return (await finish(accuracyInSlices(question))) as number;
}

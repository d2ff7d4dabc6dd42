import type { Config } from "../contract/config.ts";
import type { Evaluation, EvaluationBaseline } from "../contract/metrics.ts";
import { invariant } from "../lib/invariant.ts";
import { createPrng } from "../lib/prng.ts";
import { plainViews } from "./augment/drawViews.ts";
import type { ViewSource } from "./augment/viewSource.ts";
import type { ImageStore } from "./data/imageStore.ts";
import type { Split } from "./data/split.ts";
import { embedImages } from "./embedImages.ts";
import { knnAccuracy, knnDefaults } from "./eval/knn.ts";
import { embeddingSpread } from "./eval/spread.ts";
import type { Method } from "./methods/method.ts";
import type { PreparationWatch } from "./methods/prepareMethod.ts";
import type { Network } from "./models/network.ts";
import { forward } from "./models/referenceExecutor.ts";
import { copyWeights, disposeWeights, type Weights } from "./models/weights.ts";
import { rowsOfTeacher } from "./teachers/askTeacher.ts";
import type { Teacher } from "./teachers/teacher.ts";
import { imageNetPreprocessing, normalizeImages } from "./tensors/normalizeImages.ts";
import { rowDots } from "./tensors/rowDots.ts";
import { normalizeRows, type UnitRows } from "./tensors/unitRows.ts";
import * as tf from "./tf.ts";

/** Batches from which an untrained network's BatchNorm statistics are taken. */
const calibrationBatches = 8;
const calibrationBatchSize = 64;

type Embed = Parameters<typeof embedImages>[2];

/**
 * Judges networks on images they were not trained on: weighted kNN of backbone features (labels permitting), the
 * cosine with the teacher, and whether embeddings have collapsed. Nothing it does changes a network.
 */
export class Judge {
  private readonly bank: Int32Array;
  private readonly queries: Int32Array;
  /** Whose embeddings are looked at: the queries, or the bank where a set is too small to hold images out. */
  private readonly probes: Int32Array;
  private readonly labelled: boolean;
  private readonly neighbours: number;
  private readonly temperature: number;
  /** The teacher's unit embeddings of the queries; the teacher is frozen, so once is enough. */
  private teacherRows: UnitRows | null = null;
  /** The student before its first step, until it has been judged. */
  private untrained: { readonly network: Network; readonly weights: Weights } | null = null;
  /** Told of images that are about to be embedded. */
  private onEmbedding: (images: number) => void = () => undefined;

  constructor(
    private readonly images: ImageStore,
    private readonly source: ViewSource,
    split: Split,
    private readonly config: Config,
    private readonly teacher: Teacher | null,
  ) {
    const sample = (members: Int32Array, most: number, stream: string): Int32Array => {
      const order = createPrng(config.seed, stream).permutation(members.length).slice(0, most);
      return Int32Array.from(order, (i) => members[i] as number);
    };
    this.bank = sample(split.train, config.evaluationImages, "evaluation bank");
    this.queries = sample(split.heldOut, Math.ceil(config.evaluationImages / 4), "evaluation queries");
    this.labelled = (images.summary?.labels.length ?? 0) > 1 && this.queries.length > 0;
    this.probes = this.queries.length > 1 ? this.queries : this.bank;
    const defaults = knnDefaults(this.bank.length);
    this.neighbours = Math.min(config.knnNeighbours || defaults.neighbours, this.bank.length);
    this.temperature = defaults.temperature;
  }

  /** Keeps a copy of the student as it is, before its first step, so that `begin` can wait. */
  keepUntrained({ trainer }: Method): void {
    this.untrained = { network: trainer.network, weights: copyWeights(trainer.weights, "fresh") };
  }

  /**
   * The fixed lines (teacher, untrained student, guessing) and the student's state before its first step, whatever has
   * become of it since `keepUntrained`. To be called once.
   *
   * An untrained network's stored BatchNorm statistics say nothing, so the floor is measured with statistics taken
   * from the training images: the strongest network that has learnt nothing.
   *
   * @param report images looked at so far, of how many.
   */
  async begin({
    report,
    cancelled,
  }: PreparationWatch): Promise<{ baseline: EvaluationBaseline; evaluation: Evaluation }> {
    const { teacher, untrained } = this;
    invariant(untrained !== null, "the untrained student was kept");
    const perNetwork = this.probes.length + (this.labelled ? this.bank.length + this.queries.length : 0);
    let done = 0;
    this.onEmbedding = (images) => {
      done += images;
      const total = perNetwork * (teacher === null ? 1 : 2);
      report(`Judging the ${done > total - perNetwork ? "untrained student" : "teacher"}`, done, total);
    };
    try {
      let teacherKnn: number | null = null;
      if (teacher !== null) {
        const { teacherInputSize } = this.config;
        const embed = rowsOfTeacher(teacher, teacherInputSize, ({ embedding }) => normalizeRows(embedding));
        this.teacherRows = (await this.run(this.probes, embed, cancelled)) as UnitRows;
        const features = rowsOfTeacher(teacher, teacherInputSize, ({ features }) => features);
        teacherKnn = await this.knn(features, cancelled);
      }
      this.calibrate(untrained.network, untrained.weights);
      const evaluation = await this.evaluate(untrained.network, untrained.weights, 0, cancelled);
      const { neighbours, temperature } = this;
      return {
        evaluation,
        baseline: {
          teacherKnn,
          untrainedKnn: evaluation.knn,
          chance: this.chance(),
          neighbours,
          temperature,
          bankImages: this.bank.length,
          queryImages: this.queries.length,
        },
      };
    } finally {
      this.onEmbedding = () => undefined;
      this.forgetUntrained();
    }
  }

  judge(method: Method, step: number, cancelled: () => boolean): Promise<Evaluation> {
    return this.evaluate(method.trainer.network, method.trainer.weights, step, cancelled);
  }

  dispose(): void {
    this.teacherRows?.dispose();
    this.forgetUntrained();
  }

  private forgetUntrained(): void {
    if (this.untrained !== null) disposeWeights(this.untrained.weights);
    this.untrained = null;
  }

  private async evaluate(
    network: Network,
    weights: Weights,
    step: number,
    cancelled: () => boolean,
  ): Promise<Evaluation> {
    const outputs = (layer: number) => (views: tf.Tensor4D) =>
      tf.tidy(() => {
        const input = normalizeImages(views, imageNetPreprocessing);
        return forward(network, weights, input, [layer], { mode: "eval" })[0] as tf.Tensor2D;
      });
    const knn = await this.knn(outputs(network.features), cancelled);
    const embed = outputs(network.embedding);
    const unit = (views: tf.Tensor4D): tf.Tensor2D => tf.tidy(() => normalizeRows(embed(views)));
    const rows = (await this.run(this.probes, unit, cancelled)) as UnitRows;
    const teacherRows = this.teacherRows;
    const comparable = teacherRows !== null && teacherRows.shape.join() === rows.shape.join();
    const packed = tf.tidy(() =>
      tf.stack([embeddingSpread(rows), comparable ? tf.mean(rowDots(rows, teacherRows)) : tf.scalar(0)]),
    );
    const [spread, cosine] = (await packed.data<"float32">()) as unknown as [number, number];
    tf.dispose([rows, packed]);
    return { step, knn, cosine: comparable ? cosine : null, spread };
  }

  private async knn(features: Embed, cancelled: () => boolean): Promise<number | null> {
    if (!this.labelled) return null;
    const bank = await this.run(this.bank, features, cancelled);
    const queries = await this.run(this.queries, features, cancelled);
    if (bank.shape[0] < this.bank.length || queries.shape[0] < this.queries.length) {
      tf.dispose([bank, queries]);
      return null; // cancelled half-way
    }
    const accuracy = await knnAccuracy({
      bank,
      queries,
      bankClasses: this.classes(this.bank),
      queryClasses: this.classes(this.queries),
      neighbours: this.neighbours,
      temperature: this.temperature,
    });
    tf.dispose([bank, queries]);
    return accuracy;
  }

  private run(indices: Int32Array, embed: Embed, cancelled: () => boolean): Promise<tf.Tensor2D> {
    const render = (some: Int32Array): tf.Tensor4D => {
      this.onEmbedding(some.length);
      return plainViews(this.source, some);
    };
    return embedImages(indices, render, embed, cancelled);
  }

  private classes(indices: Int32Array): Int32Array {
    return indices.map((index) => this.images.classOf(index));
  }

  /** Share of the largest class among the queries. */
  private chance(): number | null {
    if (!this.labelled) return null;
    const counts = new Map<number, number>();
    for (const label of this.classes(this.queries)) counts.set(label, (counts.get(label) ?? 0) + 1);
    return Math.max(...counts.values()) / this.queries.length;
  }

  /** Running statistics as the plain average over some training batches. */
  private calibrate(network: Network, weights: Weights): void {
    for (let i = 0; i < calibrationBatches; i++) {
      const indices = this.bank.subarray(i * calibrationBatchSize, (i + 1) * calibrationBatchSize);
      if (indices.length < Math.min(this.bank.length, calibrationBatchSize)) break;
      tf.tidy(() => {
        const input = normalizeImages(plainViews(this.source, indices), imageNetPreprocessing);
        forward(network, weights, input, [network.embedding], {
          mode: "train",
          statisticsMomentum: 1 / (i + 1),
        });
      });
    }
  }
}

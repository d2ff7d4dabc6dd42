import type { Config } from "../../contract/config.ts";
import type { Evaluation, EvaluationBaseline } from "../../contract/metrics.ts";
import { invariant } from "../../lib/invariant.ts";
import { createPrng } from "../../lib/prng.ts";
import { plainViews } from "../augment/drawViews.ts";
import type { ViewSource } from "../augment/viewSource.ts";
import type { ImageStore } from "../data/imageStore.ts";
import type { Split } from "../data/split.ts";
import { embedInSlices } from "../tensors/embedInSlices.ts";
import { rankMe, singularValues } from "../eval/effectiveRank.ts";
import { readRows, type FeatureRows } from "../eval/featureRows.ts";
import { accuracyInSlices, knnDefaults } from "../eval/knn.ts";
import { lookAt, sharedNeighbours, type LookedAt } from "../eval/lookedAt.ts";
import { searchNeighbours } from "../eval/nearestNeighbours.ts";
import { embeddingSpread } from "../eval/spread.ts";
import type { Method } from "../methods/method.ts";
import type { Network } from "../models/network.ts";
import { forward } from "../executors/forward.ts";
import { copyWeights, disposeWeights, type Weights } from "../models/weights.ts";
import type { Sliced } from "../../lib/slices.ts";
import type { PlainEmbeddings } from "../teachers/plainEmbeddings.ts";
import type { Embedded } from "../teachers/teacher.ts";
import { imageNetPreprocessing, normalizeImages } from "../tensors/normalizeImages.ts";
import { rowDots } from "../tensors/rowDots.ts";
import { normalizeRows, type UnitRows } from "../tensors/unitRows.ts";
import * as tf from "../tfjs/tf.ts";

/** Batches from which an untrained network's BatchNorm statistics are taken. */
const calibrationBatches = 8;
const calibrationBatchSize = 64;

/** Neighbours that are compared with the teacher's. */
const overlapNeighbours = 10;

/** A teacher as far as it is measured: what it says of plain images, and how a student is to see that. */
export interface MeasuredTeacher {
  readonly plain: PlainEmbeddings;
  /** From the teacher's own embedding to the one that is matched: a projection, or nothing. */
  readonly see: (said: Embedded) => Embedded;
}

/** A student as it was at some step. */
interface Snapshot {
  readonly network: Network;
  readonly weights: Weights;
}

/**
 * Measures networks on images they were not trained on: weighted kNN of backbone features (labels permitting), the
 * cosine with the teacher, and whether embeddings have collapsed. All of it in slices that go between a run's steps, on
 * a copy of the student. Nothing it does changes a network.
 */
export class Judge {
  private readonly bank: Int32Array;
  private readonly queries: Int32Array;
  /** Whose embeddings are looked at: the queries, or the bank where a set is too small to hold images out. */
  private readonly probes: Int32Array;
  private readonly labelled: boolean;
  private readonly neighbours: number;
  private readonly temperature: number;
  /** The teacher's unit embeddings of the probes; the teacher is frozen, so once is enough. */
  private teacherRows: UnitRows | null = null;
  private untrained: Snapshot | null = null;
  private baseline: EvaluationBaseline;
  /** The teacher's nearest bank images of every query, by place in the bank; the teacher is frozen, so once is enough. */
  private teachersNeighbours: Int32Array | null = null;
  private untrainedNeighbours: Int32Array | null = null;
  /** What the student made of bank and queries before its first step, at the last evaluation, and what the teacher does. */
  untrainedRows: LookedAt | null = null;
  studentRows: { readonly step: number; readonly rows: LookedAt } | null = null;
  teacherRowsOfSet: LookedAt | null = null;

  constructor(
    private readonly images: ImageStore,
    private readonly source: ViewSource,
    split: Split,
    config: Config,
    readonly teacher: MeasuredTeacher | null,
  ) {
    const sample = (members: Int32Array, most: number, stream: string): Int32Array => {
      const order = createPrng(config.splitSeed, stream).permutation(members.length).slice(0, most);
      return Int32Array.from(order, (i) => members[i] as number);
    };
    this.bank = sample(split.train, config.evaluationImages, "evaluation bank");
    this.queries = sample(split.heldOut, Math.ceil(config.evaluationImages / 4), "evaluation queries");
    this.labelled = (images.summary?.labels.length ?? 0) > 1 && this.queries.length > 0;
    this.probes = this.queries.length > 1 ? this.queries : this.bank;
    const defaults = knnDefaults(this.bank.length);
    this.neighbours = Math.min(config.knnNeighbours || defaults.neighbours, this.bank.length);
    this.temperature = defaults.temperature;
    this.baseline = {
      teacherKnn: null,
      untrainedKnn: null,
      untrainedOverlap: null,
      chance: this.chance(),
      neighbours: this.neighbours,
      temperature: this.temperature,
      bankImages: this.bank.length,
      queryImages: this.queries.length,
    };
  }

  /** Keeps a copy of the student as it is, before its first step, so that `measureUntrained` can wait. */
  keepUntrained({ trainer }: Method): void {
    this.untrained = { network: trainer.network, weights: copyWeights(trainer.weights, "fresh") };
  }

  /**
   * The student before its first step, whatever has become of it since `keepUntrained`. To be called once.
   *
   * An untrained network's stored BatchNorm statistics say nothing, so the floor is measured with statistics taken
   * from the training images: the strongest network that has learnt nothing.
   *
   * @returns the fixed lines as far as they are known, too.
   */
  async *measureUntrained(): Sliced<{ baseline: EvaluationBaseline; evaluation: Evaluation }> {
    const { untrained } = this;
    invariant(untrained !== null, "the untrained student was kept");
    const task = "Measuring the untrained student";
    yield* this.calibrate(untrained, task);
    const evaluation = yield* this.measure(untrained, 0, task);
    this.forgetUntrained();
    this.untrainedRows = this.studentRows?.rows ?? null;
    this.studentRows = null;
    this.baseline = {
      ...this.baseline,
      untrainedKnn: evaluation.knn,
      untrainedOverlap: this.overlapOf(this.untrainedNeighbours),
    };
    return {
      baseline: this.baseline,
      evaluation: { ...evaluation, overlap: this.baseline.untrainedOverlap },
    };
  }

  /** The fixed lines with the teacher's, once it has been shown the bank and the questions; null without any. */
  async *measureTeacher(): Sliced<EvaluationBaseline | null> {
    const { teacher } = this;
    if (teacher === null) return null;
    yield* this.lookThroughTeacher(teacher);
    if (this.labelled) {
      const [ofBank, ofQueries] = [this.bank, this.queries].map((some) =>
        teachersFeatures(teacher, some),
      ) as [tf.Tensor2D, tf.Tensor2D];
      try {
        const teacherKnn = yield* this.accuracy(ofBank, ofQueries, "Measuring the teacher");
        this.baseline = { ...this.baseline, teacherKnn };
      } finally {
        tf.dispose([ofBank, ofQueries]);
      }
    }
    this.baseline = { ...this.baseline, untrainedOverlap: this.overlapOf(this.untrainedNeighbours) };
    return this.baseline;
  }

  /** Whether what the teacher makes of bank and queries can be read without showing it anything. */
  get isTeacherKnown(): boolean {
    const { teacher } = this;
    return teacher !== null && teacher.plain.knows(this.bank) && teacher.plain.knows(this.queries);
  }

  /** The teacher's rows and neighbours, once. */
  private async *lookThroughTeacher(teacher: MeasuredTeacher): Sliced<void> {
    if (this.teacherRowsOfSet !== null) return;
    const { bank, queries } = this;
    yield* teacher.plain.ask(bank, this.plainViews);
    yield* teacher.plain.ask(queries, this.plainViews);
    const [ofBank, ofQueries] = [bank, queries].map((some) => teachersFeatures(teacher, some)) as [
      tf.Tensor2D,
      tf.Tensor2D,
    ];
    try {
      this.teachersNeighbours = yield* this.nearest(ofBank, ofQueries, "Measuring the teacher");
      this.teacherRowsOfSet = await this.rowsOf(ofBank, ofQueries);
    } finally {
      tf.dispose([ofBank, ofQueries]);
    }
  }

  /** The student as it is now; the copy is made at once, the measuring when slices are pulled. */
  measureStudent({ trainer }: Method, step: number): Sliced<Evaluation> {
    const snapshot = { network: trainer.network, weights: copyWeights(trainer.weights, "copy") };
    return this.measureAndForget(snapshot, step);
  }

  /**
   * A picture that belongs to no set, as student and teacher see it.
   *
   * @param rgb [side, side, 3] bytes.
   * @returns unit feature rows; null without a teacher.
   */
  async lookAtPicture(
    { trainer: { network, weights } }: Method,
    rgb: Uint8Array,
    side: number,
  ): Promise<{ readonly student: Float32Array; readonly teacher: Float32Array | null }> {
    const copy = copyWeights(weights, "copy");
    const size = this.source.viewSize;
    const view = tf.tidy(() => {
      const picture = tf.tensor4d(
        Float32Array.from(rgb, (byte) => byte / 255),
        [1, side, side, 3],
      );
      return side === size ? picture : tf.image.resizeBilinear(picture, [size, size], false, true);
    });
    try {
      const features = tf.tidy(() => {
        const input = normalizeImages(view, imageNetPreprocessing);
        const [rows] = forward(network, copy, input, [network.features], { mode: "eval" }) as [tf.Tensor2D];
        return normalizeRows(rows);
      });
      const student = await features.data<"float32">();
      features.dispose();
      const said = await this.teacher?.plain.about(view);
      if (said === undefined) return { student, teacher: null };
      const unit = tf.tidy(() => normalizeRows(said.features));
      const teacher = await unit.data<"float32">();
      tf.dispose([unit, said.embedding, said.features]);
      return { student, teacher };
    } finally {
      view.dispose();
      disposeWeights(copy);
    }
  }

  dispose(): void {
    this.teacherRows?.dispose();
    this.teacherRows = null;
    this.forgetUntrained();
  }

  private forgetUntrained(): void {
    if (this.untrained !== null) disposeWeights(this.untrained.weights);
    this.untrained = null;
  }

  private async *measureAndForget(snapshot: Snapshot, step: number): Sliced<Evaluation> {
    try {
      return yield* this.measure(snapshot, step, "Measuring the student");
    } finally {
      disposeWeights(snapshot.weights);
    }
  }

  private async *measure(snapshot: Snapshot, step: number, task: string): Sliced<Evaluation> {
    yield* this.seeTeacher();
    // By then it has seen most images in training; before the first step it would be waited for.
    if (step > 0 && this.teacher !== null) yield* this.lookThroughTeacher(this.teacher);
    const { network } = snapshot;
    const both = network.embedding !== network.features;
    const wanted = both ? [network.features, network.embedding] : [network.embedding];
    const rows = yield* this.run(snapshot, this.probes, wanted, task);
    const [features, embedding] = tf.tidy(() => {
      const parts = both ? tf.split(rows, [network.featureDim, network.embeddingDim], 1) : [rows, rows];
      return [tf.clone(parts[0] as tf.Tensor2D), normalizeRows(parts[1] as tf.Tensor2D)] as const;
    });
    rows.dispose();
    try {
      const { knn, neighbours } = yield* this.lookAround(snapshot, features, step, task);
      const { teacherRows } = this;
      const comparable = teacherRows !== null && teacherRows.shape.join() === embedding.shape.join();
      const packed = tf.tidy(() =>
        tf.stack([
          embeddingSpread(embedding),
          comparable ? tf.mean(rowDots(embedding, teacherRows)) : tf.scalar(0),
        ]),
      );
      const [spread, cosine] = (await packed.data<"float32">()) as unknown as [number, number];
      packed.dispose();
      yield { task, done: 1, total: 1 };
      const effectiveRank = rankOf(await readRows(embedding));
      const overlap = this.overlapOf(neighbours);
      return { step, knn, cosine: comparable ? cosine : null, spread, overlap, effectiveRank };
    } finally {
      tf.dispose([features, embedding]);
    }
  }

  /** The teacher's embeddings of the probes, once. */
  private async *seeTeacher(): Sliced<void> {
    const { teacher, probes } = this;
    if (teacher === null || this.teacherRows !== null) return;
    yield* teacher.plain.ask(probes, this.plainViews);
    const said = teacher.plain.read(probes);
    this.teacherRows = tf.tidy(() => normalizeRows(teacher.see(said).embedding));
    tf.dispose([said.embedding, said.features]);
  }

  /**
   * Passes bank and queries through the student: accuracy where there are labels, and each query's nearest images.
   *
   * @param probeFeatures of the probes: those are the queries but in sets too small to hold images out.
   */
  private async *lookAround(
    snapshot: Snapshot,
    probeFeatures: tf.Tensor2D,
    step: number,
    task: string,
  ): Sliced<{ readonly knn: number | null; readonly neighbours: Int32Array | null }> {
    const { bank, queries, probes, teacher } = this;
    const { features } = snapshot.network;
    if (probes !== queries) return { knn: null, neighbours: null };
    const ofBank = yield* this.run(snapshot, bank, [features], task);
    try {
      const knn = this.labelled ? yield* this.accuracy(ofBank, probeFeatures, task) : null;
      const neighbours = teacher === null ? null : yield* this.nearest(ofBank, probeFeatures, task);
      if (step === 0) this.untrainedNeighbours = neighbours;
      this.studentRows = { step, rows: await this.rowsOf(ofBank, probeFeatures) };
      return { knn, neighbours };
    } finally {
      ofBank.dispose();
    }
  }

  /** Each query's nearest bank images, by place in the bank; null where there are too few to choose from. */
  private async *nearest(
    ofBank: tf.Tensor2D,
    ofQueries: tf.Tensor2D,
    task: string,
  ): Sliced<Int32Array | null> {
    if (this.bank.length < 2 * overlapNeighbours || this.queries.length === 0) return null;
    const [bank, queries] = tf.tidy(() => [normalizeRows(ofBank), normalizeRows(ofQueries)] as const);
    try {
      return (yield* searchNeighbours(bank, queries, overlapNeighbours, { task })).indices;
    } finally {
      tf.dispose([bank, queries]);
    }
  }

  private rowsOf(ofBank: tf.Tensor2D, ofQueries: tf.Tensor2D): Promise<LookedAt> {
    return lookAt([
      { indices: this.bank, features: ofBank },
      { indices: this.queries, features: ofQueries },
    ]);
  }

  /** Null until the teacher is known, too. */
  private overlapOf(neighbours: Int32Array | null): number | null {
    const { teachersNeighbours } = this;
    if (neighbours === null || teachersNeighbours === null) return null;
    return sharedNeighbours(neighbours, teachersNeighbours, overlapNeighbours);
  }

  private accuracy(bank: tf.Tensor2D, queries: tf.Tensor2D, task: string): Sliced<number> {
    const { neighbours, temperature } = this;
    const [bankClasses, queryClasses] = [this.classes(this.bank), this.classes(this.queries)];
    return accuracyInSlices({ bank, queries, bankClasses, queryClasses, neighbours, temperature }, task);
  }

  /** Results of layers, side by side: [indices.length, the sum of their widths]. */
  private run(
    { network, weights }: Snapshot,
    indices: Int32Array,
    wanted: readonly number[],
    task: string,
  ): Sliced<tf.Tensor2D> {
    return embedInSlices({
      task,
      indices,
      render: this.plainViews,
      embed: (views) =>
        tf.tidy(() => {
          const input = normalizeImages(views, imageNetPreprocessing);
          const results = forward(network, weights, input, wanted, { mode: "eval" }) as tf.Tensor2D[];
          return results.length === 1 ? results[0]! : tf.concat(results, 1);
        }),
    });
  }

  private readonly plainViews = (some: Int32Array): tf.Tensor4D => plainViews(this.source, some);

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
  private async *calibrate({ network, weights }: Snapshot, task: string): Sliced<void> {
    for (let i = 0; i < calibrationBatches; i++) {
      const indices = this.bank.subarray(i * calibrationBatchSize, (i + 1) * calibrationBatchSize);
      if (indices.length < Math.min(this.bank.length, calibrationBatchSize)) return;
      tf.tidy(() => {
        const input = normalizeImages(plainViews(this.source, indices), imageNetPreprocessing);
        forward(network, weights, input, [network.embedding], {
          mode: "train",
          statisticsMomentum: 1 / (i + 1),
        });
      });
      yield { task, done: 0, total: 1 };
    }
  }
}

/** Of images that the teacher has been shown; the caller disposes of them. */
function teachersFeatures(teacher: MeasuredTeacher, indices: Int32Array): tf.Tensor2D {
  const { embedding, features } = teacher.plain.read(indices);
  if (embedding !== features) embedding.dispose();
  return features;
}

/** Null where the eigenvalues of wholly collapsed embeddings do not settle. */
function rankOf(embedding: FeatureRows): number | null {
  try {
    return rankMe(singularValues(embedding));
  } catch {
    return null;
  }
}

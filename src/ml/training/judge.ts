import type { Config } from "../../contract/config.ts";
import type { Evaluation, EvaluationBaseline, PrefixScore } from "../../contract/metrics.ts";
import { isNested, prefixDims } from "../../contract/prefixDims.ts";
import { invariant } from "../../lib/invariant.ts";
import type { Sliced } from "../../lib/slices.ts";
import { plainViews } from "../augment/drawViews.ts";
import type { ViewSource } from "../augment/viewSource.ts";
import type { ImageStore } from "../data/imageStore.ts";
import type { Split } from "../data/split.ts";
import { rankMeInSlices } from "../eval/effectiveRank.ts";
import { readRows } from "../eval/featureRows.ts";
import { KeptFeatures } from "../eval/keptFeatures.ts";
import { accuracyInSlices, knnDefaults } from "../eval/knn.ts";
import { searchNeighbours, type Neighbours } from "../eval/nearestNeighbours.ts";
import { fitPca } from "../eval/pca.ts";
import { neighbourOverlap } from "../eval/neighbourOverlap.ts";
import { embeddingSpread } from "../eval/spread.ts";
import type { Method } from "../methods/method.ts";
import { copyWeights, disposeWeights } from "../models/weights.ts";
import type { PlainEmbeddings, StoredEmbeddings } from "../teachers/plainEmbeddings.ts";
import type { Embedded } from "../teachers/teacher.ts";
import { rowDots } from "../tensors/rowDots.ts";
import { normalizeRows, type UnitRows } from "../tensors/unitRows.ts";
import * as tf from "../tfjs/tf.ts";
import { allOf, evaluationSample, type EvaluationSample } from "./evaluationSample.ts";
import { calibrate, embedBySnapshot, layersOf, type Snapshot } from "./snapshot.ts";

/** Neighbours whose overlap is told. */
const overlapNeighbours = 10;
/** Smaller sets have no ten neighbours that mean anything. */
const fewestForOverlap = 20;
/** The effective rank is that of at most so many embeddings, and so no higher; its cost grows with their cube. */
const mostForRank = 256;

/** A teacher as far as it is measured: its embeddings of plain images, and what a student matches of them. */
export interface MeasuredTeacher {
  readonly plain: PlainEmbeddings;
  /** From the teacher's own embedding to the one that is matched; may change nothing. */
  readonly project: (embedded: Embedded) => Embedded;
}

/** The features of bank and queries by a network, now that it has been measured. */
export type Sighting =
  | { readonly by: "untrained" | "teacher"; readonly features: KeptFeatures }
  | { readonly by: "student"; readonly features: KeptFeatures; readonly step: number };

/** Rows of the bank and of the queries. */
interface Sampled {
  readonly bank: tf.Tensor2D;
  readonly queries: tf.Tensor2D;
}

/**
 * Measures networks on images they were not trained on: weighted kNN of backbone features (labels permitting), how many
 * neighbours by backbone features are the teacher's, the cosine with the teacher, and whether embeddings have collapsed.
 * All of it in slices that go between a run's steps, on a copy of the student. Nothing it does changes a network.
 */
export class Judge {
  private readonly sample: EvaluationSample;
  private readonly everyone: Int32Array;
  /** Whose embeddings are looked at: the queries, or the bank where a set is too small to hold images out. */
  private readonly probes: Int32Array;
  private readonly labelled: boolean;
  private readonly neighbours: number;
  private readonly temperature: number;
  /** The teacher's unit embeddings of the probes; the teacher is frozen, so once is enough. */
  private teacherRows: UnitRows | null = null;
  /** The probes' nearest in the bank by the teacher, once it has been shown both. */
  private teacherNeighbours: Neighbours | null = null;
  private untrained: Snapshot | null = null;
  /** Kept until they can be compared with the teacher's. */
  private untrainedNeighbours: Neighbours | null = null;
  /** The student as it was when it was measured last. */
  private latest: Snapshot | null = null;
  private baseline: EvaluationBaseline;
  /** Whether prefixes of the embedding learn, and are measured each time. */
  private readonly isNested: boolean;

  /** @param see told of every network that has been measured. */
  constructor(
    private readonly images: ImageStore,
    private readonly source: ViewSource,
    split: Split,
    config: Config,
    private readonly teacher: MeasuredTeacher | null,
    private readonly see: (sighting: Sighting) => void = () => undefined,
  ) {
    this.sample = evaluationSample(split, config);
    this.everyone = allOf(this.sample);
    const { bank, queries } = this.sample;
    this.labelled = (images.summary?.labels.length ?? 0) > 1 && queries.length > 0;
    this.probes = queries.length > 1 ? queries : bank;
    const defaults = knnDefaults(bank.length);
    this.neighbours = Math.min(config.knnNeighbours || defaults.neighbours, bank.length);
    this.temperature = defaults.temperature;
    this.isNested = isNested(config);
    this.baseline = {
      teacherKnn: null,
      teacherPrefixes: null,
      untrainedKnn: null,
      untrainedOverlap: null,
      chance: this.chance(),
      neighbours: this.neighbours,
      temperature: this.temperature,
      bankImages: bank.length,
      queryImages: queries.length,
    };
  }

  /** Keeps a copy of the student as it is, before its first step, so that `measureUntrained` can wait. */
  keepUntrained({ trainer }: Method): void {
    this.untrained = { network: trainer.network, weights: copyWeights(trainer.weights, "fresh") };
  }

  /**
   * The student before its first step, whatever has become of it since `keepUntrained`. To be called once.
   *
   * @returns the fixed lines as far as they are known, too.
   */
  async *measureUntrained(): Sliced<{ baseline: EvaluationBaseline; evaluation: Evaluation }> {
    const { untrained } = this;
    invariant(untrained !== null, "the untrained student was kept");
    const task = "Measuring the untrained student";
    yield* calibrate(untrained, this.sample.bank, this.plainViews, task);
    const evaluation = yield* this.measure(untrained, 0, this.isNested, task);
    this.forgetUntrained();
    this.baseline = {
      ...this.baseline,
      untrainedKnn: evaluation.knn,
      untrainedOverlap: evaluation.overlap,
    };
    return { baseline: this.baseline, evaluation };
  }

  /** The fixed lines with the teacher's, once it has been shown the bank and the questions; null without any. */
  async *measureTeacher(): Sliced<EvaluationBaseline | null> {
    const { teacher } = this;
    if (teacher === null) return null;
    yield* teacher.plain.compute(this.everyone, this.plainViews);
    yield* this.findTeacherNeighbours();
    const { untrainedNeighbours, teacherNeighbours } = this;
    if (untrainedNeighbours !== null && teacherNeighbours !== null) {
      const untrainedOverlap = neighbourOverlap(untrainedNeighbours, teacherNeighbours);
      this.baseline = { ...this.baseline, untrainedOverlap };
    }
    if (!this.labelled) return this.baseline;
    const features = this.teacherFeatures(teacher);
    try {
      const teacherKnn = yield* this.accuracy(features, "Measuring the teacher");
      this.baseline = { ...this.baseline, teacherKnn };
    } finally {
      tf.dispose([features.bank, features.queries]);
    }
    if (this.isNested) {
      const directions = await this.teacherDirections(teacher);
      const teacherPrefixes = yield* this.prefixScores(directions, "Measuring the teacher");
      directions.dispose();
      this.baseline = { ...this.baseline, teacherPrefixes };
    }
    return this.baseline;
  }

  /**
   * The student as it is now; the copy is made at once, the measuring when slices are pulled.
   *
   * @param isLast whether it is worth waiting for the teacher to see what it has not seen yet.
   */
  measureStudent({ trainer }: Method, step: number, isLast: boolean): Sliced<Evaluation> {
    const snapshot = { network: trainer.network, weights: copyWeights(trainer.weights, "copy") };
    return this.measureAndKeep(snapshot, step, isLast);
  }

  /**
   * Backbone features of a picture by the student as it was when it was measured last; null before that.
   *
   * @param view [1, V, V, 3] in [0, 1]; stays the caller's.
   */
  async featuresOf(view: tf.Tensor4D): Promise<Float32Array | null> {
    const { latest } = this;
    if (latest === null) return null;
    const features = layersOf(latest, view, [latest.network.features]);
    const values = (await features.data<"float32">()).slice();
    features.dispose();
    return values;
  }

  dispose(): void {
    this.teacherRows?.dispose();
    this.teacherRows = null;
    this.forgetUntrained();
    this.keepLatest(null);
  }

  private forgetUntrained(): void {
    if (this.untrained !== null) disposeWeights(this.untrained.weights);
    this.untrained = null;
  }

  private keepLatest(snapshot: Snapshot | null): void {
    if (this.latest !== null) disposeWeights(this.latest.weights);
    this.latest = snapshot;
  }

  private async *measureAndKeep(snapshot: Snapshot, step: number, isLast: boolean): Sliced<Evaluation> {
    let isKept = false;
    try {
      const { teacher } = this;
      if (isLast && teacher !== null) yield* teacher.plain.compute(this.everyone, this.plainViews);
      const withPrefixes = isLast || this.isNested;
      const evaluation = yield* this.measure(snapshot, step, withPrefixes, "Measuring the student");
      this.keepLatest(snapshot);
      isKept = true;
      return evaluation;
    } finally {
      if (!isKept) disposeWeights(snapshot.weights);
    }
  }

  private async *measure(
    snapshot: Snapshot,
    step: number,
    withPrefixes: boolean,
    task: string,
  ): Sliced<Evaluation> {
    yield* this.seeTeacher();
    yield* this.findTeacherNeighbours();
    const { network } = snapshot;
    const isHeadless = network.embedding === network.features;
    const wanted = isHeadless ? [network.features] : [network.features, network.embedding];
    const rows = yield* embedBySnapshot(snapshot, this.everyone, this.plainViews, wanted, task);
    const [features, embedded, embedding] = tf.tidy(() => {
      const parts = isHeadless ? [rows, rows] : tf.split(rows, [network.featureDim, network.embeddingDim], 1);
      const embedded = parts[1] as tf.Tensor2D;
      const probes = normalizeRows(this.rowsOfProbes(embedded));
      return [tf.clone(parts[0] as tf.Tensor2D), tf.clone(embedded), probes] as const;
    });
    rows.dispose();
    const sampled = this.sampled(features);
    try {
      await this.tell(features, step);
      const knn = this.labelled ? yield* this.accuracy(sampled, task) : null;
      const prefixes =
        withPrefixes && this.labelled && !isHeadless ? yield* this.prefixScores(embedded, task) : null;
      const overlap = yield* this.overlap(sampled, step, task);
      const effectiveRank = yield* this.effectiveRank(embedding, task);
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
      return { step, knn, cosine: comparable ? cosine : null, spread, overlap, effectiveRank, prefixes };
    } finally {
      tf.dispose([features, embedded, embedding, sampled.bank, sampled.queries]);
    }
  }

  /** @param features [everyone, D] raw. A sync point. */
  private async tell(features: tf.Tensor2D, step: number): Promise<void> {
    const kept = new KeptFeatures(this.everyone, await features.data<"float32">(), features.shape[1]);
    this.see(step === 0 ? { by: "untrained", features: kept } : { by: "student", features: kept, step });
  }

  /** Null until the teacher's neighbours are known, which for the untrained student are waited for elsewhere. */
  private async *overlap(features: Sampled, step: number, task: string): Sliced<number | null> {
    if (this.teacher === null || this.images.count < fewestForOverlap) return null;
    const { teacherNeighbours } = this;
    if (teacherNeighbours === null && step > 0) return null;
    const found = yield* this.nearest(features, task);
    if (teacherNeighbours !== null) return neighbourOverlap(found, teacherNeighbours);
    this.untrainedNeighbours = found;
    return null;
  }

  /** RankMe of the probes' unit embeddings. A sync point. */
  private async *effectiveRank(embedding: UnitRows, task: string): Sliced<number | null> {
    const [count, dim] = embedding.shape;
    if (count < 2) return null;
    const some: tf.Tensor2D = tf.slice2d(embedding, [0, 0], [Math.min(count, mostForRank), dim]);
    const rows = await readRows(some);
    some.dispose();
    try {
      const rank = yield* rankMeInSlices(rows, task);
      return Number.isFinite(rank) ? rank : null;
    } catch {
      return null; // of wholly collapsed embeddings: eigenvalues of rounding alone need not settle
    }
  }

  /** The teacher's embeddings of the probes, once. */
  private async *seeTeacher(): Sliced<void> {
    const { teacher, probes } = this;
    if (teacher === null || this.teacherRows !== null) return;
    yield* teacher.plain.compute(probes, this.plainViews);
    const embedded = teacher.plain.read(probes);
    this.teacherRows = tf.tidy(() => normalizeRows(teacher.project(embedded).embedding));
    tf.dispose([embedded.embedding, embedded.features]);
  }

  /** The teacher's neighbours, once, if it has embedded all images that takes: nothing is computed for it. */
  private async *findTeacherNeighbours(): Sliced<void> {
    const { teacher } = this;
    if (teacher === null || this.teacherNeighbours !== null || !teacher.plain.knows(this.everyone)) return;
    const kept = keptFeaturesOf(teacher.plain.stored(), this.everyone);
    if (kept !== null) this.see({ by: "teacher", features: kept });
    if (this.images.count < fewestForOverlap) return;
    const features = this.teacherFeatures(teacher);
    try {
      this.teacherNeighbours = yield* this.nearest(features, "Measuring the teacher");
    } finally {
      tf.dispose([features.bank, features.queries]);
    }
  }

  /** @returns [everyone, D] the matched embedding, centred and turned so that its variance falls from column to column. */
  private async teacherDirections(teacher: MeasuredTeacher): Promise<tf.Tensor2D> {
    const embedded = teacher.plain.read(this.everyone);
    const unit: tf.Tensor2D = tf.tidy(() => normalizeRows(teacher.project(embedded).embedding));
    tf.dispose([embedded.embedding, embedded.features]);
    const dim = unit.shape[1];
    const { mean, components } = await fitPca(unit, dim, 0);
    const turned: tf.Tensor2D = tf.tidy(() =>
      tf.matMul(tf.sub<tf.Tensor2D>(unit, tf.tensor1d(mean)), tf.tensor2d(components, [dim, dim])),
    );
    unit.dispose();
    return turned;
  }

  private teacherFeatures({ plain }: MeasuredTeacher): Sampled {
    const { embedding, features } = plain.read(this.everyone);
    if (embedding !== features) embedding.dispose();
    const sampled = this.sampled(features);
    features.dispose();
    return sampled;
  }

  /** @param rows [everyone, D] */
  private sampled(rows: tf.Tensor2D): Sampled {
    const { bank, queries } = this.sample;
    const width = rows.shape[1];
    return {
      bank: tf.slice2d(rows, [0, 0], [bank.length, width]),
      // A set of one image holds none out, and tfjs has no rows of nothing.
      queries:
        queries.length === 0 ? tf.clone(rows) : tf.slice2d(rows, [bank.length, 0], [queries.length, width]),
    };
  }

  /** @param rows [everyone, D] */
  private rowsOfProbes(rows: tf.Tensor2D): tf.Tensor2D {
    const { sample, probes } = this;
    const first = probes === sample.queries ? sample.bank.length : 0;
    return tf.slice2d(rows, [first, 0], [probes.length, rows.shape[1]]);
  }

  /** The ten images of the bank that are nearest to each probe, itself excluded; fewer where there are not so many. */
  private async *nearest(features: Sampled, task: string): Sliced<Neighbours> {
    const excludeSelf = this.probes === this.sample.bank;
    const bank = normalizeRows(features.bank);
    const queries = excludeSelf ? bank : normalizeRows(features.queries);
    const k = Math.min(overlapNeighbours, bank.shape[0] - (excludeSelf ? 1 : 0));
    try {
      return yield* searchNeighbours(bank, queries, k, { excludeSelf, task });
    } finally {
      tf.dispose([bank, queries]);
    }
  }

  /** @param embedded [everyone, D] raw */
  private async *prefixScores(embedded: tf.Tensor2D, task: string): Sliced<readonly PrefixScore[]> {
    const scores: PrefixScore[] = [];
    for (const dims of prefixDims(embedded.shape[1])) {
      const cut: tf.Tensor2D = tf.slice2d(embedded, [0, 0], [embedded.shape[0], dims]);
      const sampled = this.sampled(cut);
      cut.dispose();
      try {
        scores.push({ dims, knn: yield* this.accuracy(sampled, task) });
      } finally {
        tf.dispose([sampled.bank, sampled.queries]);
      }
    }
    return scores;
  }

  private accuracy({ bank, queries }: Sampled, task: string): Sliced<number> {
    const { neighbours, temperature, sample } = this;
    const [bankClasses, queryClasses] = [this.classes(sample.bank), this.classes(sample.queries)];
    return accuracyInSlices({ bank, queries, bankClasses, queryClasses, neighbours, temperature }, task);
  }

  private readonly plainViews = (some: Int32Array): tf.Tensor4D => plainViews(this.source, some);

  private classes(indices: Int32Array): Int32Array {
    return indices.map((index) => this.images.classOf(index));
  }

  /** Share of the largest class among the queries. */
  private chance(): number | null {
    if (!this.labelled) return null;
    const { queries } = this.sample;
    const counts = new Map<number, number>();
    for (const label of this.classes(queries)) counts.set(label, (counts.get(label) ?? 0) + 1);
    return Math.max(...counts.values()) / queries.length;
  }
}

/** What a teacher says of images, where it has been shown all of them. */
export function keptFeaturesOf(stored: StoredEmbeddings | null, indices: Int32Array): KeptFeatures | null {
  if (stored === null || !indices.every((index) => stored.known[index] === 1)) return null;
  const { values, dim } = stored.features;
  const some = new Float32Array(indices.length * dim);
  indices.forEach((index, row) => some.set(values.subarray(index * dim, (index + 1) * dim), row * dim));
  return new KeptFeatures(indices, some, dim);
}

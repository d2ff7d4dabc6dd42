import type { Config } from "../../contract/config.ts";
import type { DatasetSummary } from "../../contract/dataset.ts";
import { methods } from "../../contract/methods.ts";
import type { EarlierStudent, Neighbour, NeighbourLists, PictureQuery } from "../../contract/sight.ts";
import { createPrng } from "../../lib/prng.ts";
import type { Sliced } from "../../lib/slices.ts";
import { CpuViewSource } from "../../ml/augment/cpuViewSource.ts";
import { plainViews } from "../../ml/augment/drawViews.ts";
import { renderViews } from "../../ml/augment/renderViews.ts";
import { packViews, wholeView } from "../../ml/augment/viewParameters.ts";
import type { ImageStore } from "../../ml/data/imageStore.ts";
import { readStudentFile, type TrainedNetwork } from "../../ml/export/trainedNetwork.ts";
import { KeptFeatures } from "../../ml/eval/keptFeatures.ts";
import { studentNetwork } from "../../ml/methods/createMethod.ts";
import { parameterCount } from "../../ml/models/parameterCount.ts";
import { disposeWeights, initialiseWeights, loadWeights } from "../../ml/models/weights.ts";
import { embedWithTeacher } from "../../ml/teachers/embedWithTeacher.ts";
import type { Render } from "../../ml/teachers/plainEmbeddings.ts";
import type { Teacher } from "../../ml/teachers/teacher.ts";
import * as tf from "../../ml/tfjs/tf.ts";
import { allOf, evaluationSample } from "../../ml/training/evaluationSample.ts";
import { keptFeaturesOf, type Sighting } from "../../ml/training/judge.ts";
import { calibrate, embedBySnapshot, layersOf, type Snapshot } from "../../ml/training/snapshot.ts";
import { hashOfTeacher } from "../teacher/hashOfTeacher.ts";
import { fitToSet } from "./fitToSet.ts";
import type { Session } from "./session.ts";
import { SpareTime } from "./spareTime.ts";

/** A teacher does not embed a set ahead that would keep it busy for longer. */
const longestEmbeddingMs = 5000;
/** Larger students take too long to make for something that nobody waits for. */
const mostParameters = 3_000_000;
/** Features of so many untrained students, and of so many teachers, are kept. */
const mostKept = 3;

const task = "Finding neighbours";

/** An earlier student, in the host's memory: it is seldom asked. */
interface OpenedStudent extends TrainedNetwork {
  readonly step: number;
  /** What it makes of a set; null before it has been worked out. */
  seen: PresentStudent | null;
}

/** The student of the present or last run, as it was when it was measured last. */
interface PresentStudent {
  readonly fingerprint: string;
  readonly step: number;
  readonly features: KeptFeatures;
}

/**
 * What networks see: the features of a set's images by the untrained student, the present one and the teacher, kept in
 * the host's memory, so that the neighbours of an image are found at once, whatever else goes on. Backbone features, on
 * which kNN is measured too. A run's judge hands on what it has found anyway; before a run the untrained student embeds
 * the set in spare time, and so does the teacher where its embeddings are known or soon had.
 */
export class Sight {
  readonly spareTime = new SpareTime();
  private readonly untrained = new Map<string, KeptFeatures>();
  private readonly teachers = new Map<string, KeptFeatures>();
  private present: PresentStudent | null = null;
  /** Answers in place of the present one. */
  private opened: OpenedStudent | null = null;
  /** Of teachers that would take too long. */
  private readonly givenUp = new Set<string>();
  /** What was last asked for. */
  private wanted: Config | null = null;
  private readonly numbers = new WeakMap<Teacher, number>();
  private teacherCount = 0;

  constructor(private readonly session: Session) {}

  /** What a run's judge has found. */
  take(sighting: Sighting, { fingerprint }: DatasetSummary, config: Config): void {
    const { by, features } = sighting;
    if (by === "student") this.present = { fingerprint, step: sighting.step, features };
    else if (by === "untrained") keep(this.untrained, untrainedKey(fingerprint, config), features);
    else {
      const key = this.teacherKey(fingerprint, config);
      if (key !== null) keep(this.teachers, key, features);
    }
    this.session.emit({ type: "neighboursChanged" });
  }

  /** Has an earlier student answer, or the present one again. @throws AppError as the request does. */
  lookThrough(student: EarlierStudent | null): void {
    this.opened =
      student === null
        ? null
        : { ...readStudentFile(student.weights, student.settings), step: student.step, seen: null };
    this.session.emit({ type: "neighboursChanged" });
  }

  /** The student of the run before is gone, and no other is looked through. */
  forgetPresent(): void {
    if (this.present === null && this.opened === null) return;
    this.present = null;
    this.opened = null;
    this.session.emit({ type: "neighboursChanged" });
  }

  async neighbours(query: PictureQuery, config: Config, count: number): Promise<NeighbourLists> {
    this.workOut(config);
    const store = this.images();
    const fingerprint = store?.summary?.fingerprint;
    if (store === null || fingerprint === undefined) return noLists;
    const before = this.untrained.get(untrainedKey(fingerprint, config)) ?? null;
    const student = this.opened === null ? this.present : this.opened.seen;
    const present = student?.fingerprint === fingerprint ? student : null;
    const key = this.teacherKey(fingerprint, config);
    const teacher = key === null ? null : (this.teachers.get(key) ?? null);
    const except = query.kind === "image" ? query.index : -1;
    if (query.kind === "image" && !(query.index >= 0 && query.index < store.count)) return noLists;

    const known = (kept: KeptFeatures): Float32Array | null =>
      query.kind === "image" ? kept.of(query.index) : null;
    const list = (kept: KeptFeatures, features: Float32Array | null): readonly Neighbour[] | null =>
      features === null || features.length !== kept.dim ? null : kept.nearest(features, count, except);
    const seen = pictureOf(query, store);
    let now: readonly Neighbour[] | null = null;
    if (present !== null)
      now = list(present.features, known(present.features) ?? (await this.featuresByStudent(seen)));
    let byTeacher: readonly Neighbour[] | null = null;
    if (teacher !== null)
      byTeacher = list(teacher, known(teacher) ?? (await this.featuresByTeacher(seen, config)));
    return {
      before: before && list(before, known(before)),
      now,
      teacher: byTeacher,
      step: now === null ? null : (present?.step ?? null),
    };
  }

  /** Has what is not known of a configuration's networks worked out, when there is time. */
  workOut(config: Config): void {
    this.wanted = config;
    const { session } = this;
    const summary = this.images()?.summary ?? null;
    if (session.backend === null || session.isRunGoing || summary === null) return;
    const { fingerprint } = summary;
    const [untrained, teacher] = [untrainedKey(fingerprint, config), this.teacherKey(fingerprint, config)];
    const isTeacherWanted = teacher !== null && !this.teachers.has(teacher) && !this.givenUp.has(teacher);
    const isUntrainedWanted = !this.untrained.has(untrained) && !this.givenUp.has(untrained);
    const isOpenedWanted = this.openedToSee(fingerprint) !== null;
    if (!isTeacherWanted && !isUntrainedWanted && !isOpenedWanted) return;
    void this.spareTime.use(`${untrained} ${teacher} ${isOpenedWanted}`, () => this.findOut(config));
  }

  /** Goes on with what was last asked for and has been given up. */
  goOn(): void {
    if (this.wanted !== null) this.workOut(this.wanted);
  }

  /** The images that a run would learn from, as far as that is known. */
  private images(): ImageStore | null {
    return this.session.images ?? this.session.demo.whole;
  }

  private async *findOut(config: Config): Sliced<void> {
    const store = this.images();
    if (store?.summary === undefined || store.summary === null) return;
    const { summary, split } = fitToSet(store, config);
    const sample = evaluationSample(split, config);
    const everyone = allOf(sample);
    const source = new CpuViewSource(store, config.imageSize); // no GPU need be set up for it
    const render: Render = (some) => plainViews(source, some);

    const opened = this.openedToSee(summary.fingerprint);
    if (opened !== null)
      yield* this.seeByOpened(opened, everyone, new CpuViewSource(store, opened.imageSize), summary);
    const teacherKey = this.teacherKey(summary.fingerprint, config);
    const isTeacherKnown = teacherKey === null || this.teachers.has(teacherKey);
    if (!isTeacherKnown) {
      const features = await this.recallTeacher(everyone, summary, config);
      if (features !== null) this.take({ by: "teacher", features }, summary, config);
      yield { task, done: 0, total: 1 };
    }
    const key = untrainedKey(summary.fingerprint, config);
    if (!this.untrained.has(key)) {
      const network = studentNetwork(config, null);
      if (parameterCount(network) > mostParameters) this.givenUp.add(key);
      else {
        const weights = initialiseWeights(network, createPrng(config.seed, "init"));
        try {
          const snapshot = { network, weights };
          yield* calibrate(snapshot, sample.bank, render, task);
          const features = yield* featuresOfSet(snapshot, everyone, render);
          this.take({ by: "untrained", features }, summary, config);
        } finally {
          disposeWeights(weights);
        }
      }
    }
    if (!isTeacherKnown && !this.teachers.has(teacherKey))
      yield* this.embedAhead(teacherKey, everyone, render, summary, config);
  }

  /** The student that is looked through, where it has not seen this set yet. */
  private openedToSee(fingerprint: string): OpenedStudent | null {
    return this.opened?.seen?.fingerprint === fingerprint ? null : this.opened;
  }

  /** At the size it was trained at, whatever the present settings say. */
  private async *seeByOpened(
    opened: OpenedStudent,
    indices: Int32Array,
    source: CpuViewSource,
    { fingerprint }: DatasetSummary,
  ): Sliced<void> {
    const { network, state, step } = opened;
    const weights = loadWeights(network, state, false);
    try {
      const render: Render = (some) => plainViews(source, some);
      const features = yield* featuresOfSet({ network, weights }, indices, render);
      opened.seen = { fingerprint, step, features };
    } finally {
      disposeWeights(weights);
    }
    this.session.emit({ type: "neighboursChanged" });
  }

  /** Of a teacher's embeddings, those computed already. */
  private async recallTeacher(
    indices: Int32Array,
    summary: DatasetSummary,
    config: Config,
  ): Promise<KeptFeatures | null> {
    const { embeddings } = this.session;
    const loaded = this.loadedTeacher(config);
    if (loaded !== null)
      return keptFeaturesOf(
        (await embeddings.of(loaded.teacher, await loaded.hash, summary, config)).stored(),
        indices,
      );
    const hash = await hashOfTeacher({ kind: "bundled" });
    return hash === null ? null : keptFeaturesOf(await embeddings.ofBundled(hash, summary, config), indices);
  }

  /** Has a teacher embed all images, unless that would take long. */
  private async *embedAhead(
    key: string,
    indices: Int32Array,
    render: Render,
    summary: DatasetSummary,
    config: Config,
  ): Sliced<void> {
    const loaded = this.loadedTeacher(config);
    if (loaded === null) return;
    const plain = await this.session.embeddings.of(loaded.teacher, await loaded.hash, summary, config);
    const embedding = plain.compute(indices, render);
    let embeddingMs = 0;
    for (;;) {
      const startMs = performance.now();
      const next = await embedding.next();
      if (next.done === true) break;
      embeddingMs += performance.now() - startMs;
      if ((embeddingMs / next.value.done) * next.value.total > longestEmbeddingMs) {
        this.givenUp.add(key);
        return;
      }
      yield next.value;
    }
    const features = keptFeaturesOf(plain.stored(), indices);
    if (features !== null) this.take({ by: "teacher", features }, summary, config);
  }

  /** The teacher that a configuration means, where it is loaded. */
  private loadedTeacher(config: Config): Session["teacher"] {
    const { teacher: loaded } = this.session;
    if (loaded === null || config.teacher === "none") return null;
    return (loaded.teacher.card.source === "bundled") === (config.teacher === "bundled") ? loaded : null;
  }

  /** Tells teachers' features apart; null where there is none. */
  private teacherKey(fingerprint: string, config: Config): string | null {
    if (!methods[config.method].usesTeacher || config.teacher === "none") return null;
    const loaded = this.loadedTeacher(config)?.teacher ?? null;
    if (config.teacher === "own" && loaded === null) return null;
    let name = "bundled";
    if (config.teacher === "own" && loaded !== null) {
      const number = this.numbers.get(loaded) ?? ++this.teacherCount;
      this.numbers.set(loaded, number);
      name = `own ${number}`;
    }
    const { imageSize, teacherInputSize } = config;
    return JSON.stringify([name, sampleKey(fingerprint, config), imageSize, teacherInputSize]);
  }

  /** Between a run's steps. */
  private async featuresByStudent(picture: Picture): Promise<Float32Array | null> {
    if (this.opened !== null) return featuresBy(this.opened, picture);
    const { run } = this.session;
    if (run === null) return null;
    return run.featuresOf(rendered(picture, run.imageSize));
  }

  private async featuresByTeacher(picture: Picture, config: Config): Promise<Float32Array | null> {
    const loaded = this.loadedTeacher(config);
    if (loaded === null) return null;
    const embed = async (): Promise<Float32Array | null> => {
      const { imageSize: size, teacherInputSize } = config;
      const view = tf.tensor4d(rendered(picture, size), [1, size, size, 3]);
      try {
        const { embedding, features } = await embedWithTeacher(loaded.teacher, view, teacherInputSize);
        const values = (await features.data<"float32">()).slice();
        tf.dispose([embedding, features]);
        return values;
      } finally {
        view.dispose();
      }
    };
    const { run } = this.session;
    return run === null ? embed() : run.visit(embed);
  }
}

const noLists: NeighbourLists = { before: null, now: null, teacher: null, step: null };

interface Picture {
  readonly side: number;
  readonly rgb: Uint8Array;
}

function pictureOf(query: PictureQuery, store: ImageStore): Picture {
  return query.kind === "picture" ? query : { side: store.size, rgb: store.pixelsOf(query.index) };
}

async function* featuresOfSet(snapshot: Snapshot, indices: Int32Array, render: Render): Sliced<KeptFeatures> {
  const { features, featureDim } = snapshot.network;
  const rows = yield* embedBySnapshot(snapshot, indices, render, [features], task);
  const values = await rows.data<"float32">();
  rows.dispose();
  return new KeptFeatures(indices, values, featureDim);
}

async function featuresBy(
  { network, state, imageSize: size }: TrainedNetwork,
  picture: Picture,
): Promise<Float32Array> {
  const weights = loadWeights(network, state, false);
  try {
    const features = tf.tidy(() =>
      layersOf({ network, weights }, tf.tensor4d(rendered(picture, size), [1, size, size, 3]), [
        network.features,
      ]),
    );
    const values = (await features.data<"float32">()).slice();
    features.dispose();
    return values;
  } finally {
    disposeWeights(weights);
  }
}

/** The whole of a picture as a network of this project sees it: [size, size, 3] in [0, 1]. */
function rendered({ side, rgb }: Picture, size: number): Float32Array {
  return renderViews(rgb, side, packViews([wholeView(side, side)]), size);
}

function sampleKey(fingerprint: string, { holdout, splitSeed, evaluationImages }: Config): string {
  return JSON.stringify([fingerprint, holdout, splitSeed, evaluationImages]);
}

/** Everything that an untrained backbone's features follow from; its head is drawn after it and changes nothing. */
function untrainedKey(fingerprint: string, config: Config): string {
  const { student, studentStem, studentWidth, imageSize, seed } = config;
  return JSON.stringify([
    sampleKey(fingerprint, config),
    student,
    studentStem,
    studentWidth,
    imageSize,
    seed,
  ]);
}

/** The latest last; the oldest makes room. */
function keep(kept: Map<string, KeptFeatures>, key: string, features: KeptFeatures): void {
  kept.delete(key);
  kept.set(key, features);
  const [oldest] = kept.keys();
  if (kept.size > mostKept && oldest !== undefined) kept.delete(oldest);
}

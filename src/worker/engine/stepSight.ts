import type { Config } from "../../contract/config.ts";
import type { StepPictures, StepReplay } from "../../contract/sight.ts";
import { CpuViewSource } from "../../ml/augment/cpuViewSource.ts";
import { plainViews } from "../../ml/augment/drawViews.ts";
import { viewColumns, type ViewParameters } from "../../ml/augment/viewParameters.ts";
import type { ImageStore } from "../../ml/data/imageStore.ts";
import { forward } from "../../ml/executors/forward.ts";
import type { Method } from "../../ml/methods/method.ts";
import { copyWeights, disposeWeights, type Weights } from "../../ml/models/weights.ts";
import { imageNetPreprocessing, normalizeImages } from "../../ml/tensors/normalizeImages.ts";
import { normalizeRows } from "../../ml/tensors/unitRows.ts";
import type { MeasuredTeacher } from "../../ml/training/judge.ts";
import type { DrawnStep } from "../../ml/training/train.ts";
import * as tf from "../../ml/tfjs/tf.ts";
import { toRgba } from "./toRgba.ts";

/** Pictures are for the eye: no more than it can follow. */
const picturesEveryMs = 300;
/** An image stays for some pictures, so that its views are seen to change. */
const picturesPerImage = 4;

/**
 * What the steps of a run look like. Views are rendered a second time, on the processor, from the numbers that the step's
 * own were rendered from; nothing is read back from a GPU, and no state of the run is touched.
 */
export class StepSight {
  private readonly source: CpuViewSource;
  private last: DrawnStep | null = null;
  private shownMs = -Infinity;
  private shown = 0;

  constructor(
    private readonly images: ImageStore,
    private readonly config: Config,
    private readonly now: () => number,
    private readonly show: (pictures: StepPictures) => void,
  ) {
    this.source = new CpuViewSource(images, config.imageSize);
  }

  /** To be told of every step. */
  readonly onDrawn = (drawn: DrawnStep): void => {
    this.last = drawn;
    const now = this.now();
    if (now - this.shownMs < picturesEveryMs) return;
    this.shownMs = now;
    void this.pictures(drawn, this.rowShown(drawn)).then(this.show);
    this.shown++;
  };

  /** The first of the batch, for some steps; then it is another batch's first. */
  private rowShown({ indices }: DrawnStep): number {
    return Math.floor(this.shown / picturesPerImage) % indices.length;
  }

  private async pictures({ step, indices, first, second }: DrawnStep, row: number): Promise<StepPictures> {
    const index = indices[row]!;
    const one = Int32Array.of(index);
    const tensors = [
      this.source.render(one, rowOfParameters(first, row)),
      this.source.render(one, rowOfParameters(second, row)),
      plainViews(this.source, one),
    ];
    const [one1, two, plain] = await Promise.all(
      tensors.map(async (view) => toRgba(await view.data<"float32">())),
    );
    tf.dispose(tensors);
    return {
      step,
      index,
      name: this.images.nameOf(index),
      label: this.images.classOf(index),
      side: this.config.imageSize,
      views: [one1!, two!],
      plain: plain!,
    };
  }

  /**
   * The last step again, passed through copies of the networks as they are after it, for one image of its batch. Null
   * where the views were stored ones, or no step was taken yet.
   */
  async replay(method: Method, teacher: MeasuredTeacher | null): Promise<StepReplay | null> {
    const { last } = this;
    if (last === null) return null;
    const pictures = await this.pictures(last, 0);
    const mean = meanStudentOf(method);
    const student = await this.embed(last, method, method.trainer.weights);
    const meanStudent = mean === null ? null : await this.embed(last, method, mean);
    return {
      pictures,
      student,
      meanStudent,
      teacher: teacher === null ? null : await teachersRows(teacher, pictures.index),
      queue: await queueFacts(method, student[0]),
    };
  }

  /** Unit embeddings of the first image's two views, the whole batch passing for BatchNorm's sake. */
  private async embed(
    { indices, first, second }: DrawnStep,
    { trainer: { network } }: Method,
    weights: Weights,
  ): Promise<[Float32Array, Float32Array]> {
    const copy = copyWeights(weights, "copy");
    try {
      const rows = [first, second].map((parameters) =>
        tf.tidy(() => {
          const input = normalizeImages(this.source.render(indices, parameters), imageNetPreprocessing);
          const [embedding] = forward(network, copy, input, [network.embedding], {
            mode: "train",
            statisticsMomentum: 0,
          }) as [tf.Tensor2D];
          return normalizeRows(tf.slice2d(embedding, [0, 0], [1, network.embeddingDim]));
        }),
      );
      const [one, two] = await Promise.all(rows.map((row) => row.data<"float32">()));
      tf.dispose(rows);
      return [one!, two!];
    } finally {
      disposeWeights(copy);
    }
  }
}

function rowOfParameters({ values }: ViewParameters, row: number): ViewParameters {
  const width = viewColumns.length;
  return { count: 1, values: values.slice(row * width, (row + 1) * width) };
}

/** Of methods that have one, as long as it is not on the GPU in a compiled step. */
function meanStudentOf(method: Method): Weights | null {
  return "meanStudent" in method ? (method.meanStudent as Weights) : null;
}

async function teachersRows(
  teacher: MeasuredTeacher,
  index: number,
): Promise<[Float32Array, Float32Array] | null> {
  const one = Int32Array.of(index);
  if (!teacher.plain.knows(one)) return null;
  const said = teacher.plain.read(one);
  const row = tf.tidy(() => normalizeRows(teacher.see(said).embedding));
  const values = await row.data<"float32">();
  row.dispose();
  tf.dispose([said.embedding, said.features]);
  return [values, values];
}

async function queueFacts({ queue }: Method, query: Float32Array): Promise<StepReplay["queue"]> {
  if (queue === undefined) return null;
  const similarities = tf.tidy(() => {
    const keys = queue.keys();
    return tf.reshape(tf.matMul(keys, tf.tensor2d(query, [query.length, 1])), [-1]);
  });
  const values = await similarities.data<"float32">();
  similarities.dispose();
  return {
    size: values.length,
    meanSimilarity: values.reduce((sum, value) => sum + value, 0) / values.length,
    nearestSimilarity: values.reduce((most, value) => Math.max(most, value), -1),
  };
}

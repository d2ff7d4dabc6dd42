import { yieldToMessages } from "../../lib/yieldToMessages.ts";
import { plainViews } from "../augment/drawViews.ts";
import type { ViewSource } from "../augment/viewSource.ts";
import * as tf from "../tf.ts";
import { askTeacher } from "./askTeacher.ts";
import type { Embedded, Teacher } from "./teacher.ts";

/** Images pushed through the teacher at once. */
const imagesAtOnce = 64;

/**
 * What a teacher says of every image of a set, seen whole and without augmentation: one embedding an image, kept in
 * the host's memory (4 bytes a number), where it outlives runs and costs no tensors.
 */
export class PlainEmbeddings {
  private constructor(
    private readonly embedding: Rows,
    /** The same rows where the teacher's features are its embedding. */
    private readonly features: Rows,
  ) {}

  /**
   * Asks the teacher about all images, a batch at a time, letting the thread's messages through in between.
   *
   * @param cancelled asked between batches; once true, null is returned.
   */
  static async collect(
    teacher: Teacher,
    source: ViewSource,
    count: number,
    inputSize: number,
    { report, cancelled }: { report: (done: number) => void; cancelled: () => boolean },
  ): Promise<PlainEmbeddings | null> {
    let all: PlainEmbeddings | null = null;
    for (let first = 0; first < count; first += imagesAtOnce) {
      const indices = Int32Array.from({ length: Math.min(imagesAtOnce, count - first) }, (_, i) => first + i);
      const views = plainViews(source, indices);
      const said = await askTeacher(teacher, views, inputSize);
      views.dispose();
      const { embedding, features } = said;
      all ??= PlainEmbeddings.empty(count, said);
      await all.embedding.write(first, embedding);
      if (features !== embedding) await all.features.write(first, features);
      tf.dispose([embedding, features]);
      report(first + indices.length);
      await yieldToMessages();
      if (cancelled()) return null;
    }
    return all;
  }

  /** Of some images; the caller disposes of both. */
  rows(indices: Int32Array): Embedded {
    const embedding = this.embedding.read(indices);
    return {
      embedding,
      features: this.features === this.embedding ? embedding : this.features.read(indices),
    };
  }

  private static empty(count: number, { embedding, features }: Embedded): PlainEmbeddings {
    const rows = new Rows(count, embedding.shape[1]);
    return new PlainEmbeddings(rows, features === embedding ? rows : new Rows(count, features.shape[1]));
  }
}

class Rows {
  private readonly values: Float32Array;

  constructor(
    count: number,
    private readonly dim: number,
  ) {
    this.values = new Float32Array(count * dim);
  }

  /** Sync point. */
  async write(first: number, rows: tf.Tensor2D): Promise<void> {
    this.values.set(await rows.data<"float32">(), first * this.dim);
  }

  read(indices: Int32Array): tf.Tensor2D {
    const { values, dim } = this;
    const some = new Float32Array(indices.length * dim);
    indices.forEach((index, row) => some.set(values.subarray(index * dim, (index + 1) * dim), row * dim));
    return tf.tensor2d(some, [indices.length, dim]);
  }
}

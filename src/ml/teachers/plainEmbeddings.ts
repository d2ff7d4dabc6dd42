import { invariant } from "../../lib/invariant.ts";
import { plainViews } from "../augment/drawViews.ts";
import type { ViewSource } from "../augment/viewSource.ts";
import * as tf from "../tf.ts";
import { askTeacher } from "./askTeacher.ts";
import type { Embedded, Teacher } from "./teacher.ts";

/** Images pushed through the teacher at once. */
const imagesAtOnce = 64;

/**
 * What a teacher says of the images of a set, each seen whole and without augmentation: one embedding an image, worked
 * out when it is first wanted and kept in the host's memory (4 bytes a number), where it outlives runs and costs no
 * tensors.
 */
export class PlainEmbeddings {
  private readonly known: Uint8Array;
  /** Null until the teacher has been asked and the sizes are known. */
  private kept: { readonly embedding: Rows; readonly features: Rows } | null = null;

  constructor(
    private readonly teacher: Teacher,
    private readonly count: number,
    private readonly inputSize: number,
  ) {
    this.known = new Uint8Array(count);
  }

  /** Of some images, at least one; the caller disposes of both. Sync point while there are new ones among them. */
  async rows(indices: Int32Array, source: ViewSource): Promise<Embedded> {
    const fresh = Int32Array.from(new Set(indices.filter((index) => this.known[index] === 0)));
    for (let first = 0; first < fresh.length; first += imagesAtOnce)
      await this.ask(fresh.subarray(first, first + imagesAtOnce), source);
    invariant(this.kept !== null, "no images were asked for");
    const { embedding, features } = this.kept;
    const rows = embedding.read(indices);
    return { embedding: rows, features: features === embedding ? rows : features.read(indices) };
  }

  private async ask(indices: Int32Array, source: ViewSource): Promise<void> {
    const views = plainViews(source, indices);
    const { embedding, features } = await askTeacher(this.teacher, views, this.inputSize);
    views.dispose();
    this.kept ??= this.empty(embedding, features);
    await this.kept.embedding.write(indices, embedding);
    if (features !== embedding) await this.kept.features.write(indices, features);
    tf.dispose([embedding, features]);
    for (const index of indices) this.known[index] = 1;
  }

  /** Features have rows of their own unless they are the embedding. */
  private empty(embedding: tf.Tensor2D, features: tf.Tensor2D): { embedding: Rows; features: Rows } {
    const rows = new Rows(this.count, embedding.shape[1]);
    return {
      embedding: rows,
      features: features === embedding ? rows : new Rows(this.count, features.shape[1]),
    };
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
  async write(indices: Int32Array, rows: tf.Tensor2D): Promise<void> {
    const { values, dim } = this;
    const said = await rows.data<"float32">();
    indices.forEach((index, row) => values.set(said.subarray(row * dim, (row + 1) * dim), index * dim));
  }

  read(indices: Int32Array): tf.Tensor2D {
    const { values, dim } = this;
    const some = new Float32Array(indices.length * dim);
    indices.forEach((index, row) => some.set(values.subarray(index * dim, (index + 1) * dim), row * dim));
    return tf.tensor2d(some, [indices.length, dim]);
  }
}
